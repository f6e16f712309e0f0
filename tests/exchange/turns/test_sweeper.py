"""The sweep."""

from __future__ import annotations

import asyncio

import pytest
from tests.exchange.turns.making import state_of

from plexus.domain.snapshot import Retention
from plexus.exchange.turns.sweeper import FIRST, HOUR, Sweeper

DAY = 86400 * 1_000_000


async def test_it_sweeps_every_hour_and_outlives_a_database_that_is_down() -> None:
    waits, swept = list[float](), list[tuple[int, int]]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise asyncio.CancelledError

    async def sweep(responses: int, conversations: int) -> None:
        swept.append((responses, conversations))
        raise ConnectionError("down")

    state = state_of(None, retention=Retention(responses_days=10, conversations_days=20))
    with pytest.raises(asyncio.CancelledError):
        await Sweeper(state, sweep, sleep=sleep).run()
    assert waits == [FIRST, HOUR, HOUR]
    assert swept == [(90 * DAY, 80 * DAY)] * 2
