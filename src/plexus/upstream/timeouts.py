"""Time limits of many calls under one timer: setting one costs a dictionary look-up, not a timer of the loop."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final, Protocol

TICK: Final = 0.05
"""Seconds between two looks. A limit is met at most this much, and a turn of the loop, late; never early."""


class Watched(Protocol):
    """Something that waits."""

    due: set[Watched] | None
    """Where it is listed while it waits; belongs to ``Deadlines``."""

    def overdue(self) -> float | None:
        """The time is up. Seconds to watch on, or None when that was the end."""


class Deadlines:
    """A wheel: everything that is due in the same tick stands in one set. The timer runs only while something waits."""

    __slots__ = ("_loop", "_now", "_running_loop", "_started", "_ticks", "_timer", "_watched")

    def __init__(self, running_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.get_running_loop) -> None:
        self._running_loop = running_loop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticks: dict[int, set[Watched]] = {}
        self._watched = 0
        self._started = 0.0  # the loop's time at tick 0
        self._now = 0  # the tick up to which everything has been seen to
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, entry: Watched, seconds: float) -> None:
        """Call ``entry.overdue`` in ``seconds``, unless it is released before. Needs a running loop."""
        if self._timer is None:
            self._wake()
        tick = self._now + math.ceil(seconds / TICK) + 1  # the tick under way has partly gone
        due = self._ticks.get(tick)
        if due is None:
            due = self._ticks[tick] = set()
        due.add(entry)
        entry.due = due
        self._watched += 1

    def release(self, entry: Watched) -> None:
        """Forget ``entry``; nothing when it is not watched."""
        due = entry.due
        if due is not None:
            due.discard(entry)
            entry.due = None
            self._watched -= 1

    def close(self) -> None:
        """Forget everything."""
        for due in self._ticks.values():
            for entry in due:
                entry.due = None
        self._ticks.clear()
        self._watched = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._loop = loop = self._running_loop()
        self._started, self._now = loop.time(), 0
        self._timer = loop.call_later(TICK, self._tick)

    def _tick(self) -> None:
        loop = self._loop
        assert loop is not None
        now = int((loop.time() - self._started) / TICK)
        for tick in range(self._now + 1, now + 1):
            self._now = tick
            due = self._ticks.pop(tick, None)
            if due:
                self._expire(due)
        if self._watched:
            self._timer = loop.call_later(TICK, self._tick)
        else:
            self._ticks.clear()
            self._timer = None

    def _expire(self, due: set[Watched]) -> None:
        for entry in tuple(due):
            if entry.due is not due:  # released by one that was due before it
                continue
            self.release(entry)
            more = entry.overdue()
            if more is not None:
                self.watch(entry, more)
