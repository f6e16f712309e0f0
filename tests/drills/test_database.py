"""Databases that cannot be written: no exchange notices, and every record arrives once it can be again."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from tests.drills.client import exchanges
from tests.drills.process import Process, gateway_process, stored, stored_in

from plexus.mock_provider import MockProvider
from plexus.settings import database_url

COUNT = pytest.mark.parametrize("count", [40, pytest.param(2000, marks=pytest.mark.full)])


@pytest.fixture
async def provider() -> AsyncIterator[str]:
    async with MockProvider(keep=10).serve() as url:
        yield url


@pytest.fixture
async def gateway(tmp_path: Path, provider: str) -> AsyncIterator[Process]:
    async with gateway_process(tmp_path, provider) as process:
        await process.until_settled()
        yield process


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Somebody else writes to the SQLite database, and takes long."""
    with closing(sqlite3.connect(folder / "config" / "usage.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@COUNT
async def test_a_locked_database(gateway: Process, count: int) -> None:
    with locked(gateway.folder):
        ids = await exchanges(gateway.port, range(count))
        assert (await gateway.readiness())["journal"] != "ok"
    await gateway.until_settled()
    await gateway.stop()
    assert await stored(stored_in(gateway.folder)) == dict.fromkeys(ids, "exchange")


async def test_a_database_that_is_locked_when_the_gateway_starts(gateway: Process) -> None:
    ids = await exchanges(gateway.port, range(5))
    await gateway.stop()
    with locked(gateway.folder):
        await gateway.start()
        ids |= await exchanges(gateway.port, range(5))
    await gateway.until_settled()
    await gateway.stop()
    assert await stored(stored_in(gateway.folder)) == dict.fromkeys(ids, "exchange")


async def test_a_database_that_is_locked_when_the_gateway_stops(gateway: Process) -> None:
    with locked(gateway.folder):
        ids = await exchanges(gateway.port, range(20))
        await gateway.stop()
    assert await stored(stored_in(gateway.folder)) == {}
    await gateway.start()
    await gateway.until_settled()
    await gateway.stop()
    assert await stored(stored_in(gateway.folder)) == dict.fromkeys(ids, "exchange")


def obey_modes() -> None:
    """Make root obey the modes of files, as everybody must: it drops CAP_DAC_OVERRIDE (linux/capability.h)."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(24, 1) == 0  # PR_CAPBSET_DROP: the program that is run next does not get it


@COUNT
async def test_a_read_only_database(gateway: Process, count: int) -> None:
    database = gateway.folder / "config" / "usage.sqlite"
    await gateway.stop()
    database.chmod(0o444)
    await gateway.start(preexec=obey_modes)
    ids = await exchanges(gateway.port, range(count))
    while "readonly" not in (await gateway.readiness())["journal"]:
        pass
    for file in database.parent.glob("usage.sqlite*"):  # SQLite gives -wal and -shm the mode of their database
        file.chmod(0o644)
    ids |= await exchanges(gateway.port, range(count))
    await gateway.until_settled()
    await gateway.stop()
    assert await stored(stored_in(gateway.folder)) == dict.fromkeys(ids, "exchange")


@pytest.mark.parametrize("same", [True, False], ids=["the same file", "a copy"])
async def test_a_database_that_is_taken_away_and_put_back(gateway: Process, same: bool) -> None:
    ids = await exchanges(gateway.port, range(5))
    await gateway.until_settled()
    with closing(sqlite3.connect(gateway.folder / "config" / "usage.sqlite")) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what was written is in the one file
    database, away = gateway.folder / "config" / "usage.sqlite", gateway.folder / "away.sqlite"
    database.rename(away)
    ids |= await exchanges(gateway.port, range(40))
    while "has gone" not in (await gateway.readiness())["journal"]:
        pass
    if same:
        away.rename(database)
    else:
        for file in database.parent.glob("usage.sqlite-*"):
            file.unlink()  # they belong to the file that was taken away
        shutil.copyfile(away, database)
    await gateway.until_settled()
    await gateway.stop()
    assert await stored(stored_in(gateway.folder)) == dict.fromkeys(ids, "exchange")


@asynccontextmanager
async def locked_table(url: str) -> AsyncIterator[None]:
    """Somebody holds PostgreSQL's table of records, and takes long."""
    engine = create_async_engine(database_url(url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("LOCK TABLE request IN ACCESS EXCLUSIVE MODE"))
            yield
    finally:
        await engine.dispose()


@COUNT
async def test_a_locked_table(tmp_path: Path, provider: str, count: int) -> None:
    server = os.environ.get("PLEXUS_TEST_DB_URL")
    if server is None:
        pytest.skip("PLEXUS_TEST_DB_URL is not set; scripts/test sets it")
    name = f"test_{uuid.uuid4().hex}"
    admin = create_async_engine(database_url(server), isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    url = server.rsplit("/", 1)[0] + f"/{name}"
    try:
        async with gateway_process(tmp_path, provider, PLEXUS_DB_URL=url) as gateway:
            await gateway.until_settled()
            async with locked_table(url):
                ids = await exchanges(gateway.port, range(count))
                assert (await gateway.readiness())["journal"] != "ok"
            await gateway.until_settled()
            await gateway.stop()
        assert await stored(url) == dict.fromkeys(ids, "exchange")
    finally:
        async with admin.connect() as connection:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        await admin.dispose()
