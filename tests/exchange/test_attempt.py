"""The loop over targets: what moves on to another try, and what does not."""

from __future__ import annotations

from typing import Any

from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import json_reply, lab

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.domain.snapshot import Failover

TWO = snapshot(route("chat", target(provider("one")), target(provider("two"))))
RESET = TransportError(ErrorKind.RESET, "reset")
REFUSED = TransportError(ErrorKind.CONNECT_FAILED, "refused")
OVERLOADED = json_reply({"error": {"message": "overloaded", "type": "server_error"}}, 503)


def providers(record: Any) -> list[tuple[str, str | None]]:
    return [(attempt.provider, attempt.verdict) for attempt in record.attempts]


async def test_a_failure_moves_to_the_next_target() -> None:
    bench = lab(REFUSED, json_reply(), of=TWO)
    record = await bench.ask()
    assert providers(record) == [("one", "next_target"), ("two", None)]
    assert (record.status, record.provider, record.error) == (200, "two", None)
    assert bench.sink.headers.get(b"x-plexus-attempts") == b"2"
    assert bench.waits == []


async def test_the_same_target_again_only_after_a_wait() -> None:
    bench = lab(RESET, json_reply(), of=TWO)
    record = await bench.ask()
    assert providers(record) == [("one", "retry"), ("one", None)]
    (wait,) = bench.waits
    assert 0.3 < wait < 0.7


async def test_when_nothing_is_left_the_most_useful_failure_is_told() -> None:
    limited = json_reply(
        {"error": {"message": "slow down", "type": "x", "code": "rate_limit_exceeded"}}, 429, retry_after="60"
    )
    bench = lab(limited, REFUSED, of=TWO)
    record = await bench.ask()
    assert (record.status, record.error) == (429, "rate_limit"), "not the last one"
    assert bench.sink.headers.get(b"retry-after") == b"60"


async def test_failover_can_be_switched_off() -> None:
    of = snapshot(*TWO.routes.values(), failover=Failover(enabled=False))
    bench = lab(REFUSED, of=of)
    assert (await bench.ask()).status == 502


async def test_at_most_so_many_attempts_in_all() -> None:
    many = snapshot(route("chat", *(target(provider(f"p{number}")) for number in range(9))))
    bench = lab(*[REFUSED] * 9, of=many)
    record = await bench.ask()
    assert len(record.attempts) == many.failover.max_attempts == 6


async def test_a_refusal_of_what_our_translation_added_is_not_the_client_s_fault() -> None:
    refused = json_reply(
        {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: too large"}}, 400
    )
    of = snapshot(route("chat", target(provider("one", protocols=("anthropic_messages",))), target(provider("two"))))
    bench = lab(refused, of=of)
    record = await bench.ask()
    assert record.status == 400, "the client itself named it"
    assert len(record.attempts) == 1
