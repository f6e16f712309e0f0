from __future__ import annotations

import asyncio

import pytest
from tests.http1.wire import FakeTransport

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.domain.provider import Origin
from plexus.http1.client import ClientConnection
from plexus.upstream.pool import Pool, PoolLimits, PoolStats


def make_pool(**limits: float | None) -> Pool:
    return Pool(Origin("provider.example", 80), None, PoolLimits(**limits), 0.0)  # type: ignore[arg-type]


async def opened(pool: Pool) -> ClientConnection:
    assert await pool.slot() is None
    connection = ClientConnection(pool.lost)
    connection.connection_made(FakeTransport(connection))
    pool.opened(connection)
    return connection


async def test_the_last_one_used_is_used_next() -> None:
    pool = make_pool()
    one, two = await opened(pool), await opened(pool)
    pool.give(one)
    pool.give(two)
    assert pool.stats == PoolStats(open=2, idle=2)
    assert [pool.take(), pool.take(), pool.take()] == [two, one, None]
    assert pool.stats == PoolStats(open=2, idle=0)


async def test_a_dead_one_is_neither_kept_nor_given_out() -> None:
    pool = make_pool()
    one, two = await opened(pool), await opened(pool)
    one.abort()
    pool.give(one)
    pool.give(two)
    two.eof_received()
    assert pool.take() is None
    await asyncio.sleep(0)
    assert pool.stats == PoolStats(open=1, idle=0)


async def test_one_that_dies_while_idle_is_forgotten() -> None:
    pool = make_pool()
    one = await opened(pool)
    pool.give(one)
    one.connection_lost(None)
    assert pool.stats == PoolStats(open=0, idle=0)
    assert pool.unused


async def test_one_that_dies_before_it_is_opened_holds_no_slot() -> None:
    pool = make_pool(max_connections=1)
    assert await pool.slot() is None
    connection = ClientConnection(pool.lost)
    connection.connection_made(FakeTransport(connection))
    connection.connection_lost(None)
    pool.opened(connection)
    assert pool.unused


async def test_only_so_many_are_kept() -> None:
    pool = make_pool(max_idle=1)
    one, two = await opened(pool), await opened(pool)
    pool.give(one)
    pool.give(two)
    await asyncio.sleep(0)
    assert pool.stats == PoolStats(open=1, idle=1)
    assert not two.idle


async def test_the_old_ones_are_closed() -> None:
    pool = make_pool(idle_seconds=55)
    one, two = await opened(pool), await opened(pool)
    pool.give(one)
    pool.prune(30)
    pool.give(two)
    pool.prune(56)
    await asyncio.sleep(0)
    assert (one.lost, two.lost) == (True, False)
    pool.prune(85)
    await asyncio.sleep(0)
    assert pool.unused


async def test_who_waits_is_handed_what_becomes_free_in_order() -> None:
    pool = make_pool(max_connections=1)
    one = await opened(pool)
    first, second = asyncio.create_task(pool.slot()), asyncio.create_task(pool.slot())
    await asyncio.sleep(0)
    assert not pool.unused
    pool.give(one)
    assert await first is one
    await asyncio.sleep(0)
    assert not second.done()
    one.connection_lost(None)
    assert await second is None
    pool.unopened()
    assert pool.unused


async def test_a_slot_that_is_not_used_goes_to_the_next() -> None:
    pool = make_pool(max_connections=1)
    assert await pool.slot() is None
    waiting = asyncio.create_task(pool.slot())
    await asyncio.sleep(0)
    pool.unopened()
    assert await waiting is None
    assert pool.stats.open == 1


@pytest.mark.parametrize("handed", ["a connection", "a slot", "nothing"])
async def test_what_was_handed_to_one_who_left_goes_to_the_next(handed: str) -> None:
    pool = make_pool(max_connections=1)
    one = await opened(pool)
    leaving, staying = asyncio.create_task(pool.slot()), asyncio.create_task(pool.slot())
    await asyncio.sleep(0)
    if handed == "a connection":
        pool.give(one)
    elif handed == "a slot":
        one.connection_lost(None)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    if handed == "nothing":
        pool.give(one)
    assert await staying is (None if handed == "a slot" else one)
    assert pool.stats.open == 1


async def test_waiting_ends() -> None:
    pool = make_pool(max_connections=1, slot_seconds=0.01)
    await opened(pool)
    with pytest.raises(TransportError) as caught:
        await pool.slot()
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert caught.value.hint == "provider.example: all 1 connections were busy"


async def test_closing_ends_waiting_and_all_connections() -> None:
    pool = make_pool(max_connections=2)
    one, two = await opened(pool), await opened(pool)
    pool.give(two)
    assert pool.take() is two
    waiting = asyncio.create_task(pool.slot())
    await asyncio.sleep(0)
    pool.give(one)  # handed over, not taken up yet
    late = asyncio.create_task(pool.slot())
    await asyncio.sleep(0)
    await pool.close()
    assert await waiting is one
    with pytest.raises(TransportError) as caught:
        await late
    assert caught.value.kind is ErrorKind.SHUTTING_DOWN
    assert pool.unused
    await pool.close()
