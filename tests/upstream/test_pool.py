from __future__ import annotations

import asyncio

import pytest
from tests.http1.wire import FakeTransport

from plexus.http1.client import ClientConnection
from plexus.upstream.pool import IDLE_SECONDS, Pool


def opened(pool: Pool) -> ClientConnection:
    """A connection that is in use."""
    connection = ClientConnection()
    connection.connection_made(FakeTransport(connection))
    pool.opened += 1
    return connection


async def test_the_last_one_used_is_used_next() -> None:
    pool = Pool()
    one, two = opened(pool), opened(pool)
    pool.put(one, 0.0)
    pool.put(two, 0.0)
    assert (pool.opened, pool.idle) == (2, 2)
    assert [pool.take(), pool.take(), pool.take()] == [two, one, None]
    assert (pool.opened, pool.idle) == (2, 0)


async def test_a_dead_one_is_neither_kept_nor_given_out() -> None:
    pool = Pool()
    one, two, three = opened(pool), opened(pool), opened(pool)
    one.abort()
    pool.put(one, 0.0)
    assert (pool.opened, pool.idle) == (2, 0)
    pool.put(two, 0.0)
    pool.put(three, 0.0)
    two.connection_lost(None)
    three.eof_received()
    assert pool.take() is None
    assert pool.opened == 0


async def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plexus.upstream.pool.MAX_IDLE", 1)
    pool = Pool()
    one, two = opened(pool), opened(pool)
    pool.put(one, 0.0)
    pool.put(two, 0.0)
    await asyncio.sleep(0)
    assert (pool.opened, pool.idle, two.closed) == (1, 1, True)


async def test_the_old_ones_are_closed() -> None:
    pool = Pool()
    one, two = opened(pool), opened(pool)
    pool.put(one, 0.0)
    pool.put(two, 10.0)
    pool.prune(IDLE_SECONDS)
    await asyncio.sleep(0)
    assert (one.closed, two.closed) == (False, False)
    pool.prune(IDLE_SECONDS + 5)
    await asyncio.sleep(0)
    assert (one.closed, two.closed) == (True, False)
    assert (pool.opened, pool.idle) == (1, 1)


async def test_closing_closes_what_is_idle() -> None:
    pool = Pool()
    one, two = opened(pool), opened(pool)
    pool.put(one, 0.0)
    pool.close()
    await asyncio.sleep(0)
    assert (one.closed, two.closed) == (True, False)
    assert (pool.opened, pool.idle) == (1, 0)
