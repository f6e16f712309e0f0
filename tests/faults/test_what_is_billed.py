"""Rows marked U and E of the failure table: what the provider reported, or our estimate, flagged."""

from __future__ import annotations

import asyncio

import pytest
from tests.gateway import CHAT, MESSAGES, PAIRS, Bench, gateway, question

from plexus.domain.provider import Timeouts
from plexus.domain.record import Record

pairs = pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=lambda name: name.rpartition("_")[2])


def is_estimate(record: Record) -> bool:
    usage = record.usage
    assert ("tokens_estimated" in record.notes) == (usage is not None and usage.estimated)
    return usage is not None and usage.estimated and usage.input > 0


@pairs
@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
async def test_a_reply_without_usage_is_estimated(client: str, upstream: str, stream: bool) -> None:
    async with gateway(upstream, models=("mock-fault-no-usage",)) as bench:
        reply = await bench.ask(client, stream=stream)
        record = await bench.record()
        assert record.error is None
        assert is_estimate(record)
        assert record.usage is not None
        assert record.usage.output > 0
        told = f'"output_tokens":{record.usage.output}' in reply.text.replace(" ", "")
        assert told == (client == MESSAGES != upstream), "only Messages demands a usage, and only what we write has one"


@pairs
async def test_what_the_provider_reported_is_no_estimate(client: str, upstream: str) -> None:
    async with gateway(upstream) as bench:
        await bench.ask(client, stream=True)
        record = await bench.record()
        assert record.usage is not None
        assert not is_estimate(record)


@pairs
@pytest.mark.parametrize("fault", ["cut-mid-stream", "reset-mid-stream", "error-mid-stream", "stall"])
async def test_a_broken_stream_bills_what_was_relayed(client: str, upstream: str, fault: str) -> None:
    timeouts = Timeouts(idle=0.3)
    async with gateway(upstream, models=(f"mock-fault-{fault}",), timeouts=timeouts) as bench:
        await bench.ask(client, stream=True)
        record = await bench.record()
        assert record.error is not None
        assert is_estimate(record)
        assert record.usage is not None
        assert 0 < record.usage.output < 50, "the mock cuts after a few words"


@pairs
@pytest.mark.parametrize("fault", ["malformed-json", "cut-json"])
async def test_json_that_cannot_be_read_was_billed_all_the_same(client: str, upstream: str, fault: str) -> None:
    async with gateway(upstream, models=(f"mock-fault-{fault}",)) as bench:
        assert (await bench.ask(client)).status_code == 502
        record = await bench.record()
        assert is_estimate(record)
        assert all(attempt.usage is not None and attempt.usage.estimated for attempt in record.attempts)
        assert record.usage is not None
        assert record.usage.input == sum(attempt.usage.input for attempt in record.attempts if attempt.usage)


@pairs
@pytest.mark.parametrize("fault", ["400", "401", "500", "529", "reset", "error-in-200", "html"])
async def test_a_refusal_costs_nothing(client: str, upstream: str, fault: str) -> None:
    async with gateway(upstream, models=(f"mock-fault-{fault}",)) as bench:
        await bench.ask(client)
        assert (await bench.record()).usage is None


async def test_a_stream_that_ends_before_its_first_event_costs_nothing() -> None:
    async with gateway(CHAT, models=("mock-fault-empty-stream",)) as bench:
        assert (await bench.ask(CHAT, stream=True)).status_code == 502
        assert (await bench.record()).usage is None


async def test_a_first_token_that_does_not_come_costs_the_input() -> None:
    timeouts = Timeouts(first_token=0.2)
    async with gateway(CHAT, models=("mock-fault-stall-before-token",), timeouts=timeouts) as bench:
        assert (await bench.ask(CHAT, stream=True)).status_code == 504
        record = await bench.record()
        assert is_estimate(record)
        assert record.usage is not None
        assert record.usage.output == 0


async def test_a_fallback_is_billed_beside_what_the_first_target_may_have_cost() -> None:
    async with gateway(CHAT, MESSAGES, models=("mock-fault-malformed-json", "mock-chat")) as bench:
        assert (await bench.ask(CHAT)).status_code == 200
        record = await bench.record()
        estimated = [attempt.usage.estimated for attempt in record.attempts if attempt.usage is not None]
        assert estimated == [True, True, False]
        assert is_estimate(record)


async def hang_up(bench: Bench, client: str, *, after_bytes: int, stream: bool) -> None:
    path, body = question(client, stream=stream)
    async with bench.client.stream("POST", path, json=body) as reply:
        seen = 0
        async for piece in reply.aiter_raw():
            seen += len(piece)
            if seen > after_bytes:
                break


@pairs
async def test_a_client_that_leaves_in_a_stream_pays_for_what_it_was_sent(client: str, upstream: str) -> None:
    async with gateway(upstream, models=("mock-words-100?delay=0.02",)) as bench:
        await hang_up(bench, client, after_bytes=1500, stream=True)
        record = await bench.record()
        assert record.status == 499
        assert is_estimate(record)
        assert record.usage is not None
        assert 0 < record.usage.output < 150


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
async def test_a_client_that_leaves_before_the_reply_pays_for_the_input(stream: bool) -> None:
    async with gateway(CHAT, models=("mock-fault-no-first-byte",)) as bench:
        asking = asyncio.create_task(hang_up(bench, CHAT, after_bytes=0, stream=stream))
        await bench.providers[0].received(1)
        asking.cancel()
        record = await bench.record()
        assert record.error == "client_gone"
        assert is_estimate(record)
        assert record.usage is not None
        assert record.usage.output == 0
