"""A raw call: the provider's own API, byte for byte both ways, with the provider's credential in the place of the client's key.

The pipeline without its middle: no model is resolved, no other target is tried, nothing is read but what the record needs.
"""

from __future__ import annotations

import dataclasses
import time

import msgspec

from plexus.canonical.headers import Field
from plexus.domain.route import Route, Target
from plexus.exchange.authenticate import authenticate
from plexus.exchange.authorize import authorize
from plexus.exchange.call import AnyCodec, Call, Question
from plexus.exchange.carried.plain import PlainCarrier, WatchedCarrier
from plexus.exchange.carried.upload import Passing
from plexus.exchange.committable import StreamReply
from plexus.exchange.exchange import Attempt, Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.passage import RAW, Passage, fields_down, fields_up, find_passage
from plexus.exchange.ports import Reply, Sink
from plexus.exchange.prepare import query_of
from plexus.exchange.relay import relay
from plexus.http1.head import encode_fields
from plexus.protocols import envelope
from plexus.protocols.codec import Inbound
from plexus.protocols.unreadable import UNREADABLE
from plexus.providers.auth import auth_fields
from plexus.routing.plan import Plan
from plexus.upstream.request import UpstreamRequest

WHOLE = 64 * 1024
"""Bytes of a body that is read before it goes up: most calls to models, whose model is then known, and whose kept connection
may be replaced."""
MAX_REASON = 200


class RawCall(msgspec.Struct, frozen=True, kw_only=True):
    """``call`` is in the words of the protocol that errors before the passage is known are written in; ``path`` is raw, from
    the root of the provider's host; ``length`` is of the body, in bytes, None where its head does not say it."""

    call: Call
    method: bytes
    provider: str
    path: bytes
    length: int | None


async def pass_through(raw: RawCall, sink: Sink, gateway: Gateway) -> None:
    """Serve one raw exchange; it leaves exactly one record, too."""
    with gateway.open_exchange(raw.call, sink) as exchange:
        call, snapshot = raw.call, exchange.snapshot
        exchange.caller = caller = authenticate(call.headers, call.query, snapshot, gateway.digest)
        assert call.read_piece is not None
        read, limit = call.read_piece, snapshot.max_body_bytes
        passing = Passing(lambda: read(limit), raw.length)
        exchange.question = _question(raw, passing)
        passage = find_passage(raw.provider, raw.path, caller.key, snapshot, gateway.codecs)
        exchange.call = msgspec.structs.replace(call, codec=_codec(passage, gateway))
        body = await _read(passing)
        target = _target(raw, passage, body)
        exchange.plan = Plan(
            exchange.question.model, Route(name=RAW + raw.provider, targets=(target,)), (target,), _reason(raw)
        )
        with gateway.deadlines.limit(target.timeouts, call.headers, stream=True):
            attempt = exchange.begin_attempt(target)
            attempt.protocol = passage.endpoint.protocol
            request = _request(raw, passage, body, passing)
            reply = await _send(request, attempt, exchange, gateway)
            carrier = _carrier(reply, passage, attempt, gateway)
            await relay(
                StreamReply(
                    attempt=attempt,
                    reply=reply,
                    carrier=carrier,
                    held=b"",
                    fields=[],
                    complete=False,
                    plain=fields_down(reply.headers),
                    status=reply.status,
                ),
                sink,
                exchange,
            )


def _question(raw: RawCall, passing: Passing) -> Question:
    call = raw.call
    inbound = Inbound(envelope.Envelope(b"", {}), call.headers, call.path, call.query)
    return Question(inbound, RAW + raw.provider, stream=False, passing=passing)


def _codec(passage: Passage, gateway: Gateway) -> AnyCodec:
    """Whose errors the caller will understand, and whose tap can read the reply. It stands in the record as a raw call."""
    codecs, protocol = gateway.codecs, passage.endpoint.protocol
    codec = codecs.get((protocol, passage.operation or "generate")) or codecs["openai_chat", "generate"]
    return dataclasses.replace(codec, protocol=protocol, operation="raw", carried=False)


async def _read(passing: Passing) -> bytes | None:
    """A short body, whole; None for one that shall stream."""
    if passing.length is None or passing.length > WHOLE:
        return None
    return b"".join([piece async for piece in passing.pieces()])


def _target(raw: RawCall, passage: Passage, body: bytes | None) -> Target:
    provider = passage.provider
    model = passage.model or _model(body) or "raw"
    return Target(
        name=f"{provider.name}/{model}",
        provider=provider,
        model=model,
        protocols=(passage.endpoint.protocol,),
        dialects=provider.dialects_for(model),
        timeouts=provider.timeouts,
    )


class _Named(msgspec.Struct):
    model: str | None = None


def _model(body: bytes | None) -> str | None:
    """What a JSON body names; None for any other."""
    try:
        return msgspec.json.decode(body or b"", type=_Named).model
    except UNREADABLE:
        return None


def _reason(raw: RawCall) -> str:
    return f"{raw.method.decode('latin-1')} {raw.path.decode('latin-1')}"[:MAX_REASON]


def _request(raw: RawCall, passage: Passage, body: bytes | None, passing: Passing) -> UpstreamRequest:
    provider, endpoint = passage.provider, passage.endpoint
    own: list[Field] = [
        *provider.headers,
        *auth_fields(provider.auth.get(endpoint.protocol, "bearer"), provider.credential),
    ]
    configured = frozenset(name.lower() for name, _ in own)
    return UpstreamRequest(
        origin=endpoint.origin,
        method=raw.method,
        target=raw.path + query_of(provider, endpoint, raw.call.raw_query),
        lines=encode_fields(own),
        headers=fields_up(raw.call.headers, configured),
        body=body or b"",
        source=passing if body is None else None,
        max_reply_bytes=provider.max_response_bytes,
        connect_timeout=provider.timeouts.connect,
        keeps_coding=True,
    )


async def _send(request: UpstreamRequest, attempt: Attempt, exchange: Exchange, gateway: Gateway) -> Reply:
    if attempt.target.provider.account is not None:
        request = await authorize(request, attempt, gateway)
    attempt.started_ns = started = time.perf_counter_ns()
    try:
        reply = await gateway.upstream.send(request, whole=False, sent=attempt.mark_sent)
    finally:
        exchange.waited_ns += time.perf_counter_ns() - started
    attempt.status = reply.status
    attempt.upstream_request_id = reply.headers.text(b"x-request-id") or reply.headers.text(b"request-id")
    attempt.first_token_ns = time.perf_counter_ns()
    return reply


def _carrier(reply: Reply, passage: Passage, attempt: Attempt, gateway: Gateway) -> PlainCarrier:
    """One that watches, where the reply is one that we can read."""
    codec = gateway.codecs.get((passage.endpoint.protocol, passage.operation or ""))
    kind = (reply.headers.text(b"content-type") or "").lower()
    streams = kind.startswith("text/event-stream")
    plain = b"content-encoding" in reply.headers or not (streams or "json" in kind)
    if codec is None or plain or not 200 <= reply.status < 300:
        return PlainCarrier()
    dialect = attempt.target.dialects.get(codec.protocol) or codec.default_dialect
    return WatchedCarrier(codec, dialect, streams=streams)
