"""Who leaves early, what nobody reads, how many and how long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.http1.sockets import both_loops
from tests.http1.wire import run
from tests.upstream.provider import OK, Conversation, call, calling, greet, nothing_open, providing, until

from plexus.canonical.errors import ErrorKind, ProviderError, TransportError
from plexus.domain.provider import Origin
from plexus.upstream.client import UpstreamClient
from plexus.upstream.pool import PoolLimits
from plexus.upstream.reply import READ_AHEAD, UpstreamReply

# Leaving early


@both_loops
@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"], ids=["no head", "head"])
@pytest.mark.parametrize("whole", [True, False])
def test_cancelling_closes_the_connection(loop: str, said: bytes, whole: bool) -> None:
    async def test() -> None:
        asked, gone = asyncio.Event(), asyncio.Event()

        async def serve(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.say(said)
            asked.set()
            await conversation.gone()
            gone.set()

        async def caller(client: UpstreamClient, origin: Origin) -> bytes:
            reply = await client.send(call(origin), whole=whole)
            return await reply.body(1000)

        async with providing(serve) as provider, calling() as client:
            task = asyncio.create_task(caller(client, provider.origin))
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await gone.wait()

    run(test(), loop)


@both_loops
def test_giving_a_reply_up_closes_the_connection(loop: str) -> None:
    async def test() -> None:
        gone = asyncio.Event()

        async def serve(conversation: Conversation) -> None:
            await conversation.request()
            await conversation.say(b"HTTP/1.1 200 OK\r\n\r\nhello")
            await conversation.gone()
            gone.set()

        async with providing(serve) as provider, calling() as client:
            reply = await client.send(call(provider.origin), whole=False)
            reply.cancel()
            await gone.wait()
            complete = UpstreamReply(client._pools[provider.origin][0], client._deadlines, reused=False)
            complete.ended = True
            complete.cancel()
            assert await complete.body(10) == b""

    run(test(), loop)


async def test_cancelling_while_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()

    async def silent(*_: object, **__: object) -> None:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", silent)
    async with calling() as client:
        origin = Origin("provider.invalid", 80)
        task = asyncio.create_task(client.send(call(origin), whole=True))
        await asked.wait()
        assert client.stats()[origin].open == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.stats()[origin].open == 0


@both_loops
def test_closing_ends_calls_and_refuses_more(loop: str) -> None:
    async def test() -> None:
        asked = asyncio.Event()

        async def serve(conversation: Conversation) -> None:
            await conversation.request()
            if conversation.number == 0:
                await conversation.say(OK)
            asked.set()
            await conversation.gone()

        async with providing(serve) as provider, calling() as client:
            await client.send(call(provider.origin), whole=True)
            asked.clear()
            idle = client._pools[provider.origin][0].take()
            task = asyncio.create_task(client.send(call(provider.origin), whole=True))
            await asked.wait()
            assert idle is not None
            await client.close()
            with pytest.raises(TransportError) as caught:
                await task
            assert caught.value.kind is ErrorKind.RESET
            with pytest.raises(TransportError) as caught:
                await client.send(call(provider.origin), whole=True)
            assert caught.value.kind is ErrorKind.SHUTTING_DOWN

    run(test(), loop)


# Back-pressure and time


@both_loops
@pytest.mark.parametrize("framing", ["Content-Length: 50000000", "X: until close"])
def test_a_reply_that_nobody_reads_stays_with_the_provider(loop: str, framing: str) -> None:
    size = 50_000_000

    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        if conversation.number > 0:
            await greet_on(conversation)
        conversation.writer.transport.set_write_buffer_limits(high=2 * size)
        conversation.writer.write(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n" % framing.encode() + b"x" * size)
        waiting.append(conversation.writer.transport.get_write_buffer_size)
        await conversation.writer.drain()
        conversation.writer.close()
        await conversation.writer.wait_closed()

    async def greet_on(conversation: Conversation) -> None:
        await conversation.say(OK)
        await greet(conversation)

    waiting: list[Callable[[], int]] = []

    async def test() -> None:
        async with providing(serve) as provider, calling() as client:
            reply = await client.send(call(provider.origin), whole=False)
            for _ in range(50):  # time for the provider to send more, if anybody took it
                await client.send(call(provider.origin), whole=True)
            assert READ_AHEAD < reply._held <= READ_AHEAD + 256 * 1024
            assert waiting[0]() > size // 2  # the rest is in the kernel's buffers
            got = 0
            while chunk := await reply.chunk():
                got += len(chunk)
                assert reply._held <= READ_AHEAD + 256 * 1024
            assert got == size

    run(test(), loop)


async def test_old_connections_are_closed_and_empty_origins_forgotten() -> None:
    async with providing(greet) as provider, calling(limits=PoolLimits(idle_seconds=55)) as client:
        await client.send(call(provider.origin), whole=True)
        now = asyncio.get_running_loop().time()
        client.prune(now + 50)
        assert client.stats()[provider.origin].idle == 1
        client.prune(now + 56)
        await until(lambda: nothing_open(client))
        client.prune()
        assert client.stats() == {}


async def test_the_pool_is_swept_by_a_timer() -> None:
    async with providing(greet) as provider, calling(limits=PoolLimits(idle_seconds=0.1)) as client:
        await client.send(call(provider.origin), whole=True)
        await until(lambda: client.stats() == {})
        assert client._sweep is None
        assert not (await client.send(call(provider.origin), whole=True)).reused


async def test_no_more_connections_than_allowed() -> None:
    limits = PoolLimits(max_connections=2)
    async with providing(greet) as provider, calling(limits=limits) as client:
        replies = await asyncio.gather(*(client.send(call(provider.origin), whole=True) for _ in range(10)))
        assert {reply.status for reply in replies} == {200}
        assert provider.connections == 2
        assert client.stats()[provider.origin].open == 2


async def test_waiting_for_a_connection_is_bounded() -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.say(b"HTTP/1.1 200 OK\r\n\r\n")
        await conversation.gone()

    limits = PoolLimits(max_connections=1, slot_seconds=0.05)
    async with providing(serve) as provider, calling(limits=limits) as client:
        reply = await client.send(call(provider.origin), whole=False)
        with pytest.raises(TransportError) as caught:
            await client.send(call(provider.origin), whole=False)
        assert caught.value.kind is ErrorKind.UNAVAILABLE
        reply.cancel()
        assert (await client.send(call(provider.origin), whole=False)).status == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.binary(max_size=30)
        | st.sampled_from([b"HTTP/1.1 200 OK\r\n", b"Content-Length: 4\r\n", b"\r\n", b"Content-Encoding: br\r\n"])
        | st.sampled_from([b"Transfer-Encoding: chunked\r\n\r\n", b"4\r\nabcd\r\n", b"0\r\n\r\n", b"abcd"]),
        max_size=8,
    ),
    st.booleans(),
)
def test_any_bytes_give_a_reply_or_a_typed_failure(pieces: list[bytes], whole: bool) -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        for piece in pieces:
            await conversation.say(piece)

    async def test() -> None:
        async with providing(serve) as provider, calling() as client:
            with suppress(TransportError, ProviderError):
                await (await client.send(call(provider.origin), whole=whole)).body(1000)
            await until(lambda: client.stats()[provider.origin].open == client.stats()[provider.origin].idle)

    run(test(), "uvloop")
