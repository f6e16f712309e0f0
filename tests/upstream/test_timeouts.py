from __future__ import annotations

import asyncio
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from plexus.upstream.timeouts import TICK, Deadlines, Watched


class Clock:
    """A loop with nothing but timers, whose time passes by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, object]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: object) -> Clock:
        self.timers.append((self.now + delay, callback))
        return self

    def cancel(self) -> None:
        self.timers.clear()

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while self.timers and self.timers[0][0] <= end:
            at, callback = self.timers.pop(0)
            self.now = max(self.now, at)
            assert callable(callback)
            callback()
        self.now = end

    def block(self, seconds: float) -> None:
        """Something keeps the loop busy: timers come late."""
        self.now += seconds


class Entry:
    def __init__(self, clock: Clock, again: list[float] | None = None) -> None:
        self.clock = clock
        self.again = again or []
        self.due: set[Watched] | None = None
        self.fired: list[float] = []

    def overdue(self) -> float | None:
        self.fired.append(self.clock.now)
        return self.again.pop(0) if self.again else None


def deadlines_on(clock: Clock) -> Deadlines:
    return Deadlines(lambda: cast("asyncio.AbstractEventLoop", clock))


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.01, 20)), min_size=1, max_size=6))
def test_never_early_and_hardly_late(waits: list[tuple[float, float]]) -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    entries = []
    for pause, seconds in waits:
        clock.pass_time(pause)
        entry = Entry(clock)
        entries.append((clock.now + seconds, entry))
        deadlines.watch(entry, seconds)
    clock.pass_time(30)
    for due, entry in entries:
        (fired,) = entry.fired
        assert due - 1e-6 <= fired <= due + 3 * TICK


def test_a_released_entry_does_not_fire_and_the_timer_ends() -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    entry = Entry(clock)
    deadlines.watch(entry, 1)
    assert len(clock.timers) == 1
    deadlines.release(entry)
    deadlines.release(entry)
    clock.pass_time(10)
    assert entry.fired == []
    assert clock.timers == []


def test_one_timer_for_all() -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    for _ in range(100):
        deadlines.watch(Entry(clock), 1)
    assert len(clock.timers) == 1


def test_an_entry_can_ask_for_more_time() -> None:
    clock = Clock()
    entry = Entry(clock, again=[1.0, 0.5])
    deadlines_on(clock).watch(entry, 1)
    clock.pass_time(10)
    assert len(entry.fired) == 3
    assert clock.timers == []


def test_one_that_is_due_can_release_another() -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    entries: list[Entry] = []

    class Releasing(Entry):
        def overdue(self) -> float | None:
            for entry in entries:
                deadlines.release(entry)
            return super().overdue()

    entries += [Releasing(clock), Releasing(clock)]
    for entry in entries:
        deadlines.watch(entry, 1)
    clock.pass_time(10)
    assert sorted(len(entry.fired) for entry in entries) == [0, 1]


def test_a_loop_that_was_blocked_catches_up() -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    entries = [Entry(clock) for _ in range(3)]
    for seconds, entry in enumerate(entries, start=1):
        deadlines.watch(entry, seconds)
    clock.block(2.5)
    clock.pass_time(0)
    assert [len(entry.fired) for entry in entries] == [1, 1, 0]


def test_after_close_nothing_fires() -> None:
    clock = Clock()
    deadlines = deadlines_on(clock)
    entry = Entry(clock)
    deadlines.watch(entry, 1)
    deadlines.close()
    clock.pass_time(10)
    deadlines.release(entry)
    assert entry.fired == []
    assert entry.due is None
    deadlines.close()


async def test_on_a_real_loop() -> None:
    fired = asyncio.Event()

    class Signal:
        due: set[Watched] | None = None

        def overdue(self) -> float | None:
            fired.set()
            return None

    deadlines = Deadlines()
    deadlines.watch(Signal(), 0.01)
    await fired.wait()
    deadlines.close()
