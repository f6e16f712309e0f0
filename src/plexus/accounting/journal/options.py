"""How a journal behaves, and how it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalOptions:
    """Sizes in bytes, times in seconds. Tests pass their own ``sleep``."""

    segment_bytes: int = 8 * 1024 * 1024
    """A segment that has grown beyond this is followed by a new one."""
    batch: int = 500
    """Records that are drained at once."""
    linger: float = 0.2
    """How long the first record of a batch waits for others."""
    sync_every: float = 1.0
    """Between two fsyncs, and between two tries to write to a disk that failed."""
    backoff: float = 0.2
    """Before the second try of a batch that the database did not take; doubles from there."""
    backoff_limit: float = 30.0
    remembered: int = 4096
    """Undrained records that are also kept in memory, for readers and to spare the drainer the way over the disk."""
    unwritten_limit: int = 10_000
    """Records that are kept in memory while the disk fails; beyond it the oldest is lost, and counted."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalState:
    """Counts for metrics and health. ``pending`` and ``unwritten`` are of now, the others since the start."""

    pending: int
    """Records that have not reached the database."""
    unwritten: int
    """Those of them that are only in memory, because the disk failed."""
    lost: int
    """Records that neither disk nor memory could hold."""
    drained: int
    interrupted: int
    """Exchanges that an earlier process left open."""
    set_aside: int
    """Lines that could not be read, or that the database refused: they are in ``set-aside.jsonl``."""
    disk_failures: int
    drain_failures: int
    draining: bool
    """False while the database does not take records."""
