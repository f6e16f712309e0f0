"""Operations that only a provider of the client's own protocol can serve, and not all of them do."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError
from plexus.domain.route import Target
from plexus.exchange.attempt import attempt_until_committable
from plexus.exchange.call import AnyCodec
from plexus.exchange.committable import Committable
from plexus.exchange.deadline import Deadline
from plexus.exchange.exchange import Exchange
from plexus.exchange.gateway import Gateway
from plexus.routing.plan import Plan

QUESTIONS = {"count_tokens": "has_count_tokens", "compact": "has_compact"}
"""Operation -> the dialect question that says whether a provider serves it."""


def serves_natively(target: Target, codec: AnyCodec) -> bool:
    """Whether ``target`` speaks the client's protocol and serves the operation."""
    dialect = target.dialects.get(codec.protocol) or codec.default_dialect
    return codec.protocol in target.protocols and bool(getattr(dialect, QUESTIONS[codec.operation], False))


async def attempt_natively(plan: Plan, exchange: Exchange, gateway: Gateway, deadline: Deadline) -> Committable | None:
    """The reply of the first target that serves the operation; None where none does, by what is known of it or by its own
    word (it has no such path). Raises what the targets raise."""
    native = tuple(target for target in plan.targets if serves_natively(target, exchange.codec))
    if not native:
        return None
    try:
        return await attempt_until_committable(
            msgspec.structs.replace(plan, targets=native), exchange, gateway, deadline
        )
    except GatewayError as failure:
        if failure.kind is ErrorKind.UPSTREAM_PATH:
            return None
        raise


async def compact(plan: Plan, exchange: Exchange, gateway: Gateway, deadline: Deadline) -> Committable:
    """Earlier turns, compacted by their provider. Raises ClientError(NOT_FOUND) where none can."""
    reply = await attempt_natively(plan, exchange, gateway, deadline)
    if reply is None:
        raise ClientError(
            ErrorKind.NOT_FOUND,
            f"No provider of {plan.model} can compact. Ask the model for a summary with POST /v1/responses, or use a model of "
            "a provider that has /responses/compact.",
            code="operation_not_supported",
        )
    return reply
