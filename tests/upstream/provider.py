"""A provider of raw bytes on a real socket."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from plexus.domain.provider import Origin, TlsSettings
from plexus.upstream.client import UpstreamClient
from plexus.upstream.pool import PoolLimits
from plexus.upstream.request import UpstreamRequest

CERTS = Path(__file__).parent / "certs"
AUTHORITY = str(CERTS / "authority.pem")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"


class Conversation:
    """The provider's side of one connection."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        """How many connections came before this one."""
        self.reader = reader
        self.writer = writer

    async def request(self) -> tuple[bytes, bytes]:
        """Head and body of the next request. Raises IncompleteReadError when there is none."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        _, found, rest = head.lower().partition(b"\r\ncontent-length: ")
        return head, await self.reader.readexactly(int(rest.partition(b"\r\n")[0])) if found else b""

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def gone(self) -> None:
        """Wait until the other side has closed."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass

    def reset(self) -> None:
        """Close with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()


Serve = Callable[[Conversation], Awaitable[None]]


class Provider:
    """What the provider has seen."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.port = 0
        self.connections = 0
        self.failures: list[BaseException] = []
        self.tasks: set[asyncio.Task[object] | None] = set()  # a loop holds tasks weakly
        self.tls: TlsSettings | None = None

    @property
    def origin(self) -> Origin:
        return Origin("localhost" if self.tls else "127.0.0.1", self.port, self.tls)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.add(asyncio.current_task())
        number, self.connections = self.connections, self.connections + 1
        try:
            await self.serve(Conversation(number, reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client has gone
        except asyncio.CancelledError:
            pass  # the test is over
        except BaseException as failure:  # noqa: BLE001 - kept for the test
            self.failures.append(failure)
        finally:
            writer.close()


@asynccontextmanager
async def providing(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[Provider]:
    provider = Provider(serve)
    server = await asyncio.start_server(provider.accept, "127.0.0.1", 0, ssl=context)
    provider.port = server.sockets[0].getsockname()[1]
    if context is not None:
        provider.tls = TlsSettings(ca_file=AUTHORITY)
    try:
        yield provider
    finally:
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert provider.failures == []


@asynccontextmanager
async def calling(
    environ: dict[str, str] | None = None, limits: PoolLimits | None = None
) -> AsyncIterator[UpstreamClient]:
    """A client that leaves nothing open."""
    client = UpstreamClient(environ or {}, limits)
    try:
        yield client
    finally:
        await client.close()
        assert {stats.open for stats in client.stats().values()} <= {0}


def call(
    origin: Origin,
    *,
    method: bytes = b"POST",
    body: bytes = b"{}",
    connect_timeout: float = 5.0,
    first_byte_timeout: float | None = None,
) -> UpstreamRequest:
    return UpstreamRequest(
        origin=origin,
        method=method,
        target=b"/v1/messages?beta=true",
        headers=[(b"authorization", b"Bearer key-of-the-test")],
        body=body,
        connect_timeout=connect_timeout,
        first_byte_timeout=first_byte_timeout,
    )


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until ``condition`` holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0)


def nothing_open(client: UpstreamClient) -> bool:
    return all(stats.open == 0 for stats in client.stats().values())


async def greet(conversation: Conversation) -> None:
    """Answer every request with ``OK``."""
    while True:
        await conversation.request()
        await conversation.say(OK)


def server_context(certificate: str = "server.pem", *, client_authority: str | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTS / certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if client_authority is not None:
        context.load_verify_locations(client_authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
