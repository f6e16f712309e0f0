"""From a target to the request that goes upstream, on one of three lanes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError
from plexus.canonical.headers import Field
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.domain.provider import Endpoint, Provider
from plexus.exchange.call import AnyCodec, AnyProviderCodec, Call
from plexus.exchange.exchange import Asked, Attempt, Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.seal import is_sealed, unseal
from plexus.exchange.serving import choose_codec, dialect_of
from plexus.exchange.stand_ins import put_stand_ins
from plexus.protocols import envelope
from plexus.protocols.codec import Outbound
from plexus.protocols.envelope import Envelope
from plexus.providers.auth import auth_query
from plexus.routing.lane import choose_lane
from plexus.upstream.request import UpstreamRequest


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt ready to be sent. ``codec`` and ``dialect`` are the provider's side."""

    request: UpstreamRequest
    codec: AnyProviderCodec
    dialect: msgspec.Struct
    withholds: bool
    """We asked for usage that the client did not ask for: its frames must not reach the client."""


class NotForThisTarget(ClientError):
    """The client's call is fine, but this target cannot carry it; another one may."""


def prepare(attempt: Attempt, exchange: Exchange, gateway: Gateway) -> Prepared:
    """Choose protocol and lane, and build the upstream request.

    Raises NotForThisTarget for content or (when strict) settings that the target's protocol cannot express, ClientError
    for a body that the client's own protocol does not allow.
    """
    target, client = attempt.target, exchange.codec
    codec = choose_codec(client, target, gateway.provider_codecs)
    if codec is None:
        raise NotForThisTarget(
            ErrorKind.UPSTREAM_MODEL_UNKNOWN, f"No protocol of this target serves {client.operation}."
        )
    attempt.protocol = protocol = codec.protocol
    same = codec is client
    dialect = dialect_of(target, codec)
    question = exchange.question
    assert question is not None
    losses = Losses()
    asked = ask_for(attempt, exchange, dialect, losses)
    decoded = same and _must_be_decoded(asked, client, dialect)
    extra = {name: bytes(value) for name, value in target.extra_body.items()} if target.extra_body else {}
    if same and not decoded:
        kept = without_refused(asked, getattr(dialect, "refused_members", None), losses)
        edits = client.edits(kept, target.model, dialect)
        edited = bool(edits or extra) or kept is not question.inbound.envelope
        attempt.lane = choose_lane(same_protocol=True, edited=edited, decoded=False)
        outbound = Outbound(
            path=client.path(target.model, question.stream),
            body=_edited(kept, {**edits, **extra}),
            query=exchange.call.raw_query,
        )
    else:
        if same:  # the client's own may want its stream in a form of its own
            codec = gateway.provider_codecs[protocol, client.operation]
        attempt.lane = choose_lane(same_protocol=same, edited=True, decoded=decoded)
        outbound = _translate(attempt, exchange, gateway, (codec, dialect), losses)
        if extra:
            outbound = msgspec.structs.replace(outbound, body=envelope.read(outbound.body).replace(extra))
        edits = {}
    _take_losses(losses, attempt, exchange)
    fixed = gateway.fixed_fields.of(target.provider, protocol, stream=question.stream)
    provider, endpoint = target.provider, target.provider.endpoints[protocol]
    query = query_of(provider, endpoint, outbound.query)
    request = UpstreamRequest(
        origin=endpoint.origin,
        target=endpoint.address(outbound.path, target.model, question.stream).encode() + query,
        lines=fixed.lines,
        headers=_fields(codec, outbound, _forwarded(exchange.call) if same else (), fixed.names),
        body=outbound.body,
        max_reply_bytes=provider.max_response_bytes,
        connect_timeout=target.timeouts.connect,
        first_byte_timeout=target.timeouts.first_byte if question.stream else None,
    )
    withholds = bool(edits) and not edits.keys() <= ASKS_NOTHING
    return Prepared(request=request, codec=codec, dialect=dialect, withholds=withholds)


def _edited(body: Envelope, edits: dict[str, bytes]) -> bytes:
    unwanted = frozenset(name for name, value in edits.items() if not value)
    if not unwanted:
        return body.replace(edits)
    return body.remove(unwanted & body.members.keys()).replace({name: edits[name] for name in edits.keys() - unwanted})


def _must_be_decoded(body: Envelope, client: AnyCodec, dialect: msgspec.Struct) -> bool:
    """Whether ``body`` cannot go to a provider of the client's own protocol as it is."""
    if client.asks:
        return False  # who serves it takes it as it is
    return is_sealed(body.raw, client.protocol) if client.generates else not client.fits(body, dialect)


ASKS_NOTHING = frozenset({"model", "messages", "anthropic_version"})
"""Members whose edit makes the provider say nothing more than the client asked for."""

NEEDLESS = frozenset({"stream_options"})
"""Refused members whose absence changes nothing for the client: a provider that takes no wish for usage sends it unasked,
or never, and its dialect says which."""


def ask_for(attempt: Attempt, exchange: Exchange, dialect: msgspec.Struct, losses: Losses) -> Envelope:
    """The client's body as this attempt's target gets it, with the earlier turns that it goes on from."""
    assert exchange.question is not None
    body = exchange.question.inbound.envelope
    if exchange.recall is not None:
        keeps = getattr(dialect, "keeps_state", False)
        body, lost = exchange.recall.body_for(attempt.target, attempt.protocol, keeps_state=keeps)
        if lost:
            losses.add("input.reasoning", "other_provider")
    if exchange.asked is not body:
        exchange.asked, exchange.canonical = body, None
    return body


def without_refused(body: Envelope, members: frozenset[str] | None, losses: Losses) -> Envelope:
    """The client's body without those of ``members`` that it has, each of them a loss; itself where it has none."""
    if not members:
        return body
    refused = members & body.members.keys()
    for name in sorted(refused - NEEDLESS):
        losses.add(name, "refused")
    return body.remove(refused) if refused else body


def _translate(
    attempt: Attempt,
    exchange: Exchange,
    gateway: Gateway,
    spoken: tuple[AnyProviderCodec, msgspec.Struct],
    losses: Losses,
) -> Outbound:
    """``spoken``: the target's codec and dialect."""
    codec, dialect = spoken
    if exchange.canonical is None:
        exchange.canonical = _decode(exchange, codec)
    request: Asked = msgspec.structs.replace(exchange.canonical, model=attempt.target.model)
    if isinstance(request, GenerateRequest):
        request = msgspec.structs.replace(request, stream_usage=True)
        if is_sealed(exchange.inbound.envelope.raw, exchange.codec.protocol):
            request, left_out = unseal(request, attempt.target.provider.name, gateway.seal_key)
            losses.join(left_out)
        request = put_stand_ins(request, codec.protocol, losses)
    try:
        outbound, more = codec.encode_request(request, dialect)
    except GatewayError as refusal:
        raise _not_here(refusal) from None
    losses.join(more)
    return outbound


def _decode(exchange: Exchange, codec: AnyProviderCodec) -> Asked:
    """The client's request in the hub's terms. Of operations beside generating these hold only what all protocols have: what
    they cannot hold, a target of the client's own protocol may still take."""
    client = exchange.codec
    try:
        request: Asked = client.decode_request(exchange.inbound)
    except GatewayError as refusal:
        if client.operation == "generate":
            raise
        raise _not_here(refusal) from None
    recall = exchange.recall
    if recall is None or not isinstance(request, GenerateRequest):
        return request
    # What we store ourselves is no loss where the provider stores nothing.
    store = None if recall.stored and codec.protocol != request.origin else request.store
    return msgspec.structs.replace(request, store=store, place=recall.place)


def _not_here(refusal: GatewayError) -> NotForThisTarget:
    return NotForThisTarget(refusal.kind, refusal.message, param=refusal.param, code=refusal.code)


def _take_losses(losses: Losses, attempt: Attempt, exchange: Exchange) -> None:
    attempt.losses = tuple(losses)
    exchange.losses = losses
    if losses and exchange.strict:
        lost = ", ".join(f"{loss.path} ({loss.reason})" for loss in losses)
        raise NotForThisTarget(
            ErrorKind.LOSS_REFUSED,
            f"Strictness was asked for, and {attempt.protocol} cannot express: {lost}.",
            param=losses[0].path,
            code="loss_refused",
        )


def _forwarded(call: Call) -> Iterable[Field]:
    """The client's own headers that go up to a provider of its protocol."""
    found = call.headers.index()
    return ((name, found[name]) for name in call.codec.forwarded_headers if name in found)


def _fields(
    codec: AnyProviderCodec, outbound: Outbound, forwarded: Iterable[Field], configured: frozenset[bytes]
) -> list[Field]:
    """Protocol headers beside the fixed ones: the codec's, the client's own, and what the provider insists on."""
    fields = [field for field in (*outbound.headers, *forwarded) if field[0] not in configured]
    for field in codec.default_headers:
        if field[0] not in configured and all(name != field[0] for name, _ in fields):
            fields.append(field)
    return fields


def query_of(provider: Provider, endpoint: Endpoint, own: bytes) -> bytes:
    """``?`` and what belongs behind it: the operation's query, the endpoint's, and the credential of a provider that wants
    it there."""
    credential = auth_query(provider.auth.get(endpoint.protocol, "bearer"), provider.credential)
    if not own and not credential and not endpoint.query:
        return b""
    return b"?" + b"&".join(part for part in (own, endpoint.query, credential) if part)
