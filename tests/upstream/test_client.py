from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import brotli
import pytest
from tests.upstream.servers import OK, Answer, close, hang, request, reset, serving, then

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.domain.provider import Origin, TlsSettings
from plexus.upstream.client import UpstreamClient

K = ErrorKind
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
CERTIFICATE = Path("tests/http1/certs/localhost.pem")


@pytest.fixture
async def client() -> AsyncIterator[UpstreamClient]:
    client = UpstreamClient()
    yield client
    await client.close()


async def test_a_whole_reply(client: UpstreamClient) -> None:
    async with serving(b"HTTP/1.1 201 Created\r\nX-A: b\r\ncontent-length: 5\r\n\r\nhello") as server:
        reply = await client.send(request(server.origin, body=b'{"a":1}'), whole=True)
        assert (reply.status, reply.headers.get(b"x-a"), await reply.body(100)) == (201, b"b", b"hello")
        (sent,) = server.requests
    assert sent.startswith(b"POST /v1/x HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"accept-encoding: identity\r\n" in sent
    assert sent.endswith(b'content-length: 7\r\n\r\n{"a":1}')


async def test_a_stream_comes_in_pieces(client: UpstreamClient) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in (CHUNKED, b"3\r\nabc\r\n", b"2\r\nde\r\n", b"0\r\n\r\n"):
            writer.write(piece)
            await writer.drain()

    async with serving(answer) as server:
        reply = await client.send(request(server.origin), whole=False)
        pieces = []
        while piece := await reply.chunk():
            pieces.append(piece)
    assert b"".join(pieces) == b"abcde"
    assert client.stats()[server.origin.authority].idle == 1


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
        (CHUNKED + b"0\r\n\r\n", b""),
        (CHUNKED + b"5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", b"hello"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK, b"hi"),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nhi", b"hi"),
    ],
)
async def test_every_framing_leaves_a_connection_that_can_be_used_again(
    client: UpstreamClient, wire: bytes, body: bytes
) -> None:
    async with serving(wire) as server:
        for _ in range(3):
            reply = await client.send(request(server.origin), whole=True)
            assert await reply.body(1000) == body
        assert server.connections == 1
        assert client.stats()[server.origin.authority] == (1, 1)


async def test_a_reply_until_close_ends_with_its_connection(client: UpstreamClient) -> None:
    async with serving(then(b"HTTP/1.1 200 OK\r\n\r\nall of it", close)) as server:
        reply = await client.send(request(server.origin), whole=True)
        assert await reply.body(100) == b"all of it"
        assert server.origin.authority not in client.stats() or client.stats()[server.origin.authority].idle == 0


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (close, K.RESET),
        (reset, K.RESET),
        (then(b"HTTP/1.1 200 OK\r\nconte", close), K.RESET),
        (then(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi", close), K.UPSTREAM_CUT),
        (then(CHUNKED + b"5\r\nhel", reset), K.UPSTREAM_CUT),
        (then(CHUNKED + b"5\r\nhello\r\n", close), K.UPSTREAM_CUT),
        (b"SSH-2.0-OpenSSH\r\n\r\n", K.UPSTREAM_MALFORMED),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nhi", K.UPSTREAM_MALFORMED),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nhi", K.UPSTREAM_MALFORMED),
        (CHUNKED + b"zz\r\n", K.UPSTREAM_MALFORMED),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", K.UPSTREAM_MALFORMED),
    ],
)
async def test_what_a_connection_does_is_typed(client: UpstreamClient, answer: bytes | Answer, kind: ErrorKind) -> None:
    async with serving(answer) as server:
        with pytest.raises(GatewayError) as failed:
            await (await client.send(request(server.origin), whole=True)).body(100)
    assert failed.value.kind is kind
    assert "127.0.0.1" not in failed.value.message
    assert all(stats == (0, 0) for stats in client.stats().values())


async def test_a_kept_connection_that_died_is_replaced_once_at_once(client: UpstreamClient) -> None:
    async with serving(OK, close, OK) as server:
        await (await client.send(request(server.origin), whole=True)).body(10)
        reply = await client.send(request(server.origin), whole=True)
        assert await reply.body(10) == b"hi"
        assert server.connections == 2


async def test_a_second_death_is_an_error(client: UpstreamClient) -> None:
    async with serving(OK, close, close) as server:
        await (await client.send(request(server.origin), whole=True)).body(10)
        with pytest.raises(GatewayError) as failed:
            await client.send(request(server.origin), whole=True)
    assert failed.value.kind is K.RESET


async def test_bytes_that_nobody_asked_for_close_the_connection(client: UpstreamClient) -> None:
    async with serving(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", OK) as server:
        await (await client.send(request(server.origin), whole=True)).body(10)
        reply = await client.send(request(server.origin), whole=True)
        assert await reply.body(10) == b"hi"
        assert server.connections == 2


async def test_nobody_listens(client: UpstreamClient) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        origin = Origin("127.0.0.1", unused.getsockname()[1])
        with pytest.raises(GatewayError) as failed:
            await client.send(request(origin), whole=True)
    assert failed.value.kind is K.CONNECT_FAILED
    assert failed.value.hint is not None
    assert client.stats().get(origin.authority, (0, 0)) == (0, 0)


async def test_a_name_that_does_not_resolve(client: UpstreamClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    with pytest.raises(GatewayError) as failed:
        await client.send(request(Origin("nowhere.invalid", 80)), whole=True)
    assert failed.value.kind is K.DNS_FAILED


async def test_a_listener_that_never_accepts(client: UpstreamClient) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        where = full.getsockname()
        taken = [socket.socket() for _ in range(3)]
        for one in taken:
            one.setblocking(False)
            one.connect_ex(where)
        with pytest.raises(GatewayError) as failed:
            await client.send(request(Origin("127.0.0.1", where[1]), connect_timeout=0.05), whole=True)
        for one in taken:
            one.close()
    assert failed.value.kind is K.CONNECT_TIMEOUT


async def test_no_head_in_time(client: UpstreamClient) -> None:
    async with serving(hang) as server:
        with pytest.raises(GatewayError) as failed:
            await client.send(request(server.origin, first_byte_timeout=0.01), whole=False)
        assert failed.value.kind is K.FIRST_BYTE_TIMEOUT
        await server.closed.wait()


async def test_cancelling_closes_the_connection_at_once(client: UpstreamClient) -> None:
    async with serving(hang) as server:
        task = asyncio.create_task(client.send(request(server.origin), whole=True))
        while not server.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.closed.wait()
        assert client.stats()[server.origin.authority] == (0, 0)


async def test_a_dropped_stream_closes_its_connection(client: UpstreamClient) -> None:
    async with serving(then(CHUNKED + b"1\r\na\r\n", hang)) as server:
        reply = await client.send(request(server.origin), whole=False)
        assert await reply.chunk() == b"a"
        reply.cancel()
        reply.cancel()
        await server.closed.wait()


async def test_a_body_over_the_limit_is_refused(client: UpstreamClient) -> None:
    async with serving(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n" + b"x" * 5000) as server:
        with pytest.raises(GatewayError) as failed:
            await (await client.send(request(server.origin), whole=False)).body(100)
    assert failed.value.kind is K.UPSTREAM_MALFORMED


async def test_a_paused_reader_holds_the_provider_back(client: UpstreamClient) -> None:
    size = 50 * 1024 * 1024
    sent = 0

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        piece = b"x" * 65536
        for _ in range(size // len(piece)):
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    async with serving(flood) as server:
        reply = await client.send(request(server.origin), whole=False)
        before = -1
        while sent != before:
            before = sent
            for _ in range(200):
                await asyncio.sleep(0)
        assert sent < 20 * 1024 * 1024
        received = 0
        while chunk := await reply.chunk():
            received += len(chunk)
        assert received == size


class Collector:
    def __init__(self) -> None:
        self.data_seen: list[bytes] = []
        self.ended = asyncio.Event()
        self.error: GatewayError | None = None

    def data(self, chunk: bytes) -> None:
        self.data_seen.append(chunk)

    def end(self) -> None:
        self.ended.set()

    def failed(self, error: GatewayError) -> None:
        self.error = error
        self.ended.set()


@pytest.mark.parametrize(("after", "kind"), [(b"0\r\n\r\n", None), (b"", K.UPSTREAM_CUT)])
async def test_relaying_by_callbacks_begins_with_what_has_come(
    client: UpstreamClient, after: bytes, kind: ErrorKind | None
) -> None:
    async with serving(then(CHUNKED + b"3\r\nabc\r\n" + b"3\r\ndef\r\n" + after, close)) as server:
        reply = await client.send(request(server.origin), whole=False)
        collector = Collector()
        reply.relay(collector)
        await collector.ended.wait()
    assert b"".join(collector.data_seen) == b"abcdef"
    assert (collector.error.kind if collector.error else None) is kind


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        (b"gzip", gzip.compress(b"hello " * 50, mtime=0)),
        (b"deflate", zlib.compress(b"hello " * 50)),
        (b"br", brotli.compress(b"hello " * 50)),
    ],
    ids=["gzip", "deflate", "br"],
)
async def test_compressed_replies_are_read(client: UpstreamClient, coding: bytes, packed: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: %b\r\ncontent-length: %d\r\n\r\n" % (coding, len(packed))
    async with serving(head + packed) as server:
        reply = await client.send(request(server.origin), whole=True)
        assert await reply.body(1000) == b"hello " * 50


async def test_damaged_compression_is_malformed(client: UpstreamClient) -> None:
    async with serving(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope") as server:
        with pytest.raises(GatewayError) as failed:
            await (await client.send(request(server.origin), whole=True)).body(100)
    assert failed.value.kind is K.UPSTREAM_MALFORMED


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_tls_with_a_named_authority(client: UpstreamClient) -> None:
    async with serving(OK, tls=server_tls()) as server:
        trusted = Origin("localhost", server.origin.port, TlsSettings(ca_file=str(CERTIFICATE)))
        reply = await client.send(request(trusted), whole=True)
        assert await reply.body(10) == b"hi"
        anyone = Origin("localhost", server.origin.port, TlsSettings(verify=False))
        assert await (await client.send(request(anyone), whole=True)).body(10) == b"hi"


async def test_an_unknown_authority_is_a_tls_failure(client: UpstreamClient) -> None:
    async with serving(OK, tls=server_tls()) as server:
        with pytest.raises(GatewayError) as failed:
            await client.send(request(Origin("localhost", server.origin.port, TlsSettings())), whole=True)
    assert failed.value.kind is K.TLS_FAILED


async def proxy(seen: list[bytes]) -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(head)
        if not head.startswith(b"CONNECT"):
            writer.write(OK)
            await reader.read()
            writer.close()
            return
        host, port = head.split(b" ")[1].split(b":")
        other_reader, other_writer = await asyncio.open_connection(host.decode(), int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(4096):
                    sink.write(data)
            finally:
                sink.close()

        await asyncio.gather(pump(reader, other_writer), pump(other_reader, writer), return_exceptions=True)

    return await asyncio.start_server(handle, "127.0.0.1", 0)


async def test_proxies_tunnel_tls_and_forward_plain_http() -> None:
    seen: list[bytes] = []
    listener = await proxy(seen)
    url = f"http://me:p%40ss@127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    client = UpstreamClient({"HTTPS_PROXY": url, "http_proxy": url, "NO_PROXY": "direct.example"})
    async with serving(OK, tls=server_tls()) as server:
        trusted = Origin("localhost", server.origin.port, TlsSettings(ca_file=str(CERTIFICATE)))
        assert await (await client.send(request(trusted), whole=True)).body(10) == b"hi"
    assert await (await client.send(request(Origin("plain.example", 80)), whole=True)).body(10) == b"hi"
    await client.close()
    listener.close()
    for _ in range(20):
        await asyncio.sleep(0)  # both sides of the tunnel see the end
    assert seen[0].startswith(b"CONNECT localhost:")
    assert seen[1].startswith(b"POST http://plain.example/v1/x HTTP/1.1\r\nhost: plain.example\r\n")
    assert all(b"proxy-authorization: Basic bWU6cEBzcw==\r\n" in head for head in seen)
