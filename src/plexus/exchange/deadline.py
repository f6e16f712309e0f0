"""The one time limit over all attempts and the relay of an exchange, kept by a sweep: a timer for each costs 4 µs."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.canonical.headers import Headers
from plexus.domain.provider import Timeouts

FIELD = b"x-plexus-deadline-ms"
SWEEP = 0.1
"""Seconds between two looks: a limit is as exact as this."""


class Deadlines:
    """Cancels the tasks of exchanges whose time is over."""

    def __init__(self) -> None:
        self._running: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None

    def limit(self, timeouts: Timeouts, headers: Headers, *, stream: bool) -> Deadline:
        """A deadline for the current task. The client's ``x-plexus-deadline-ms`` may shorten what is configured."""
        seconds = timeouts.total_stream if stream else timeouts.total
        wish = headers.text(FIELD)
        if wish is not None and wish.isdecimal():
            seconds = min(seconds, int(wish) / 1000)
        return Deadline(self, seconds)

    def add(self, deadline: Deadline, loop: asyncio.AbstractEventLoop) -> None:
        """Watch over ``deadline``."""
        self._running.add(deadline)
        if self._timer is None:
            self._timer = loop.call_later(SWEEP, self._sweep, loop)

    def discard(self, deadline: Deadline) -> None:
        """No longer."""
        self._running.discard(deadline)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for deadline in [each for each in self._running if each.end <= now]:
            deadline.expire()
        self._timer = loop.call_later(SWEEP, self._sweep, loop) if self._running else None


class Deadline:
    """A context manager: what runs in it is cancelled at its end and raises TransportError(DEADLINE)."""

    __slots__ = ("_deadlines", "_expired", "_loop", "_seconds", "_task", "end")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self._deadlines = deadlines
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._expired = False
        self.end = 0.0

    def left(self) -> float:
        """Seconds that are left."""
        return self.end - self._loop.time()

    def expire(self) -> None:
        """The time is over."""
        self._expired = True
        self._deadlines.discard(self)
        if self._task is not None:
            self._task.cancel()

    def __enter__(self) -> Self:
        self.end = self._loop.time() + self._seconds
        self._task = asyncio.current_task()
        self._deadlines.add(self, self._loop)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, failure: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._deadlines.discard(self)
        if self._expired and isinstance(failure, asyncio.CancelledError):
            if self._task is not None:
                self._task.uncancel()
            raise TransportError(ErrorKind.DEADLINE, f"No complete reply within {self._seconds:g} seconds.") from None
