"""From a target to the request that goes upstream, for operations whose bodies are carried: JSON or a form, only the model's
name is changed."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind
from plexus.canonical.headers import Field
from plexus.exchange.carried.upload import Source
from plexus.exchange.exchange import Attempt, Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.prepare import NotForThisTarget, Prepared, query_of
from plexus.routing.lane import choose_lane
from plexus.upstream.request import UpstreamRequest

JSON = b"application/json"


def prepare_carried(attempt: Attempt, exchange: Exchange, gateway: Gateway) -> Prepared:
    """The upstream request. Raises NotForThisTarget where the target does not speak the operation's protocol."""
    target, codec, question = attempt.target, exchange.codec, exchange.question
    assert question is not None
    if codec.protocol not in target.protocols:
        raise NotForThisTarget(
            ErrorKind.UPSTREAM_MODEL_UNKNOWN, f"No protocol of this target serves {codec.operation}."
        )
    attempt.protocol = codec.protocol
    dialect: msgspec.Struct = target.dialects.get(codec.protocol) or codec.default_dialect
    provider, endpoint = target.provider, target.provider.endpoints[codec.protocol]
    body, source = b"", None
    if question.upload is not None:
        changes = question.upload.form.fields["model"].change(target.model)
        source, edited = question.upload.source(changes), bool(changes)
    else:
        extra = {name: bytes(value) for name, value in target.extra_body.items()}
        edits = {**codec.edits(question.inbound.envelope, target.model, dialect), **extra}
        body, edited = question.inbound.envelope.replace(edits), bool(edits)
    attempt.lane = choose_lane(same_protocol=True, edited=edited, decoded=False)
    fixed = gateway.fixed_fields.of(provider, codec.protocol, stream=None)
    request = UpstreamRequest(
        origin=endpoint.origin,
        target=endpoint.address(codec.path(target.model, question.stream), target.model, question.stream).encode()
        + query_of(provider, endpoint, exchange.call.raw_query),
        lines=fixed.lines,
        headers=_fields(exchange, source, fixed.names),
        body=body,
        source=source,
        max_reply_bytes=provider.max_response_bytes,
        connect_timeout=target.timeouts.connect,
        first_byte_timeout=target.timeouts.first_byte if question.stream else None,
    )
    return Prepared(request=request, codec=codec, dialect=dialect, withholds=False)


def _fields(exchange: Exchange, source: Source | None, configured: frozenset[bytes]) -> list[Field]:
    """The body's type (a form's holds its boundary), the reply's as the client wants it, and the protocol's own headers."""
    found = exchange.call.headers.index()
    fields = [
        (b"content-type", found[b"content-type"] if source is not None else JSON),
        (b"accept", found.get(b"accept", b"*/*")),
    ]
    fields += [(name, found[name]) for name in exchange.codec.forwarded_headers if name in found]
    return [field for field in fields if field[0] not in configured]
