from __future__ import annotations

import asyncio
import socket

import pytest
from tests.http1.sockets import both_loops
from tests.http1.wire import run
from tests.upstream.provider import OK, Conversation, call, calling, greet, nothing_open, providing, until

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError, TransportError
from plexus.domain.provider import Origin, TlsSettings
from plexus.exchange.ports import Upstream
from plexus.upstream.client import UpstreamClient
from plexus.upstream.pool import PoolLimits
from plexus.upstream.request import UpstreamRequest


def test_the_pipeline_can_use_it() -> None:
    """The type checker holds the port against the client; nothing is opened before the first call."""
    upstream: Upstream = UpstreamClient({"HTTP_PROXY": "http://proxy:3128"})
    assert isinstance(upstream, UpstreamClient)
    assert upstream.stats() == {}


async def failure_of(client: UpstreamClient, request: UpstreamRequest, *, whole: bool = True) -> GatewayError:
    """What the call fails with, wherever: while it is sent, or while its body is taken."""
    with pytest.raises(GatewayError) as caught:
        await (await client.send(request, whole=whole)).body(1000)
    shown = caught.value.message + str(caught.value.code)
    assert request.origin.host not in shown
    assert "key-of-the-test" not in shown + str(caught.value.hint)
    assert caught.value.hint is not None
    assert request.origin.host in caught.value.hint
    return caught.value


@both_loops
def test_a_call(loop: str) -> None:
    """Its bytes, its reply, and the connection used again."""
    heads: list[bytes] = []

    async def serve(conversation: Conversation) -> None:
        while True:
            head, body = await conversation.request()
            heads.append(head)
            assert body == b'{"a":1}'
            await conversation.say(OK)

    async def test() -> None:
        async with providing(serve) as provider, calling() as client:
            for turn in range(4):
                reply = await client.send(call(provider.origin, body=b'{"a":1}'), whole=turn % 2 == 0)
                assert (reply.status, reply.reused) == (200, turn > 0)
                assert reply.headers.get(b"content-type") == b"application/json"
                assert await reply.body(5) == b"hello"
                assert client.stats()[provider.origin].idle == 1
            assert provider.connections == 1
            assert heads[0].split(b"\r\n") == [
                b"POST /v1/messages?beta=true HTTP/1.1",
                b"host: 127.0.0.1:%d" % provider.port,
                b"accept-encoding: identity",
                b"authorization: Bearer key-of-the-test",
                b"content-length: 7",
                b"",
                b"",
            ]

    run(test(), loop)


@both_loops
def test_small_packets_are_sent_at_once(loop: str) -> None:
    async def test() -> None:
        async with providing(greet) as provider, calling() as client:
            await client.send(call(provider.origin), whole=True)
            (connection,) = client._pools[provider.origin][0]._connections
            assert connection._transport is not None
            sock = connection._transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0

    run(test(), loop)


async def test_calls_at_the_same_time_have_connections_of_their_own() -> None:
    everyone = asyncio.Barrier(5)

    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        await everyone.wait()
        await conversation.say(OK)
        await conversation.gone()

    async with providing(serve) as provider, calling(limits=PoolLimits(max_idle=3)) as client:
        replies = await asyncio.gather(*(client.send(call(provider.origin), whole=True) for _ in range(5)))
        assert [await reply.body(9) for reply in replies] == [b"hello"] * 5
        assert client.stats()[provider.origin].idle == 3


async def test_a_connection_that_the_provider_closes_is_not_kept() -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.say(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        await conversation.gone()

    async with providing(serve) as provider, calling() as client:
        for _ in range(2):
            reply = await client.send(call(provider.origin), whole=True)
            assert not reply.reused
            assert client.stats()[provider.origin].idle == 0
        assert provider.connections == 2


# Failures, kind by kind


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@both_loops
def test_nobody_listens(loop: str) -> None:
    async def test() -> None:
        async with calling() as client:
            failure = await failure_of(client, call(Origin("127.0.0.1", unused_port())))
            assert failure.kind is ErrorKind.CONNECT_FAILED

    run(test(), loop)


async def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    async with calling() as client:
        for name in ("provider.invalid", "a" * 64 + ".invalid", "ä" * 64):
            assert (await failure_of(client, call(Origin(name, 80)))).kind is ErrorKind.DNS_FAILED


@both_loops
def test_connecting_takes_too_long(loop: str) -> None:
    """The limit holds for TLS, too: this server never says hello."""

    async def serve(conversation: Conversation) -> None:
        await conversation.gone()

    async def test() -> None:
        async with providing(serve) as provider, calling() as client:
            origin = Origin("127.0.0.1", provider.port, TlsSettings())
            failure = await failure_of(client, call(origin, connect_timeout=0.05))
            assert failure.kind is ErrorKind.CONNECT_TIMEOUT
            assert client.stats()[origin].open == 0

    run(test(), loop)


async def test_a_name_server_that_is_silent_counts_as_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", silent)
    async with calling() as client:
        request = call(Origin("provider.invalid", 80), connect_timeout=0.05)
        assert (await failure_of(client, request)).kind is ErrorKind.CONNECT_TIMEOUT


@both_loops
@pytest.mark.parametrize("way", ["end", "reset"])
def test_a_reused_connection_that_dies_is_replaced_once(loop: str, way: str) -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        if conversation.number == 0:
            await conversation.say(OK)
            await conversation.request()
            if way == "reset":
                conversation.reset()
        elif conversation.number == 1:
            await conversation.say(OK)
            await conversation.gone()

    async def test() -> None:
        async with providing(serve) as provider, calling() as client:
            await client.send(call(provider.origin), whole=True)
            reply = await client.send(call(provider.origin), whole=True)
            assert (reply.status, reply.reused, provider.connections) == (200, False, 2)

    run(test(), loop)


async def test_the_second_failure_is_final() -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        if conversation.number == 0:
            await conversation.say(OK)
            await conversation.request()

    async with providing(serve) as provider, calling() as client:
        await client.send(call(provider.origin), whole=True)
        assert (await failure_of(client, call(provider.origin))).kind is ErrorKind.RESET
        assert provider.connections == 2


async def test_a_reused_connection_that_answers_something_is_not_replaced() -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.say(OK)
        await conversation.request()
        await conversation.say(b"HTTP/1.1 200")

    async with providing(serve) as provider, calling() as client:
        await client.send(call(provider.origin), whole=True)
        assert (await failure_of(client, call(provider.origin))).kind is ErrorKind.RESET
        assert provider.connections == 1


async def test_a_connection_that_dies_while_idle_is_not_used() -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.say(OK)

    async with providing(serve) as provider, calling() as client:
        await client.send(call(provider.origin), whole=True)
        await until(lambda: nothing_open(client))
        assert not (await client.send(call(provider.origin), whole=True)).reused


@both_loops
@pytest.mark.parametrize("way", ["end", "reset"])
def test_a_fresh_connection_that_dies(loop: str, way: str) -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        if way == "reset":
            conversation.reset()

    async def test() -> None:
        async with providing(serve) as provider, calling() as client:
            failure = await failure_of(client, call(provider.origin))
            assert (failure.kind, type(failure)) == (ErrorKind.RESET, TransportError)
            assert provider.connections == 1

    run(test(), loop)


@both_loops
@pytest.mark.parametrize("size", [2, 20_000_000], ids=["small request", "request that is never read"])
def test_no_head_in_time(loop: str, size: int) -> None:
    closed: list[bool] = []

    async def serve(conversation: Conversation) -> None:
        if size > 2:
            conversation.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.Event().wait()
        await conversation.gone()
        closed.append(True)

    async def test() -> None:
        async with providing(serve) as provider, calling() as client:
            request = call(provider.origin, body=b"x" * size, first_byte_timeout=0.1)
            for whole in (False, True):
                failure = await failure_of(client, request, whole=whole)
                assert failure.kind is ErrorKind.FIRST_BYTE_TIMEOUT
            await until(lambda: nothing_open(client))

    run(test(), loop)


async def test_the_limit_for_the_head_does_not_count_while_the_request_is_being_sent() -> None:
    """A slow reader of a long request: it takes some, waits for longer than the limit, takes the rest."""

    async def serve(conversation: Conversation) -> None:
        for _ in range(8):
            await conversation.reader.readexactly(500_000)
            await asyncio.sleep(0.1)  # longer than the limit in all, shorter than the limit each time
        await conversation.say(OK)
        await conversation.gone()

    async with providing(serve) as provider, calling() as client:
        request = call(provider.origin, body=b"x" * 8_000_000, first_byte_timeout=0.5)
        assert (await client.send(request, whole=True)).status == 200


CUT = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00\x00",
]


@both_loops
@pytest.mark.parametrize("said", CUT)
@pytest.mark.parametrize("whole", [True, False])
def test_a_body_that_is_cut(loop: str, said: bytes, whole: bool) -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.say(said)

    async def test() -> None:
        async with providing(serve) as provider, calling() as client:
            reply = await client.send(call(provider.origin), whole=whole)
            assert reply.status == 200
            with pytest.raises(TransportError) as caught:
                await reply.body(1000)
            assert (caught.value.kind, caught.value.status) == (ErrorKind.UPSTREAM_CUT, 200)

    run(test(), loop)


MALFORMED = [
    b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
]


@pytest.mark.parametrize("said", MALFORMED)
async def test_an_answer_that_is_no_http(said: bytes) -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.say(said)
        await conversation.gone()

    async with providing(serve) as provider, calling() as client:
        failure = await failure_of(client, call(provider.origin))
        assert (failure.kind, type(failure)) == (ErrorKind.UPSTREAM_MALFORMED, ProviderError)


DAMAGED = [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: compress\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip, br\r\n\r\nhello",
]


@pytest.mark.parametrize("said", DAMAGED)
async def test_a_body_that_is_damaged(said: bytes) -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.say(said)
        await conversation.gone()

    async with providing(serve) as provider, calling() as client:
        failure = await failure_of(client, call(provider.origin))
        assert (failure.kind, failure.status) == (ErrorKind.UPSTREAM_MALFORMED, 200)
        assert client.stats()[provider.origin].idle == 0


LONG = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("said", LONG)
async def test_a_body_beyond_the_limit(said: bytes) -> None:
    async def serve(conversation: Conversation) -> None:
        await conversation.request()
        await conversation.say(said)
        await conversation.gone()

    async with providing(serve) as provider, calling() as client:
        failure = await failure_of(client, call(provider.origin), whole=False)
        assert (failure.kind, type(failure)) == (ErrorKind.UPSTREAM_MALFORMED, ProviderError)


@pytest.mark.parametrize(
    "request_",
    [
        call(Origin("provider.example", 80), method=b"POST / HTTP/1.1\r\n"),
        UpstreamRequest(origin=Origin("provider.example", 80), target=b"/a b", headers=[], body=b""),
        UpstreamRequest(origin=Origin("provider.example", 80), target=b"/", headers=[(b"a", b"b\r\nc: d")], body=b""),
    ],
)
async def test_a_request_that_would_break_out_of_its_lines_is_not_sent(request_: UpstreamRequest) -> None:
    async with calling() as client:
        failure = await failure_of(client, request_)
        assert failure.kind is ErrorKind.CONNECT_FAILED
