"""Runs an ASGI 3 application behind the server (https://asgi.readthedocs.io, HTTP specification 2.4, lifespan 2.0)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote_to_bytes

from plexus.http1.body import BodyIncomplete
from plexus.http1.incoming import Incoming
from plexus.http1.server import Handler

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]  # the specification's own untyped dictionaries
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

VERSIONS = {"version": "3.0", "spec_version": "2.4"}
OURS = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"date"})
"""Fields of a reply that are the server's business."""


def asgi_handler(app: ASGIApp, *, scheme: str = "http", state: Mapping[str, Any] | None = None) -> Handler:
    """A handler that runs ``app`` for each request; ``state`` is what ``lifespan`` gave.

    A client that goes away cancels the application's task; ``receive`` tells ``http.disconnect`` where the application
    waits for the body, or after its reply; ``send`` to a client that is gone raises OSError, as the specification says.
    """

    async def handle(incoming: Incoming) -> None:
        exchange = _Exchange(incoming)
        try:
            await app(_scope(incoming, scheme, state), exchange.receive, exchange.send)
        finally:
            exchange.over.set()

    return handle


def _scope(incoming: Incoming, scheme: str, state: Mapping[str, Any] | None) -> MutableMapping[str, Any]:
    scope: MutableMapping[str, Any] = {
        "type": "http",
        "asgi": VERSIONS,
        "http_version": "1.1" if incoming.http11 else "1.0",
        "method": incoming.method.decode("ascii"),
        "scheme": scheme,
        "path": unquote_to_bytes(incoming.path).decode("utf-8", "replace"),
        "raw_path": incoming.path,
        "query_string": incoming.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in incoming.headers],
        "client": (incoming.peer, 0) if incoming.peer else None,
        "server": None,
    }
    if state is not None:
        scope["state"] = dict(state)
    return scope


class _Exchange:
    """The application's two callables for one request."""

    def __init__(self, incoming: Incoming) -> None:
        self.over = asyncio.Event()  # the reply is complete, or the application has ended
        self._incoming = incoming
        self._body_read = False
        self._head: tuple[int, list[tuple[bytes, bytes]]] | None = None

    async def receive(self) -> Message:
        incoming = self._incoming
        if self._body_read or self.over.is_set():
            await self.over.wait()
            return {"type": "http.disconnect"}
        try:
            piece = await incoming.chunk()
        except BodyIncomplete:
            return {"type": "http.disconnect"}
        self._body_read = incoming.whole and not incoming.unread
        return {"type": "http.request", "body": piece, "more_body": not self._body_read}

    async def send(self, message: Message) -> None:
        incoming = self._incoming
        if incoming.gone:
            raise ConnectionResetError("the client is gone")
        kind = message["type"]
        if kind == "http.response.start" and self._head is None and not incoming.started:
            fields = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
            self._head = message["status"], [field for field in fields if field[0].lower() not in OURS]
        elif kind == "http.response.body" and (self._head is not None or incoming.started) and not incoming.finished:
            more = bool(message.get("more_body", False))
            self._send_body(bytes(message.get("body", b"")), more=more)
            if not more:
                self.over.set()
            elif incoming.full:
                await self._room()
        else:
            raise RuntimeError(f"{kind} is not what comes next")

    def _send_body(self, body: bytes, *, more: bool) -> None:
        incoming = self._incoming
        if self._head is not None:
            (status, fields), self._head = self._head, None
            lengths = [value for name, value in fields if name.lower() == b"content-length"]
            if not more and incoming.method != b"HEAD" and status != 304 and lengths in ([], [b"%d" % len(body)]):
                incoming.respond(status, [field for field in fields if field[0].lower() != b"content-length"], body)
                return
            incoming.start(status, fields)
        incoming.write(body)
        if not more:
            incoming.end()

    async def _room(self) -> None:
        room = asyncio.Event()
        self._incoming.when_writable(room.set)
        await room.wait()


@asynccontextmanager
async def lifespan(app: ASGIApp) -> AsyncIterator[dict[str, Any]]:
    """Run ``app``'s start-up before the block and its shut-down after it; the block gets the state for ``asgi_handler``.

    Raises RuntimeError when the start-up fails. An application that does not know lifespan just runs without. A
    shut-down that fails is logged.
    """
    state: dict[str, Any] = {}
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message | None] = asyncio.Queue()

    async def live() -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
        try:
            await app(scope, to_app.get, from_app.put)
        except Exception as error:  # noqa: BLE001 - the specification: whatever it raises means that it has no lifespan
            log.debug("the application left its lifespan: %r", error)
        finally:
            from_app.put_nowait(None)

    task = asyncio.get_running_loop().create_task(live())
    try:
        to_app.put_nowait({"type": "lifespan.startup"})
        answer = await from_app.get()
        if answer is not None and answer["type"] == "lifespan.startup.failed":
            raise RuntimeError(f"the application failed to start: {answer.get('message', '')}")
        yield state
        if answer is not None:
            to_app.put_nowait({"type": "lifespan.shutdown"})
            last = await from_app.get()
            if last is None or last["type"] != "lifespan.shutdown.complete":
                log.error("the application failed to shut down: %s", (last or {}).get("message", ""))
    finally:
        task.cancel()
        await asyncio.wait([task])
