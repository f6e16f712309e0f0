"""Who serves what: the codec with which a target is asked for an operation, and the targets of a plan that serve it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.domain.route import Target
from plexus.exchange.call import AnyCodec, AnyProviderCodec
from plexus.routing.plan import Plan

ProviderCodecs = Mapping[tuple[str, str], AnyProviderCodec]
GENERATING = frozenset({"generate", "count_tokens", "compact"})
"""Operations that nearly every target serves, or whose own step knows what to do where none does (``count``, ``native``):
the rare target that does not is found at its turn."""


def dialect_of(target: Target, codec: AnyProviderCodec) -> msgspec.Struct:
    """How ``target`` speaks the codec's protocol."""
    dialect: msgspec.Struct = target.dialects.get(codec.protocol) or codec.default_dialect
    return dialect


def choose_codec(client: AnyCodec, target: Target, codecs: ProviderCodecs) -> AnyProviderCodec | None:
    """The codec to ask ``target`` with: the client's own where the target serves that, else that of the target's first
    protocol that serves the operation. None where there is none."""
    if client.protocol in target.protocols and _serves(client, target):
        return client
    if client.carried:
        return None
    operation = client.asks or client.operation
    for protocol in target.protocols:
        codec = codecs.get((protocol, operation))
        if codec is not None and _serves(codec, target):
            return codec
    return None


def _serves(codec: AnyProviderCodec, target: Target) -> bool:
    dialect = dialect_of(target, codec)
    only: frozenset[str] | None = getattr(dialect, "operations", None)
    return (only is None or codec.operation in only) and codec.serves(dialect)


def keep_serving(plan: Plan, client: AnyCodec, codecs: ProviderCodecs) -> Plan:
    """The plan without the targets that do not serve the operation. Raises ClientError where none is left."""
    if client.operation in GENERATING:
        return plan
    targets = tuple(target for target in plan.targets if choose_codec(client, target, codecs) is not None)
    if not targets:
        raise ClientError(
            ErrorKind.BAD_REQUEST,
            f"No target of the model {plan.model!r} serves the operation {client.operation!r}.",
            param="model",
            code="operation_not_served",
        )
    if len(targets) == len(plan.targets):
        return plan
    return msgspec.structs.replace(plan, targets=targets, reason=f"{plan.reason}, serves {client.operation}")
