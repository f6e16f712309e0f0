"""A WebSocket, handed through: a handler takes the socket over and speaks another protocol on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import wsproto
from tests.http1.sockets import both_loops, client_of, serving
from tests.http1.wire import run
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Request, TextMessage

from plexus.http1.server import Incoming


class EchoSocket(asyncio.Protocol):
    """The server's end of a WebSocket over a detached transport."""

    def __init__(self, transport: asyncio.Transport, request_head: bytes, closed: Callable[[], None]) -> None:
        self.transport = transport
        self.closed = closed
        self.websocket = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        self.data_received(request_head)

    def data_received(self, data: bytes) -> None:
        self.websocket.receive_data(data)
        for event in self.websocket.events():
            if isinstance(event, Request):
                self.transport.write(self.websocket.send(AcceptConnection()))
            elif isinstance(event, TextMessage):
                self.transport.write(self.websocket.send(TextMessage(data=event.data.upper())))
            elif isinstance(event, BytesMessage):
                self.transport.write(self.websocket.send(BytesMessage(data=bytes(event.data))))
            elif isinstance(event, CloseConnection):
                self.transport.write(self.websocket.send(event.response()))
                self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed()


async def echo_socket(incoming: Incoming) -> None:
    head = b"%b %b HTTP/1.1\r\n" % (incoming.method, incoming.target)
    head += b"".join(b"%b: %b\r\n" % field for field in incoming.headers) + b"\r\n"
    transport, early = incoming.detach()
    over = asyncio.Event()
    protocol = EchoSocket(transport, head, over.set)
    protocol.data_received(early)
    transport.set_protocol(protocol)
    await over.wait()


async def websocket_events(reader: asyncio.StreamReader, websocket: wsproto.WSConnection, count: int) -> list[Event]:
    events = list(websocket.events())
    while len(events) < count:
        data = await reader.read(65536)
        assert data, events
        websocket.receive_data(data)
        events += websocket.events()
    return events


@both_loops
@pytest.mark.parametrize("early", [True, False])
def test_a_websocket_is_handed_through(loop: str, early: bool) -> None:
    async def test() -> None:
        async with serving(echo_socket) as server, client_of(server) as (reader, writer):
            websocket = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
            opening = websocket.send(Request(host="a", target="/socket"))

            if early:  # the first message together with the head, as a client must not, but a network may
                writer.write(opening + bytes([0x81, 0x82, 0, 0, 0, 0]) + b"hi")
                (accepted, text) = await websocket_events(reader, websocket, 2)
            else:
                writer.write(opening)
                (accepted,) = await websocket_events(reader, websocket, 1)
                writer.write(websocket.send(TextMessage(data="hi")))
                (text,) = await websocket_events(reader, websocket, 1)
            assert isinstance(accepted, AcceptConnection)
            assert isinstance(text, TextMessage)
            assert text.data == "HI"
            assert (server.connections, server.tasks) == (0, 1)
            writer.write(websocket.send(BytesMessage(data=b"\0" * 100_000)))
            size = 0
            while size < 100_000:
                for event in await websocket_events(reader, websocket, 1):
                    assert isinstance(event, BytesMessage)
                    size += len(event.data)
            writer.write(websocket.send(CloseConnection(code=1000)))
            (closed,) = await websocket_events(reader, websocket, 1)
            assert isinstance(closed, CloseConnection)
            assert await reader.read() == b""

    run(test(), loop)
