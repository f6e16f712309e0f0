"""Kept responses and conversations: the paths below ``/v1/responses/`` and ``/v1/conversations``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec

from plexus.canonical.errors import GatewayError
from plexus.canonical.headers import Headers
from plexus.client_api.body import read_body
from plexus.client_api.errors import answer_error, wrong_method
from plexus.exchange.authenticate import authenticate
from plexus.exchange.exchange import new_id
from plexus.exchange.gateway import Gateway
from plexus.exchange.turns import conversations, responses
from plexus.exchange.turns.asking import Asking
from plexus.exchange.turns.state import State
from plexus.http1.server import Incoming

RESPONSES, CONVERSATIONS = b"/v1/responses/", b"/v1/conversations"
JSON = (b"content-type", b"application/json")

Action = Callable[[Asking, State], Awaitable[msgspec.Raw]]


class Place(NamedTuple):
    """What a path names, and what may be done there by method."""

    actions: Mapping[bytes, Action]
    ident: str = ""
    item: str = ""


RESPONSE: Mapping[bytes, Action] = {b"GET": responses.get_response, b"DELETE": responses.remove_response}
BELOW_RESPONSE: Mapping[bytes, Mapping[bytes, Action]] = {
    b"input_items": {b"GET": responses.list_input},
    b"cancel": {b"POST": responses.cancel_response},
}
ALL_CONVERSATIONS: Mapping[bytes, Action] = {b"POST": conversations.create_conversation}
CONVERSATION: Mapping[bytes, Action] = {
    b"GET": conversations.get_conversation,
    b"POST": conversations.change_conversation,
    b"DELETE": conversations.remove_conversation,
}
ITEMS: Mapping[bytes, Action] = {b"GET": conversations.list_items, b"POST": conversations.add_items}
ITEM: Mapping[bytes, Action] = {b"GET": conversations.get_item, b"DELETE": conversations.remove_item}


def find_kept(path: bytes) -> Place | None:
    """What a path names; None for one that is not of these APIs."""
    if path.startswith(RESPONSES):
        return _response(path[len(RESPONSES) :].split(b"/"))
    if path == CONVERSATIONS:
        return Place(ALL_CONVERSATIONS)
    if path.startswith(CONVERSATIONS + b"/"):
        return _conversation(path[len(CONVERSATIONS) + 1 :].split(b"/"))
    return None


def _response(parts: list[bytes]) -> Place | None:
    ident = _name(parts[0])
    if not ident or len(parts) > 2:
        return None
    actions = RESPONSE if len(parts) == 1 else BELOW_RESPONSE.get(parts[1])
    return None if actions is None else Place(actions, ident)


def _conversation(parts: list[bytes]) -> Place | None:
    ident = _name(parts[0])
    if not ident or len(parts) > 3 or (len(parts) > 1 and parts[1] != b"items"):
        return None
    if len(parts) < 3:
        return Place(CONVERSATION if len(parts) == 1 else ITEMS, ident)
    item = _name(parts[2])
    return Place(ITEM, ident, item) if item else None


def _name(part: bytes) -> str:
    return unquote(part.decode("latin-1"))


async def serve_kept(place: Place, incoming: Incoming, gateway: Gateway, state: State) -> None:
    """Answer a call about what is kept."""
    request_id, headers = new_id(), Headers(incoming.headers)
    codec = gateway.codecs["openai_responses", "generate"]
    action = place.actions.get(incoming.method)
    if action is None:
        allowed = b", ".join(place.actions)
        error = wrong_method(incoming.method, incoming.path, allowed)
        answer_error(incoming, error, request_id, codec, ((b"allow", allowed),))
        return
    snapshot = gateway.snapshot()
    pairs = parse_qsl(incoming.query.decode("latin-1"), keep_blank_values=True)
    query = dict(pairs)
    try:
        key = authenticate(headers, query, snapshot, gateway.digest).key
        body = b""
        if incoming.method == b"POST":
            body = await read_body(incoming, headers.text(b"content-encoding"), snapshot.max_body_bytes)
        include = frozenset(value for name, value in pairs if name in ("include", "include[]"))
        asking = Asking(owner=key.name, ident=place.ident, item=place.item, query=query, include=include, body=body)
        reply = await action(asking, state)
    except GatewayError as error:
        answer_error(incoming, error, request_id, codec)
        return
    incoming.respond(200, [JSON, (b"x-request-id", request_id.encode())], bytes(reply))
