"""From a target to the request that goes upstream, on one of three lanes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError
from plexus.canonical.headers import Field, Headers
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.domain.provider import Endpoint, Provider
from plexus.domain.route import Target
from plexus.exchange.call import AnyCodec
from plexus.exchange.exchange import Attempt, Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.seal import is_sealed, unseal
from plexus.protocols import envelope
from plexus.protocols.codec import Outbound
from plexus.protocols.envelope import Envelope
from plexus.providers.auth import auth_fields, auth_query
from plexus.routing.lane import choose_lane, choose_protocol
from plexus.upstream.request import UpstreamRequest


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt ready to be sent. ``codec`` and ``dialect`` are the provider's side."""

    request: UpstreamRequest
    codec: AnyCodec
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
    protocol = choose_protocol(client.protocol, target, gateway.spoken(client.operation))
    if protocol is None:
        raise NotForThisTarget(
            ErrorKind.UPSTREAM_MODEL_UNKNOWN, f"No protocol of this target serves {client.operation}."
        )
    attempt.protocol = protocol
    codec = gateway.codecs[protocol, client.operation]
    dialect: msgspec.Struct = target.dialects.get(protocol) or codec.default_dialect
    question = exchange.question
    assert question is not None
    sealed = is_sealed(question.body)
    same = protocol == client.protocol
    extra = {name: bytes(value) for name, value in target.extra_body.items()}
    if same and not sealed:
        kept, losses = without_refused(question.inbound.envelope, dialect)
        edits = codec.edits(kept, target.model, dialect)
        edited = bool(edits or extra) or kept is not question.inbound.envelope
        attempt.lane = choose_lane(same_protocol=True, edited=edited, sealed=False)
        outbound = Outbound(path=codec.path, body=kept.replace({**edits, **extra}))
    else:
        attempt.lane = choose_lane(same_protocol=same, edited=True, sealed=sealed)
        outbound, losses = _translate(attempt, exchange, gateway, codec, dialect)
        if extra:
            outbound = msgspec.structs.replace(outbound, body=envelope.read(outbound.body).replace(extra))
        edits = {}
    _take_losses(losses, attempt, exchange)
    forwarded = _forwarded(codec, exchange.call.headers) if same else ()
    fields = _fields(target.provider, protocol, codec, [*outbound.headers, *forwarded])
    fields.append((b"accept", b"text/event-stream" if question.stream else b"application/json"))
    fields.append((b"user-agent", gateway.user_agent))
    return Prepared(
        request=_request(target, protocol, outbound, fields, exchange.call.raw_query if same else b"", question.stream),
        codec=codec,
        dialect=dialect,
        withholds=any(name != "model" for name in edits),
    )


NEEDLESS = frozenset({"stream_options"})
"""Refused members whose absence changes nothing for the client: a provider that takes no wish for usage sends it unasked,
or never, and its dialect says which."""


def without_refused(body: Envelope, dialect: msgspec.Struct) -> tuple[Envelope, Losses]:
    """The client's body without the members that this provider is known to refuse, each of them a loss; itself without
    any."""
    known: frozenset[str] = getattr(dialect, "refused_members", frozenset())
    refused = known & body.members.keys()
    losses = Losses()
    for name in sorted(refused - NEEDLESS):
        losses.add(name, "refused")
    return (body.remove(refused) if refused else body), losses


def counts_natively(target: Target, codec: AnyCodec) -> bool:
    """Whether ``target`` speaks the counting client's protocol and serves the operation."""
    dialect = target.dialects.get(codec.protocol) or codec.default_dialect
    return codec.protocol in target.protocols and getattr(dialect, "has_count_tokens", False)


def _translate(
    attempt: Attempt, exchange: Exchange, gateway: Gateway, codec: AnyCodec, dialect: msgspec.Struct
) -> tuple[Outbound, Losses]:
    if exchange.canonical is None:
        assert exchange.question is not None
        exchange.canonical = exchange.codec.decode_request(exchange.question.inbound)
    request: GenerateRequest = msgspec.structs.replace(
        exchange.canonical, model=attempt.target.model, stream_usage=True
    )
    request, losses = unseal(request, attempt.target.provider.name, gateway.seal_key)
    try:
        outbound, more = codec.encode_request(request, dialect)
    except GatewayError as refusal:
        raise NotForThisTarget(refusal.kind, refusal.message, param=refusal.param, code=refusal.code) from None
    for loss in more:
        losses.add(loss.path, loss.reason)
    return outbound, losses


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


def _forwarded(codec: AnyCodec, headers: Headers) -> Iterable[Field]:
    found = ((name, headers.get(name)) for name in codec.forwarded_headers)
    return [(name, value) for name, value in found if value is not None]


def _fields(provider: Provider, protocol: str, codec: AnyCodec, protocol_fields: list[Field]) -> list[Field]:
    """Request headers; what the operator configured wins over what the client or the codec said."""
    configured = {name.lower() for name, _ in provider.headers}
    said = {name for name, _ in protocol_fields}
    fields = [field for field in protocol_fields if field[0] not in configured]
    fields += [field for field in codec.default_headers if field[0] not in said and field[0] not in configured]
    fields += provider.headers
    fields.append((b"content-type", b"application/json"))
    fields += auth_fields(provider.auth.get(protocol, "bearer"), provider.credential)
    return fields


def _request(
    target: Target, protocol: str, outbound: Outbound, fields: list[Field], query: bytes, stream: bool
) -> UpstreamRequest:
    provider = target.provider
    endpoint: Endpoint = provider.endpoints[protocol]
    queries = [part for part in (query, auth_query(provider.auth.get(protocol, "bearer"), provider.credential)) if part]
    path = (endpoint.prefix + outbound.path).encode()
    return UpstreamRequest(
        origin=endpoint.origin,
        target=path + (b"?" + b"&".join(queries) if queries else b""),
        headers=fields,
        body=outbound.body,
        connect_timeout=target.timeouts.connect,
        first_byte_timeout=target.timeouts.first_byte if stream else None,
    )
