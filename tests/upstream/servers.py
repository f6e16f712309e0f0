"""Small servers that answer with given bytes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from plexus.domain.provider import Origin, TlsSettings
from plexus.upstream.request import UpstreamRequest

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """The head and body of one request with a content-length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    return head + await reader.readexactly(length)


class Server:
    """Answers each request of each connection with the next of ``answers``; the last one stays."""

    def __init__(self, *answers: bytes | Answer) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = asyncio.Event()
        self.running: set[asyncio.Task[None]] = set()
        self.transports: list[asyncio.WriteTransport] = []
        self.origin = Origin("127.0.0.1", 0)

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.transports.append(writer.transport)
        task = asyncio.get_running_loop().create_task(self._handle(reader, writer))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.requests.append(await read_request(reader))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed.set()
            writer.close()


@asynccontextmanager
async def serving(*answers: bytes | Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(*answers)
    listener = await asyncio.start_server(server.connected, "127.0.0.1", 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    server.origin = Origin("localhost" if tls else "127.0.0.1", port, TlsSettings() if tls else None)
    try:
        yield server
    finally:
        listener.close()
        for _ in range(5):
            await asyncio.sleep(0)  # connections that are being accepted
        for task in server.running:
            task.cancel()
        await asyncio.gather(*server.running, return_exceptions=True)
        for transport in server.transports:
            transport.abort()  # what is unsent must not keep the socket open
        await asyncio.sleep(0)


def request(origin: Origin, **members: Any) -> UpstreamRequest:
    values: dict[str, Any] = {"target": b"/v1/x", "headers": [(b"content-type", b"application/json")], "body": b"{}"}
    return UpstreamRequest(origin=origin, **{**values, **members})


async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def then(first: bytes, after: Answer) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        await writer.drain()
        await after(reader, writer)

    return answer
