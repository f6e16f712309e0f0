"""From an HTTP request to its endpoint."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.errors import GatewayError
from plexus.canonical.headers import Headers
from plexus.client_api.body import PieceReader, read_body
from plexus.client_api.endpoints import (
    ACTIONS,
    ENDPOINTS,
    GEMINI_MODELS,
    HEALTH,
    MODELS,
    RAW,
    READY,
    RESPONSES,
    Endpoint,
    Place,
    find_place,
    find_raw,
)
from plexus.client_api.errors import answer_error, not_found, protocol_of, wrong_method
from plexus.client_api.models import get_model, list_models
from plexus.client_api.query import read_query
from plexus.client_api.sink import HttpSink
from plexus.client_api.state import find_kept, serve_kept
from plexus.exchange.authenticate import authenticate
from plexus.exchange.call import Call
from plexus.exchange.exchange import new_id
from plexus.exchange.gateway import Gateway
from plexus.exchange.passage import REFUSED_METHODS
from plexus.exchange.passthrough import RawCall, pass_through
from plexus.exchange.pipeline import run
from plexus.http1.server import Handler, Incoming
from plexus.protocols.embeddings import GEMINI_BATCH
from plexus.protocols.embeddings.gemini import MANY as BATCH
from plexus.protocols.gemini import ARRAY_CODEC

JSON = (b"content-type", b"application/json")
TEXT = (b"content-type", b"text/plain; charset=utf-8")


class Readiness(msgspec.Struct, frozen=True):
    """What ``/readyz`` says: 200 while ``ready``, else 503; ``parts`` names each part's state."""

    ready: bool
    parts: dict[str, str]


def client_api(gateway: Gateway, control: Handler, readiness: Callable[[], Readiness]) -> Handler:
    """The handler of the whole port: the data plane's endpoints; everything else is the control plane's."""

    async def handle(incoming: Incoming) -> None:
        endpoint = ENDPOINTS.get(incoming.path)
        if endpoint is not None:
            await _serve_endpoint(endpoint, incoming, gateway)
        elif incoming.path in HEALTH:
            incoming.respond(200, [TEXT], b"OK")
        elif incoming.path == READY:
            state = readiness()
            incoming.respond(200 if state.ready else 503, [JSON], msgspec.json.encode(state))
        elif incoming.path.startswith(LISTS):
            await _serve_below_models(incoming, gateway)
        elif incoming.path.startswith(RAW):
            await _pass_through(incoming, gateway)
        elif incoming.path.startswith((b"/v1/", b"/v1beta/")):
            place = find_kept(incoming.path) if gateway.state is not None else None
            if place is not None and gateway.state is not None:
                await serve_kept(place, incoming, gateway, gateway.state)
            else:
                _answer_not_found(incoming, gateway)
        else:
            await control(incoming)

    return handle


LISTS = (MODELS, GEMINI_MODELS)


async def _serve_below_models(incoming: Incoming, gateway: Gateway) -> None:
    """The list, a model, or (Gemini) what a model shall do."""
    place = find_place(incoming.path) if incoming.method == b"POST" else None
    if place is not None:
        action = ACTIONS.get(place.action)
        if action is None:
            error = not_found(incoming.method, incoming.path)
            answer_error(incoming, error, new_id(), gateway.codecs["gemini", "generate"])
        else:
            await _serve_endpoint(action.endpoint, incoming, gateway, place)
    elif any(incoming.path == path or incoming.path.startswith(path + b"/") for path in LISTS):
        _serve_models(incoming, gateway)
    else:
        _answer_not_found(incoming, gateway)


def _answer_not_found(incoming: Incoming, gateway: Gateway) -> None:
    codec = gateway.codecs[protocol_of(incoming.path, Headers(incoming.headers), incoming.query), "generate"]
    answer_error(incoming, not_found(incoming.method, incoming.path), new_id(), codec)


async def _serve_endpoint(endpoint: Endpoint, incoming: Incoming, gateway: Gateway, place: Place | None = None) -> None:
    codec = gateway.codecs[endpoint]
    if incoming.method == b"GET" and incoming.path == RESPONSES and _may_upgrade(incoming, gateway):
        from plexus.client_api.socket import serve_socket  # noqa: PLC0415 - few gateways ever need the library

        await serve_socket(incoming, codec, gateway)
        return
    if incoming.method != b"POST":
        error = wrong_method(incoming.method, incoming.path, b"POST")
        answer_error(incoming, error, new_id(), codec, ((b"allow", b"POST"),))
        return
    headers = Headers(incoming.headers)
    encoding = headers.text(b"content-encoding")
    query, raw_query = read_query(incoming.query)
    stream: bool | None = None
    if place is not None:
        stream = ACTIONS[place.action].stream
        if stream and query.get("alt") != "sse":
            codec = ARRAY_CODEC
        elif place.action == BATCH:
            codec = GEMINI_BATCH
    call = Call(
        codec=codec,
        headers=headers,
        peer=incoming.peer,
        read_body=lambda limit: read_body(incoming, encoding, limit),
        read_piece=PieceReader(incoming, encoding, int(headers.text(b"content-length") or 0)).read
        if codec.carried
        else None,
        path={} if place is None else {"model": place.model, "action": place.action},
        query=query,
        stream=stream,
        raw_query=raw_query,
    )
    await run(call, HttpSink(incoming), gateway)


def _may_upgrade(incoming: Incoming, gateway: Gateway) -> bool:
    """Whether a WebSocket is asked for and served. Where it is not, the 405 lets clients go on over HTTP."""
    asked = any(name.lower() == b"upgrade" and value.lower() == b"websocket" for name, value in incoming.headers)
    return asked and gateway.snapshot().responses_websocket


async def _pass_through(incoming: Incoming, gateway: Gateway) -> None:
    codec = gateway.codecs["openai_chat", "generate"]
    if incoming.method in REFUSED_METHODS:
        answer_error(incoming, wrong_method(incoming.method, incoming.path, b"any other method"), new_id(), codec)
        return
    place, headers = find_raw(incoming.path), Headers(incoming.headers)
    query, raw_query = read_query(incoming.query)
    chunked = b"transfer-encoding" in headers
    length = None if chunked else int(headers.text(b"content-length") or 0)
    call = Call(
        codec=codec,
        headers=headers,
        peer=incoming.peer,
        read_body=incoming.body,
        read_piece=PieceReader(incoming, None, length or 0).read,
        query=query,
        raw_query=raw_query,
    )
    raw = RawCall(call=call, method=incoming.method, provider=place.provider, path=place.path, length=length)
    await pass_through(raw, HttpSink(incoming), gateway)


def _serve_models(incoming: Incoming, gateway: Gateway) -> None:
    request_id, headers = new_id(), Headers(incoming.headers)
    protocol = protocol_of(incoming.path, headers, incoming.query)
    codec = gateway.codecs[protocol, "generate"]
    if incoming.method not in (b"GET", b"HEAD"):
        error = wrong_method(incoming.method, incoming.path, b"GET")
        answer_error(incoming, error, request_id, codec, ((b"allow", b"GET, HEAD"),))
        return
    snapshot = gateway.snapshot()
    query, _ = read_query(incoming.query)
    try:
        key = authenticate(headers, query, snapshot, gateway.digest).key
        name = incoming.path.partition(b"/models")[2][1:].decode("latin-1")
        if name:
            body = get_model(name, key, snapshot, protocol=protocol)
        else:
            body = list_models(key, snapshot, protocol=protocol, query=query)
    except GatewayError as error:
        answer_error(incoming, error, request_id, codec)
        return
    incoming.respond(200, [JSON, (b"x-request-id", request_id.encode())], body)
