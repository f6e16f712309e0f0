"""Runs an ASGI 3 application behind the server (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from plexus.http1.body import BodyIncomplete
from plexus.http1.server import Handler, Incoming

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def asgi_handler(app: AsgiApp, *, scheme: str = "http") -> Handler:
    """A handler that serves ``app``."""

    async def handle(incoming: Incoming) -> None:
        cycle = _Cycle(incoming)
        await app(_scope(incoming, scheme), cycle.receive, cycle.send)
        if incoming.started and not incoming.finished:
            incoming.abort()  # the application ended in the middle of its body

    return handle


def _scope(incoming: Incoming, scheme: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1" if incoming.http11 else "1.0",
        "method": incoming.method.decode("ascii"),
        "scheme": scheme,
        "path": unquote(incoming.path.decode("ascii")),
        "raw_path": incoming.path,
        "query_string": incoming.query,
        "root_path": "",
        "headers": incoming.headers,
        "client": (incoming.peer, 0),
        "server": None,
        "state": {},
    }


class _Cycle:
    """One request and reply, between ASGI's messages and ours."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._start: Message | None = None
        self._body_sent = False

    async def receive(self) -> Message:
        incoming = self._incoming
        if self._body_sent:
            # The next message can only be the disconnect. A client that goes away cancels this task, so wait for that.
            if not incoming.gone:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        try:
            chunk = await incoming.chunk()
        except BodyIncomplete:
            return {"type": "http.disconnect"}
        self._body_sent = not chunk or (incoming.body_complete and not incoming.chunks)
        return {"type": "http.request", "body": chunk, "more_body": not self._body_sent}

    async def send(self, message: Message) -> None:
        incoming = self._incoming
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            raise ValueError(f"unexpected message {message['type']!r}")
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            fields = [(name.lower(), value) for name, value in start.get("headers", [])]
            if not more:
                kept = [field for field in fields if field[0] not in (b"content-length", b"date", b"connection")]
                incoming.respond(start["status"], kept, body)
                return
            incoming.start(start["status"], fields)
        incoming.write(body)
        if not more:
            incoming.end()
        elif incoming.full:
            await self._writable()

    async def _writable(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not waiter.done():
                waiter.set_result(None)

        self._incoming.when_writable(wake)
        await waiter


@asynccontextmanager
async def lifespan(app: AsgiApp) -> AsyncIterator[None]:
    """Run the application's start-up and shut-down around the block. Raises RuntimeError when start-up fails."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    await to_app.put({"type": "lifespan.startup"})
    task = asyncio.ensure_future(
        app(
            {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.4"}, "state": {}},
            to_app.get,
            from_app.put,
        )
    )
    try:
        reply = await _reply_or_end(task, from_app)
        if reply is not None and reply["type"] == "lifespan.startup.failed":
            raise RuntimeError(reply.get("message", "the application failed to start"))
        yield
        if reply is not None:
            await to_app.put({"type": "lifespan.shutdown"})
            await _reply_or_end(task, from_app)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _reply_or_end(task: asyncio.Future[None], from_app: asyncio.Queue[Message]) -> Message | None:
    """The application's next message; None when it has none (it does not support lifespan)."""
    waiting = asyncio.ensure_future(from_app.get())
    both: set[asyncio.Future[Any]] = {task, waiting}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    return None
