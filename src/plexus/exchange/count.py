"""Counting tokens: by the first target that can count natively, else our own estimate, marked as one."""

from __future__ import annotations

from plexus.accounting.estimate import estimate_input
from plexus.canonical.request import GenerateRequest
from plexus.exchange.attempt import Committable, WholeReply
from plexus.exchange.deadline import Deadline
from plexus.exchange.estimates import NOTE
from plexus.exchange.exchange import Exchange
from plexus.exchange.gateway import Gateway
from plexus.exchange.native import attempt_natively
from plexus.routing.plan import Plan

ESTIMATED = (b"x-plexus-estimated", b"true")


async def count_tokens(plan: Plan, exchange: Exchange, gateway: Gateway, deadline: Deadline) -> Committable:
    """The count for a reply. Raises ClientError for a body that cannot be read, and what native targets raise."""
    counted = await attempt_natively(plan, exchange, gateway, deadline)
    if counted is not None:
        return counted
    assert exchange.question is not None
    request: GenerateRequest = exchange.codec.decode_request(exchange.question.inbound)
    exchange.notes.append(NOTE)
    encode_count = exchange.codec.encode_count
    assert encode_count is not None
    return WholeReply(attempt=None, body=encode_count(estimate_input(request)), fields=[ESTIMATED], finish=None)
