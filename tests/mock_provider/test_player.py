"""Scripts on a socket: back-pressure, raw bytes, resets, and time by an injected clock."""

from __future__ import annotations

import json

from tests.mock_provider import support
from tests.mock_provider.support import CHAT, MESSAGES, Caller, fetch

from plexus.mock_provider import MockProvider, Raw, Reply, Reset


async def test_a_caller_that_reads_slowly_holds_the_provider_back() -> None:
    provider = MockProvider()
    async with provider.serve() as origin:
        caller = Caller(origin)
        await caller.send(CHAT, support.chat(model="mock-words-100000", stream=True))
        await caller.read(until=b"word")
        call = await provider.received(1)
        assert not call.ended
        caller.leave()
        await call.done()
    assert call.disconnected
    assert 0 < call.events < 100_000


async def test_raw_bytes_are_the_whole_reply() -> None:
    provider = MockProvider()
    provider.script(
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi")
    )
    provider.script(Raw(b"not HTTP at all\r\n\r\n"))
    async with provider.serve() as origin:
        whole = await fetch(origin, CHAT, support.chat())
        short = await fetch(origin, CHAT, support.chat())
        noise = await fetch(origin, CHAT, support.chat())
    assert (whole.status, whole.body, whole.ended) == (200, b"hi", "proper")
    assert (short.body, short.ended) == (b"hi", "closed")
    assert (noise.status, noise.ended) == (None, "closed")


async def test_a_reset_in_one_call_leaves_the_next_alone() -> None:
    provider = MockProvider()
    provider.script(Reset())
    async with provider.serve() as origin:
        assert (await fetch(origin, CHAT, support.chat())).ended == "reset"
        assert (await fetch(origin, CHAT, support.chat())).status == 200


async def test_latency_and_delay_pass_by_the_providers_clock() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    provider = MockProvider(sleep=sleep, now=lambda: 1_770_000_000.9)
    provider.script(Reply("hi", latency=2.0))
    async with provider.serve() as origin:
        seen = await fetch(origin, CHAT, support.chat())
        await fetch(origin, CHAT, support.chat(), x_mock_latency="1.5")
        await fetch(origin, MESSAGES, support.messages(model="mock-words-1?delay=0.25", stream=True))
    assert json.loads(seen.body)["created"] == 1_770_000_000
    assert slept == [2.0, 1.5] + [0.25] * 6
