"""The provider: takes calls, follows a transcript if it has one, and remembers what it received."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from plexus.canonical.headers import Headers
from plexus.http1.body import BodyTooLarge
from plexus.http1.incoming import Incoming
from plexus.http1.server import Server
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.director import direct
from plexus.mock_provider.player import Player
from plexus.mock_provider.stage import Stage
from plexus.mock_provider.steps import Step

MAX_BODY = 32 * 1024 * 1024
"""Bytes of a request, as Anthropic limits them."""
_DRAIN_SECONDS = 1.0


class MockProvider:
    """Plays the vendors' APIs.

    ``name`` signs reasoning: another provider's are refused. ``key`` is the only secret accepted, None for any.
    With ``validate=False`` a scripted failure is played even to a request that the vendor would refuse. ``sleep`` takes
    seconds, ``now`` gives epoch seconds. ``keep`` is how many calls are remembered.
    """

    def __init__(
        self,
        *,
        name: str = "mock",
        key: str | None = None,
        validate: bool = True,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
        keep: int = 10_000,
    ) -> None:
        self.calls: deque[MockCall] = deque(maxlen=keep)
        """What was received, oldest first (the last ``keep``)."""
        self.port = 0
        """The port of the last ``serve``."""
        self._received = 0
        self._stage = Stage(issuer=name, key=key, validate=validate)
        self._now = now
        self._steps: deque[Step] = deque()
        self._steps_by_model: dict[str, deque[Step]] = {}
        self._player = Player(sleep, self._wait)
        self._release = asyncio.Event()
        self._pulse = asyncio.Event()

    def script(self, *steps: Step, model: str | None = None) -> None:
        """Queue ``steps`` for the next calls, or for the next calls of ``model`` (which go first). A call that the vendor
        would refuse takes none. Afterwards, calls are answered by their model's name again."""
        queue = self._steps if model is None else self._steps_by_model.setdefault(model, deque())
        queue.extend(steps)

    @property
    def unplayed(self) -> int:
        """Steps that nothing has asked for yet."""
        return len(self._steps) + sum(len(queue) for queue in self._steps_by_model.values())

    def release(self) -> None:
        """Let all calls that are being kept waiting go on."""
        self._release.set()
        self._release = asyncio.Event()

    async def received(self, count: int) -> MockCall:
        """Wait until ``count`` calls in all have come; the last of them."""
        while self._received < count:
            await self._pulse.wait()
        return self.calls[count - 1 - self._received]

    async def stalled(self, count: int = 1) -> None:
        """Wait until ``count`` calls are being kept waiting."""
        while sum(call.waiting for call in self.calls) < count:
            await self._pulse.wait()

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Listen while the block runs; gives the origin, ``http://127.0.0.1:<port>``. Raises OSError."""
        server = Server(self.handle)
        await server.start(host=host, port=port)
        self.port = server.port
        try:
            yield f"http://{f'[{host}]' if ':' in host else host}:{server.port}"
        finally:
            self.release()
            await server.drain(_DRAIN_SECONDS)

    async def handle(self, incoming: Incoming) -> None:
        """Serve one request (a handler of ``http1.Server``)."""
        try:
            body = await incoming.body(MAX_BODY)
        except BodyTooLarge:
            incoming.respond(413, [(b"content-type", b"text/plain")], b"Request exceeds the maximum size")
            return
        call = self._take(incoming, body)
        try:
            script = direct(call, self._stage, int(self._now()), self._next_step)
            await self._player.play(script, incoming, call)
        except asyncio.CancelledError:
            call.disconnected = incoming.gone
            raise
        finally:
            call.end()
            self._beat()

    def _take(self, incoming: Incoming, body: bytes) -> MockCall:
        self._received += 1
        call = MockCall(
            self._received,
            incoming.method.decode("latin-1"),
            incoming.path.decode("latin-1"),
            incoming.query.decode("latin-1"),
            Headers(incoming.headers),
            body,
        )
        self.calls.append(call)
        self._beat()
        return call

    def _next_step(self, model: str) -> Step | None:
        for queue in (self._steps_by_model.get(model), self._steps):
            if queue:
                return queue.popleft()
        return None

    async def _wait(self) -> None:
        self._beat()
        await self._release.wait()

    def _beat(self) -> None:
        """Wake those who wait for something to have happened."""
        self._pulse.set()
        self._pulse = asyncio.Event()


async def serve(
    host: str, port: int, *, provider: MockProvider | None = None, started: Callable[[str], object] | None = None
) -> None:
    """Run a mock provider until cancelled (``plexus mock``). ``started`` gets its origin. Raises OSError."""
    async with (provider or MockProvider()).serve(host, port) as origin:
        if started is not None:
            started(origin)
        await asyncio.Event().wait()
