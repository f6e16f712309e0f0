from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import pytest
from tests.http1.sockets import both_loops
from tests.http1.wire import run
from tests.upstream.provider import (
    OK,
    Conversation,
    Provider,
    call,
    calling,
    greet,
    providing,
    server_context,
)

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.domain.provider import Origin, TlsSettings
from plexus.upstream.client import UpstreamClient
from plexus.upstream.proxy import Proxies, Proxy

PLAIN = Origin("api.example.com", 80)
SECURE = Origin("api.example.com", 443, TlsSettings())

CHOICES: list[tuple[dict[str, str], Origin, Proxy | None]] = [
    ({}, SECURE, None),
    ({"HTTPS_PROXY": "http://proxy:3128"}, SECURE, Proxy("proxy", 3128)),
    ({"HTTPS_PROXY": "http://proxy:3128"}, PLAIN, None),
    ({"HTTP_PROXY": "http://proxy"}, PLAIN, Proxy("proxy", 80)),
    ({"http_proxy": "proxy:3128"}, PLAIN, Proxy("proxy", 3128)),
    ({"HTTP_PROXY": "http://proxy"}, SECURE, None),
    ({"https_proxy": "http://lower", "HTTPS_PROXY": "http://upper"}, SECURE, Proxy("lower", 80)),
    ({"https_proxy": "", "HTTPS_PROXY": "http://upper"}, SECURE, Proxy("upper", 80)),
    ({"ALL_PROXY": "http://all"}, SECURE, Proxy("all", 80)),
    ({"all_proxy": "http://all", "HTTP_PROXY": "http://proxy"}, PLAIN, Proxy("proxy", 80)),
    ({"HTTPS_PROXY": "http://[2001:db8::1]:3128/"}, SECURE, Proxy("2001:db8::1", 3128)),
    (
        {"HTTPS_PROXY": "http://me:p%40ss@proxy:1"},
        SECURE,
        Proxy("proxy", 1, b"Basic " + base64.b64encode(b"me:p@ss")),
    ),
    ({"HTTPS_PROXY": "http://proxy"}, Origin("127.0.0.1", 443, TlsSettings()), Proxy("proxy", 80)),
    ({"HTTPS_PROXY": "http://proxy"}, Origin("localhost", 443, TlsSettings()), Proxy("proxy", 80)),
]


@pytest.mark.parametrize(("environ", "origin", "proxy"), CHOICES)
def test_which_proxy(environ: dict[str, str], origin: Origin, proxy: Proxy | None) -> None:
    assert Proxies(environ).choose(origin) == proxy


EXCEPTIONS = [
    ("*", "api.example.com", 443, True),
    ("example.com", "api.example.com", 443, True),
    (".example.com", "api.example.com", 443, True),
    ("*.example.com", "api.example.com", 443, True),
    ("example.com", "example.com", 443, True),
    ("example.com", "Example.COM.", 443, True),
    ("example.com", "badexample.com", 443, False),
    ("api.example.com", "example.com", 443, False),
    ("other.com, example.com", "example.com", 443, True),
    ("other.com example.com", "example.com", 443, True),
    ("example.com:443", "example.com", 443, True),
    ("example.com:8443", "example.com", 443, False),
    ("localhost,127.0.0.1,::1", "localhost", 1234, True),
    ("localhost,127.0.0.1,::1", "127.0.0.1", 1234, True),
    ("localhost,127.0.0.1,::1", "::1", 1234, True),
    ("[::1]", "::1", 1234, True),
    ("[::1]:1234", "::1", 1234, True),
    ("[::1]:1234", "::1", 1235, False),
    ("10.0.0.0/8", "10.1.2.3", 80, True),
    ("10.0.0.1/8", "10.1.2.3", 80, True),
    ("10.0.0.0/8", "11.1.2.3", 80, False),
    ("10.0.0.0/8", "10.example.com", 80, False),
    ("fd00::/8", "fd12::1", 80, True),
    ("127.0.0.1", "127.0.0.2", 80, False),
    ("", "127.0.0.1", 80, False),
    (",. ,", "example.com", 80, False),
]


@pytest.mark.parametrize(("exceptions", "host", "port", "direct"), EXCEPTIONS)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_what_needs_no_proxy(name: str, exceptions: str, host: str, port: int, direct: bool) -> None:
    proxies = Proxies({"ALL_PROXY": "http://proxy", name: exceptions})
    assert (proxies.choose(Origin(host, port)) is None) is direct


@pytest.mark.parametrize(
    "url",
    ["socks5://me:secret@proxy:1080", "https://me:secret@proxy", "http://", "http://proxy:secret", "http://[secret"],
)
def test_a_proxy_that_cannot_be_used_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="HTTPS_PROXY") as caught:
        Proxies({"HTTPS_PROXY": url})
    assert "secret" not in str(caught.value)


def test_a_proxy_shows_no_password() -> None:
    proxy = Proxies({"ALL_PROXY": "http://me:secret@proxy"}).choose(SECURE)
    assert repr(proxy) == "Proxy('proxy', 80)"


# Through a proxy


def through(variable: str, proxy: Provider) -> AbstractAsyncContextManager[UpstreamClient]:
    return calling({variable: f"http://me:secret@127.0.0.1:{proxy.port}"})


Answer = Callable[[Conversation, bytes], Awaitable[None]]


@asynccontextmanager
async def tunnelling(answer: Answer) -> AsyncIterator[tuple[Provider, list[bytes]]]:
    """A proxy that asks ``answer`` what to do with a CONNECT."""
    heads: list[bytes] = []

    async def serve(conversation: Conversation) -> None:
        head, _ = await conversation.request()
        heads.append(head)
        await answer(conversation, head)

    async with providing(serve) as proxy:
        yield proxy, heads


async def connect(conversation: Conversation, head: bytes) -> None:
    """Do as a proxy should."""
    host, _, port = head.split()[1].decode().rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await conversation.say(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                sink.write(data)
        sink.close()

    await asyncio.gather(carry(conversation.reader, writer), carry(reader, conversation.writer))


@both_loops
def test_a_secure_call_goes_through_a_tunnel(loop: str) -> None:
    async def test() -> None:
        async with providing(greet, server_context()) as provider, tunnelling(connect) as (proxy, heads):
            async with through("HTTPS_PROXY", proxy) as client:
                for turn in range(2):
                    reply = await client.send(call(provider.origin), whole=True)
                    assert (await reply.body(10), reply.reused) == (b"hello", turn > 0)
            where = b"localhost:%d" % provider.port
            assert heads == [
                b"CONNECT %b HTTP/1.1\r\nhost: %b\r\nproxy-authorization: Basic %b\r\n\r\n"
                % (where, where, base64.b64encode(b"me:secret"))
            ]

    run(test(), loop)


@both_loops
def test_a_plain_call_names_the_provider_in_absolute_form(loop: str) -> None:
    heads: list[bytes] = []

    async def serve(conversation: Conversation) -> None:
        head, _ = await conversation.request()
        heads.append(head)
        await conversation.say(OK)
        await conversation.gone()

    async def test() -> None:
        async with providing(serve) as proxy, through("HTTP_PROXY", proxy) as client:
            await client.send(call(Origin("provider.example", 8000)), whole=True)
        lines = heads[0].split(b"\r\n")
        assert lines[0] == b"POST http://provider.example:8000/v1/messages?beta=true HTTP/1.1"
        assert b"host: provider.example:8000" in lines
        assert b"proxy-authorization: Basic " + base64.b64encode(b"me:secret") in lines

    run(test(), loop)


def saying(data: bytes) -> Answer:
    async def answer(conversation: Conversation, _: bytes) -> None:
        await conversation.say(data)
        await conversation.gone()

    return answer


async def closing(conversation: Conversation, _: bytes) -> None:
    await conversation.say(b"HTTP/1.1 2")


REFUSALS: list[tuple[str, Answer, str]] = [
    ("no credentials", saying(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), "name and password"),
    ("not allowed", saying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"), "403"),
    ("not HTTP", saying(b"SSH-2.0\r\n\r\n"), "not HTTP"),
    ("too long", saying(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 5000 + b"\r\n"), "too long"),
    ("more than a head", saying(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03"), "more than"),
    ("closed", closing, "closed"),
]


@both_loops
@pytest.mark.parametrize(("answer", "hint"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_a_tunnel_that_is_refused(loop: str, answer: Answer, hint: str) -> None:
    async def test() -> None:
        async with tunnelling(answer) as (proxy, _), through("HTTPS_PROXY", proxy) as client:
            with pytest.raises(TransportError) as caught:
                await client.send(call(SECURE), whole=True)
            assert caught.value.kind is ErrorKind.CONNECT_FAILED
            assert hint in str(caught.value.hint)
            assert "secret" not in str(caught.value.hint)
            assert client.stats()[SECURE].open == 0

    run(test(), loop)


async def test_a_proxy_that_is_not_there() -> None:
    async with calling({"ALL_PROXY": "http://127.0.0.1:1"}) as client:
        with pytest.raises(TransportError) as caught:
            await client.send(call(PLAIN), whole=True)
        assert caught.value.kind is ErrorKind.CONNECT_FAILED
