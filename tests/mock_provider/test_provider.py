"""The transcript: steps, what calls are remembered as, and waiting without a clock."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import CHAT, MESSAGES, Caller, fetch

from plexus.mock_provider import Hang, MockProvider, Reply, Reset, Status, Stream, serve


async def test_each_call_takes_the_next_step() -> None:
    provider = MockProvider()
    provider.script(Status(429, retry_after=1), Stream("hello", cut_after=2), Reply("hi"))
    async with provider.serve() as origin:
        first = await fetch(origin, CHAT, support.chat(stream=True))
        assert (first.status, first.headers["retry-after"]) == (429, "1")
        second = await fetch(origin, MESSAGES, support.messages(stream=True))
        assert second.body.count(b"event: ") == 2
        assert provider.unplayed == 1
        third = await fetch(origin, CHAT, support.chat())
        assert json.loads(third.body)["choices"][0]["message"]["content"] == "hi"
        fourth = await fetch(origin, CHAT, support.chat("again"))
        assert "You asked" in json.loads(fourth.body)["choices"][0]["message"]["content"]
    assert provider.unplayed == 0
    assert [call.path for call in provider.calls] == [CHAT, MESSAGES, CHAT, CHAT]


async def test_a_models_own_steps_go_first() -> None:
    provider = MockProvider()
    provider.script(Status(500))
    provider.script(Status(503), model="special")
    async with provider.serve() as origin:
        statuses = [
            (await fetch(origin, CHAT, support.chat(model=model))).status for model in ("special", "special", "special")
        ]
    assert statuses == [503, 500, 200]


async def test_calls_are_remembered_as_they_came() -> None:
    provider = MockProvider()
    async with provider.serve() as origin:
        body = support.chat("hé", stream=True)
        await fetch(origin, CHAT + "?beta=true", body, x_custom="yes")
        await fetch(origin, CHAT, b"{")
        await fetch(origin, "/v1/models", None, method="GET")
    call, broken, models = provider.calls
    assert (call.number, call.method, call.path, call.query) == (1, "POST", CHAT, "beta=true")
    assert call.headers.text(b"x-custom") == "yes"
    assert (call.json, call.model, call.body) == (body, "mock-chat", json.dumps(body).encode())
    assert call.events == len(support.events_of(CHAT, body))
    assert (call.refused, call.disconnected, call.ended) == (None, False, True)
    assert broken.refused is not None
    assert (broken.json, broken.model) == ({}, "")
    assert (models.method, models.body) == ("GET", b"")


async def test_released_calls_go_on() -> None:
    provider = MockProvider()
    provider.script(
        Stream("hello there", stall_after=2), Hang(Reply("late")), Hang(), Hang(head=True), Stream("x", stall_after=99)
    )
    async with provider.serve() as origin:
        callers = [Caller(origin) for _ in range(5)]
        for number, caller in enumerate(callers, 1):
            await caller.send(CHAT, support.chat(stream=number in (1, 5)))
            await provider.stalled(number)
        assert [call.events for call in provider.calls] == [2, 0, 0, 0, 4]
        provider.release()
        stalled, late, never, head, last = [await caller.read() for caller in callers]
    assert stalled.body.endswith(b"data: [DONE]\n\n")
    assert json.loads(late.body)["choices"][0]["message"]["content"] == "late"
    assert (never.status, never.ended) == (None, "reset")
    assert (head.status, head.body) == (200, b"")
    assert head.ended != "proper"
    assert last.ended == "proper"


async def test_a_caller_that_leaves_in_the_middle_is_noticed() -> None:
    provider = MockProvider()
    provider.script(Stream("one two three", stall_after=3))
    async with provider.serve() as origin:
        caller = Caller(origin)
        await caller.send(CHAT, support.chat(stream=True))
        await caller.read(until=b" two")
        caller.leave()
        call = await provider.received(1)
        await call.done()
    assert call.disconnected
    assert call.events == 3


async def test_serve_runs_until_it_is_cancelled() -> None:
    origins: asyncio.Queue[str] = asyncio.Queue()
    provider = MockProvider()
    running = asyncio.create_task(serve("127.0.0.1", 0, provider=provider, started=origins.put_nowait))
    origin = await origins.get()
    assert origin == f"http://127.0.0.1:{provider.port}"
    assert (await fetch(origin, CHAT, support.chat())).status == 200
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ConnectionRefusedError):
        await fetch(origin, CHAT, support.chat())


async def test_a_connection_is_kept_for_the_next_call_which_may_find_it_reset() -> None:
    """What a pool must survive: the reused connection dies under its second request."""
    provider = MockProvider()
    provider.script(Reply("hi"), Reset())
    async with provider.serve() as origin:
        host, port = origin.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        body = json.dumps(support.chat()).encode()
        request = b"POST %b HTTP/1.1\r\nhost: mock\r\ncontent-length: %d\r\n\r\n%b" % (CHAT.encode(), len(body), body)
        writer.write(request)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
        await reader.readuntil(b'"fp_mock000001"}')
        writer.write(request)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
    assert len(provider.calls) == 2


async def test_methods_and_models() -> None:
    provider = MockProvider()
    async with provider.serve() as origin:
        got = await fetch(origin, CHAT, None, method="GET")
        unknown = await fetch(origin, "/v1/models/nothing", None, method="GET")
        listed = await fetch(origin, "/v1/models", None, method="GET")
    assert (got.status, unknown.status, listed.status) == (405, 404, 200)
    assert json.loads(listed.body)["data"][0]["id"] == "mock-chat"
