"""A server on a real socket, and its client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.http1.wire import LOOPS, read_replies

from plexus.http1.limits import Limits
from plexus.http1.server import Handler, Server

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
both_loops = pytest.mark.parametrize("loop", list(LOOPS))


@asynccontextmanager
async def serving(handler: Handler, limits: Limits | None = None) -> AsyncIterator[Server]:
    server = Server(handler, limits=limits or Limits())
    await server.start(host="127.0.0.1", port=0)
    try:
        yield server
    finally:
        await server.drain(0)
        assert server.connections == server.tasks == 0


@asynccontextmanager
async def client_of(server: Server) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def call(streams: Streams, data: bytes, method: str = "GET") -> bytes:
    """Send, and read until h11 says that the reply is complete."""
    reader, writer = streams
    writer.write(data)
    got = b""
    while not got or not read_replies(got, method)[0].complete:
        more = await reader.read(65536)
        assert more, got
        got += more
    return got
