"""From a provider's reply to what can be committed: read whole, or held back until something meaningful has come."""

from __future__ import annotations

import asyncio
import time

import msgspec

from plexus.canonical.embedding import EmbedResponse
from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError, TransportError
from plexus.canonical.headers import Field
from plexus.canonical.reranking import RerankResponse
from plexus.canonical.response import Finish
from plexus.exchange.carried.plain import PlainCarrier
from plexus.exchange.carrier import Carrier, PassCarrier, TranslateCarrier, is_withheld
from plexus.exchange.estimates import usage_of_body, usage_of_reply, usage_of_text
from plexus.exchange.exchange import Attempt, Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.naming import Names
from plexus.exchange.ports import Reply
from plexus.exchange.prepare import Prepared
from plexus.exchange.seal import Seal


class WholeReply(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON reply, complete and in the client's protocol."""

    attempt: Attempt | None
    """None for a reply that no provider was asked for."""
    body: bytes
    fields: list[Field]
    finish: Finish | None


class StreamReply(msgspec.Struct, frozen=True, kw_only=True):
    """A stream whose first meaningful event has come. ``held`` is the client's bytes so far; ``complete``: there are no
    more."""

    attempt: Attempt
    reply: Reply
    carrier: Carrier
    held: bytes
    fields: list[Field]
    complete: bool
    plain: list[Field] | None = None
    """The head of a reply that is no stream of events, and passes as it is."""
    status: int = 200


Committable = WholeReply | StreamReply


class EmptyReply(ProviderError):
    """A proper end with nothing said. Worth another try; if nothing better comes it is delivered as it is."""

    def __init__(self, reply: Committable) -> None:
        super().__init__(ErrorKind.UPSTREAM_EMPTY, "The provider answered with nothing.", status=200)
        self.reply = reply


async def await_committable(
    reply: Reply, prepared: Prepared, attempt: Attempt, exchange: Exchange, gateway: Gateway
) -> Committable:
    """What of the reply can be committed: all of a JSON reply, the beginning of any other. Raises GatewayError for a reply
    that is a failure, EmptyReply for one that says nothing."""
    assert exchange.question is not None
    if exchange.codec.carried:
        return await _await_carried(reply, prepared, attempt, exchange, gateway)
    if exchange.question.stream:
        return await _await_first_event(reply, prepared, attempt, exchange, gateway)
    return await _whole(reply, prepared, attempt, exchange, gateway)


async def _whole(
    reply: Reply, prepared: Prepared, attempt: Attempt, exchange: Exchange, gateway: Gateway
) -> WholeReply:
    body = await reply.body(attempt.target.provider.max_response_bytes)
    attempt.first_token_ns = time.perf_counter_ns()
    attempt.said_bytes = len(body)  # roughly, in case that it cannot be read
    if body.lstrip()[:1] == b"<":
        raise _foreign(reply)
    if attempt.lane == "translate":
        written, finish, empty = _translate(body, prepared, attempt, exchange, gateway)
    else:
        written, finish, empty = _watch(body, prepared, attempt, exchange)
    attempt.complete = True
    whole = WholeReply(attempt=attempt, body=written, fields=upstream_fields(reply), finish=finish)
    if empty:
        raise EmptyReply(whole)
    return whole


Read = tuple[bytes, Finish | None, bool]
"""A JSON reply as the client gets it, why it ended, and whether nothing is said in it."""


def _watch(body: bytes, prepared: Prepared, attempt: Attempt, exchange: Exchange) -> Read:
    """The client's own protocol: the bytes stay. Raises the failure that is inside the reply."""
    tap = exchange.codec.tap(prepared.dialect)
    tap.read(body)
    attempt.usage = tap.usage
    if tap.failure is not None:
        raise tap.failure
    empty = tap.empty and not is_withheld(tap.finish)
    if attempt.usage is None and not empty and exchange.codec.operation == "generate":
        attempt.usage = usage_of_body(exchange, prepared.codec, body, prepared.dialect)
    return body, tap.finish, empty


def _translate(body: bytes, prepared: Prepared, attempt: Attempt, exchange: Exchange, gateway: Gateway) -> Read:
    """Another protocol. Raises ProviderError for a reply that is an error or cannot be read."""
    response = prepared.codec.decode_response(body, prepared.dialect)
    if not prepared.codec.generates:
        return _translate_simple(response, attempt, exchange)
    response = Names(exchange.id, attempt.target.model).response(response)
    finish = response.candidates[0].finish if response.candidates else None
    said = any(candidate.blocks for candidate in response.candidates) or is_withheld(finish)
    empty = not said and (response.usage is None or response.usage.output == 0)
    attempt.usage = response.usage
    if attempt.usage is None and not empty:
        attempt.usage = usage_of_reply(exchange, response)
    if exchange.codec.demands_usage:
        response = msgspec.structs.replace(response, usage=attempt.usage)
    seal = Seal(attempt.target.provider.name, exchange.codec.protocol, gateway.seal_key)
    written, losses = exchange.codec.encode_response(seal.response(response), exchange.canonical)
    exchange.losses.join(losses)
    return written, finish, empty


def _translate_simple(response: EmbedResponse | RerankResponse, attempt: Attempt, exchange: Exchange) -> Read:
    """The same for what is no generated reply."""
    attempt.usage = response.usage or usage_of_text(exchange, 0)
    told = msgspec.structs.replace(response, usage=attempt.usage, model=response.model or attempt.target.model)
    written, losses = exchange.codec.encode_response(told, exchange.canonical)
    exchange.losses.join(losses)
    return written, None, response.empty


def _foreign(reply: Reply) -> ProviderError:
    """HTML where JSON was due (a captive portal, a wrong base URL). It is never shown to the client."""
    kind = reply.headers.text(b"content-type") or "none"
    return ProviderError(
        ErrorKind.UPSTREAM_FOREIGN,
        "The provider answered with something that is no API reply.",
        status=reply.status,
        hint=f"content-type {kind}: is the base URL right?",
    )


async def _await_carried(
    reply: Reply, prepared: Prepared, attempt: Attempt, exchange: Exchange, gateway: Gateway
) -> Committable:
    """A reply whose own type says what it is, whatever was asked for: models that do not stream answer in JSON."""
    content_type = (reply.headers.text(b"content-type") or "").lower()
    streams = content_type.startswith("text/event-stream")
    assert exchange.question is not None
    exchange.question = msgspec.structs.replace(exchange.question, stream=streams)
    if streams:
        return await _await_first_event(reply, prepared, attempt, exchange, gateway)
    if not content_type or "json" in content_type:
        return await _whole(reply, prepared, attempt, exchange, gateway)
    ready = await _hold(reply, PlainCarrier(), attempt, exchange, plain_fields(reply))
    if content_type.startswith("text/html") and ready.held.lstrip()[:1] in (b"", b"<"):
        raise _foreign(reply)  # but whisper.cpp calls its text so
    return ready


async def _await_first_event(
    reply: Reply, prepared: Prepared, attempt: Attempt, exchange: Exchange, gateway: Gateway
) -> StreamReply:
    """A stream, once something meaningful has come."""
    content_type = (reply.headers.text(b"content-type") or "").lower()
    if not content_type.startswith(prepared.codec.stream_type.decode()):
        raise await _not_a_stream(reply, content_type, prepared, attempt)
    return await _hold(reply, make_carrier(prepared, attempt, exchange, gateway), attempt, exchange)


async def _hold(
    reply: Reply, carrier: Carrier, attempt: Attempt, exchange: Exchange, plain: list[Field] | None = None
) -> StreamReply:
    """Hold the reply back until something meaningful has come: until then it may still fail over."""
    held: list[bytes] = []
    complete = False
    timeouts = attempt.target.timeouts
    limit = timeouts.first_token or timeouts.idle
    started = time.perf_counter_ns()
    try:
        async with asyncio.timeout(limit):
            while not complete and carrier.failure is None:
                chunk = await reply.chunk()
                complete = not chunk
                held.append(carrier.take(chunk) if chunk else carrier.close())
                if carrier.progressed and not carrier.empty:
                    break
    except TimeoutError:
        kind = ErrorKind.FIRST_TOKEN_TIMEOUT if timeouts.first_token else ErrorKind.STALL_TIMEOUT
        raise TransportError(kind, f"The provider sent no first event within {limit:g} seconds.") from None
    finally:
        exchange.waited_ns += time.perf_counter_ns() - started
        note_reply(attempt, carrier)
    attempt.first_token_ns = time.perf_counter_ns()
    if carrier.failure is not None:
        raise carrier.failure
    if complete and not carrier.ended:
        raise ProviderError(ErrorKind.UPSTREAM_CUT, "The provider's stream ended before it said anything.", status=200)
    ready = StreamReply(
        attempt=attempt,
        reply=reply,
        carrier=carrier,
        held=b"".join(held),
        fields=upstream_fields(reply),
        complete=complete,
        plain=plain,
    )
    if carrier.empty:
        raise EmptyReply(ready)
    return ready


def note_reply(attempt: Attempt, carrier: Carrier) -> None:
    """What has passed so far, into the attempt."""
    attempt.usage = carrier.usage
    attempt.said_bytes = carrier.said_bytes
    attempt.complete = carrier.ended


async def _not_a_stream(reply: Reply, content_type: str, prepared: Prepared, attempt: Attempt) -> GatewayError:
    """A 200 that is no event stream: an error body, or nothing of ours."""
    body = await reply.body(attempt.target.provider.max_response_bytes)
    if "json" in content_type:
        try:
            prepared.codec.decode_response(body, prepared.dialect)
        except GatewayError as failure:
            return failure
    return _foreign(reply)


def make_carrier(prepared: Prepared, attempt: Attempt, exchange: Exchange, gateway: Gateway) -> Carrier:
    """The carrier for the attempt's lane."""
    if attempt.lane != "translate":
        return PassCarrier(exchange.codec, prepared.dialect, withholds=prepared.withholds)
    seal = Seal(attempt.target.provider.name, exchange.codec.protocol, gateway.seal_key)
    return TranslateCarrier(
        prepared.codec.stream_decoder(prepared.dialect),
        exchange.codec.stream_encoder(exchange.canonical),
        seal,
        lambda said_bytes: usage_of_text(exchange, said_bytes) if exchange.codec.demands_usage else None,
        Names(exchange.id, attempt.target.model),
    )


def plain_fields(reply: Reply) -> list[Field]:
    """What the client must know of a body that passes as it is. Its length, too, unless a coding has been taken off it."""
    fields = [(b"content-type", reply.headers.get(b"content-type") or b"application/octet-stream")]
    length = reply.headers.get(b"content-length")
    if length is not None and b"content-encoding" not in reply.headers:
        fields.append((b"content-length", length))
    return fields


REQUEST_IDS = (b"x-request-id", b"request-id", b"x-amzn-requestid")
"""Where a provider's own id for the call stands."""
RELAYED_PREFIXES = (b"x-ratelimit-", b"anthropic-ratelimit-")


def upstream_fields(reply: Reply) -> list[Field]:
    """The only headers of a provider that reach the client."""
    fields: list[Field] = []
    for name, value in reply.headers:
        lower = name.lower()
        if lower == b"retry-after" or lower.startswith(RELAYED_PREFIXES):
            fields.append((lower, value))
        elif lower in REQUEST_IDS:
            fields.append((b"x-upstream-request-id", value))
    return fields
