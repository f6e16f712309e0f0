"""Deletes kept replies and conversations when their time is over, once an hour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from plexus.exchange.turns.state import State

log = logging.getLogger(__name__)

HOUR = 3600.0
FIRST = 60.0
"""Seconds to the first sweep after the start, when the database has been opened."""


class Sweeper:
    """``sweep`` gets the times (microseconds since the epoch) before which replies and conversations are over."""

    def __init__(
        self,
        state: State,
        sweep: Callable[[int, int], Awaitable[None]],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._state = state
        self._sweep = sweep
        self._sleep = sleep

    async def run(self) -> None:
        """For ever."""
        await self._sleep(FIRST)
        while True:
            try:
                await self._sweep(self._state.since, self._state.conversations_since)
            except Exception as down:  # noqa: BLE001 - a database that is away is swept later
                log.warning("kept responses were not swept: %s: %s", type(down).__name__, down)
            await self._sleep(HOUR)
