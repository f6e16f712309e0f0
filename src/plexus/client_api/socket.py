"""Responses over a WebSocket: ``GET /v1/responses`` upgraded. Each ``response.create`` is an exchange of its own.

Replies of one lane (``stream_id``; most clients have the one without a name) follow each other, lanes run side by side. What
a reply said is remembered for the next one, also where nothing is stored, until the connection ends
(https://developers.openai.com/api/docs/guides/websocket-mode).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, TransportError
from plexus.canonical.headers import Headers
from plexus.client_api.errors import answer_error
from plexus.client_api.query import read_query
from plexus.client_api.socket_memory import LaneMemory, Memory
from plexus.client_api.socket_sink import SocketSink
from plexus.exchange.authenticate import authenticate
from plexus.exchange.call import AnyCodec, Call
from plexus.exchange.exchange import new_id
from plexus.exchange.gateway import Gateway
from plexus.exchange.pipeline import run
from plexus.http1.server import Incoming
from plexus.http1.websocket import CloseCode, SocketLimits, WebSocket, accept
from plexus.protocols import envelope
from plexus.protocols.openai_responses.socket import Create, read_create, read_lane

KEY_PREFIX = "openai-insecure-api-key."
"""How a browser, which can set no header, sends its key: as a subprotocol (OpenAI's way)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """Counts and seconds. OpenAI's, but for the last."""

    life: float = 3600.0
    running: int = 16
    """Replies at a time, over all lanes; more wait."""
    lanes: int = 32
    """Lanes with a name."""
    waiting: int = 64
    """Messages that wait for their turn; with more, nothing is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the calls of one connection have in common."""

    codec: AnyCodec
    headers: Headers
    peer: str
    query: Mapping[str, str]
    raw_query: bytes


@dataclass(slots=True)
class Lane:
    """Replies that follow each other."""

    name: str | None
    waiting: deque[Create] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """Why no more replies are begun: what a client is told that asks for one, and how the connection ends."""

    error: GatewayError
    code: int
    told: bool
    """The client is told in any case."""


DEFAULT_LIMITS = SessionLimits()


async def serve_socket(
    incoming: Incoming, codec: AnyCodec, gateway: Gateway, limits: SessionLimits | None = None
) -> None:
    """Serve a connection to its end. A key that is not known is a plain 401 to the upgrade."""
    snapshot = gateway.snapshot()
    query, raw_query = read_query(incoming.query)
    caller = Caller(codec=codec, headers=socket_headers(incoming), peer=incoming.peer, query=query, raw_query=raw_query)
    try:
        authenticate(caller.headers, caller.query, snapshot, gateway.digest)
    except GatewayError as error:
        gateway.counters.refused += 1
        answer_error(incoming, error, new_id(), caller.codec)
        return
    of_socket = SocketLimits(max_message_bytes=snapshot.max_body_bytes)
    socket = accept(incoming, subprotocol=_spoken(incoming), limits=of_socket)
    if socket is not None:
        session = Session(socket, caller, gateway, limits or DEFAULT_LIMITS)
        incoming.when_draining(session.leave)
        await session.run()


class Session:
    """One connection."""

    def __init__(self, socket: WebSocket, caller: Caller, gateway: Gateway, limits: SessionLimits) -> None:
        self._socket = socket
        self._caller = caller
        self._gateway = gateway
        self._limits = limits
        self._memory = Memory(gateway.snapshot().max_body_bytes)
        self._lanes: dict[str | None, Lane] = {}
        self._slots = asyncio.Semaphore(limits.running)
        self._waiting = 0
        self._room = asyncio.Event()
        self._room.set()
        self._ending: Ending | None = None

    async def run(self) -> None:
        """Until one side closes. Replies that nobody waits for any more are cancelled."""
        socket = self._socket
        loop = asyncio.get_running_loop()
        life = loop.call_later(self._limits.life, self._grow_old)
        socket.when_lost(self._cancel)
        try:
            while (message := await socket.receive()) is not None:
                self._take(message)
                await self._room.wait()
            await socket.wait_closed()
        finally:
            life.cancel()
            self._cancel()
            tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
            if tasks:
                await asyncio.wait(tasks)
            socket.when_lost(None)
            socket.close(CloseCode.SERVICE_RESTART)  # where it is not closed yet: this task was cancelled

    def _cancel(self) -> None:
        self._room.set()
        for lane in self._lanes.values():
            lane.waiting.clear()
            if lane.task is not None:
                lane.task.cancel()

    # --- the end

    def leave(self) -> None:
        """The gateway stops: what runs is finished, nothing more is begun."""
        error = TransportError(ErrorKind.SHUTTING_DOWN, "The gateway is stopping. Connect again.", retry_after=1.0)
        self._end(Ending(error, CloseCode.SERVICE_RESTART, told=False))

    def _grow_old(self) -> None:
        minutes = round(self._limits.life / 60)
        error = ClientError(
            ErrorKind.BAD_REQUEST,
            f"Responses websocket connection limit reached ({minutes} minutes). "
            "Create a new websocket connection to continue.",
            code="websocket_connection_limit_reached",
        )
        self._end(Ending(error, CloseCode.NORMAL_CLOSURE, told=True))

    def _end(self, ending: Ending) -> None:
        if self._ending is None:
            self._ending = ending
            self._settle()

    def _settle(self) -> None:
        """Close, where that is due and nothing runs."""
        ending = self._ending
        if ending is None or any(lane.task is not None for lane in self._lanes.values()):
            return
        if ending.told:
            self._refuse(ending.error, None)
        self._socket.close(ending.code)

    # --- messages

    def _take(self, message: bytes) -> None:
        lane = None
        try:
            members = envelope.read(message)
            lane = read_lane(members)
            create = read_create(members)
            if create is not None:
                if self._ending is not None:
                    raise self._ending.error
                self._queue(create, lane)
        except GatewayError as error:
            self._refuse(error, lane)

    def _refuse(self, error: GatewayError, lane: str | None) -> None:
        request_id = new_id()
        reply = self._caller.codec.encode_error(error, request_id)
        fields = [*reply.headers, (b"x-request-id", request_id.encode())]
        SocketSink(self._socket, lane).send(reply.status, fields, reply.body)

    def _queue(self, create: Create, name: str | None) -> None:
        lane = self._lanes.get(name)
        if lane is None:
            if name is not None and len(self._lanes.keys() - {None}) >= self._limits.lanes:
                raise ClientError(
                    ErrorKind.BAD_REQUEST,
                    "This WebSocket connection has reached its maximum number of distinct stream IDs "
                    f"({self._limits.lanes}). Reuse an existing stream_id or open a new WebSocket connection.",
                    param="stream_id",
                    code="websocket_stream_limit_reached",
                )
            lane = self._lanes[name] = Lane(name)
        lane.waiting.append(create)
        self._count(1)
        if lane.task is None:
            lane.task = asyncio.get_running_loop().create_task(self._serve(lane))

    def _count(self, more: int) -> None:
        self._waiting += more
        if self._waiting < self._limits.waiting:
            self._room.set()
        else:
            self._room.clear()

    # --- replies

    async def _serve(self, lane: Lane) -> None:
        try:
            while lane.waiting:
                async with self._slots:
                    create = lane.waiting.popleft()
                    self._count(-1)
                    if self._ending is None:
                        await self._exchange(create, lane.name)
                    else:
                        self._refuse(self._ending.error, lane.name)
        finally:
            lane.task = None
            self._settle()

    async def _exchange(self, create: Create, lane: str | None) -> None:
        caller = self._caller

        async def read_body(limit: int) -> bytes:
            del limit  # the socket's own is the same
            return create.body.raw

        call = Call(
            codec=caller.codec,
            headers=caller.headers,
            peer=caller.peer,
            read_body=read_body,
            query=caller.query,
            raw_query=caller.raw_query,
            generate=create.generate,
            memory=LaneMemory(self._memory, lane),
        )
        await run(call, SocketSink(self._socket, lane), self._gateway)


def socket_headers(incoming: Incoming) -> Headers:
    """The headers of the calls of a connection: those of the upgrade, the key as a header, and no word to the provider about
    a WebSocket that ends here."""
    fields = []
    for name, value in incoming.headers:
        lower = name.lower()
        if lower == b"openai-beta":
            betas = [beta for beta in value.split(b",") if not beta.strip().startswith(b"responses_websockets")]
            if betas:
                fields.append((name, b",".join(betas)))
        elif lower != b"sec-websocket-protocol":
            fields.append((name, value))
    key = next((word.removeprefix(KEY_PREFIX) for word in _offered(incoming) if word.startswith(KEY_PREFIX)), None)
    if key is not None:
        fields.append((b"x-api-key", key.encode("latin-1")))
    return Headers(fields)


def _offered(incoming: Incoming) -> list[str]:
    """The subprotocols that the client offers."""
    values = Headers(incoming.headers).all(b"sec-websocket-protocol")
    return [word.strip() for value in values for word in value.decode("latin-1").split(",") if word.strip()]


def _spoken(incoming: Incoming) -> str | None:
    """The first that is no secret; a browser that offers some breaks off when none is taken."""
    return next((word for word in _offered(incoming) if not word.startswith("openai-")), None)
