"""Counting tokens: by the first target that can count natively, else our own estimate, marked as one."""

from __future__ import annotations

import msgspec

from plexus.accounting.estimate import estimate_input
from plexus.canonical.request import GenerateRequest
from plexus.exchange.committable import Committable, WholeReply
from plexus.exchange.deadline import Deadline
from plexus.exchange.estimates import NOTE
from plexus.exchange.exchange import Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.native import attempt_natively
from plexus.exchange.turns.recall import PROTOCOL, recall
from plexus.protocols.codec import Inbound
from plexus.routing.plan import Plan

ESTIMATED = (b"x-plexus-estimated", b"true")


async def count_tokens(plan: Plan, exchange: Exchange, gateway: Gateway, deadline: Deadline) -> Committable:
    """The count for a reply. Raises ClientError for a body that cannot be read, and what native targets raise."""
    counted = await attempt_natively(plan, exchange, gateway, deadline)
    if counted is not None:
        return counted
    inbound = await _with_earlier_turns(plan, exchange, gateway)
    request: GenerateRequest = exchange.codec.decode_request(inbound)
    exchange.notes.append(NOTE)
    encode_count = exchange.codec.encode_count
    assert encode_count is not None
    return WholeReply(attempt=None, body=encode_count(estimate_input(request)), fields=[ESTIMATED], finish=None)


async def _with_earlier_turns(plan: Plan, exchange: Exchange, gateway: Gateway) -> Inbound:
    """The call with what it goes on from, which belongs to its input. Raises what reading kept turns raises."""
    assert exchange.question is not None
    inbound = exchange.question.inbound
    if gateway.state is None or exchange.codec.protocol != PROTOCOL:
        return inbound
    found, plan = await recall(exchange, plan, gateway.state)
    body, _ = found.body_for(plan.targets[0], HUB, keeps_state=False)
    return msgspec.structs.replace(inbound, envelope=body)


HUB = ""
"""No provider's protocol: we read the body ourselves, and need all of it."""
