from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from plexus.settings import MEMORY, database_url
from plexus.storage.database import Database, open_database


async def test_sqlite_is_opened_for_one_writer_and_many_readers(tmp_path: Path) -> None:
    database = open_database(database_url(f"sqlite:///{tmp_path / 'deep' / 'x.sqlite'}"))
    async with database.read() as connection:
        pragmas = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    await database.close()
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000, "synchronous": 1}


async def test_writers_wait_for_each_other(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        await connection.execute(text("INSERT INTO counter VALUES (0)"))

    async def count() -> None:
        async with database.write() as connection:
            await connection.execute(text("UPDATE counter SET n = n + 1"))

    await asyncio.gather(*(count() for _ in range(10)))
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT n FROM counter"))).scalar() == 10


async def test_a_file_that_is_no_database_fails_when_used(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"this is no database at all, but some text that is long enough" * 20)
    database = open_database(database_url(f"sqlite:///{path}"))
    with pytest.raises(Exception, match="not a database") as failed:
        async with database.read():
            pass
    assert isinstance(failed.value.__cause__, sqlite3.DatabaseError)
    await database.close()


async def test_a_connection_that_could_not_write_is_not_used_again(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    database = open_database(database_url(f"sqlite:///{path}"))
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER)"))
        mine = await connection.get_raw_connection()
    with pytest.raises(OperationalError):
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO nowhere VALUES (1)"))
    async with database.write() as connection:
        assert (await connection.get_raw_connection()).driver_connection is not mine.driver_connection
    await database.close()


async def test_nothing_is_written_to_a_file_that_has_gone(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    database = open_database(database_url(f"sqlite:///{path}"))
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER)"))
    path.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError, match="has gone"):
        async with database.write():
            pass
    assert not path.exists()
    (tmp_path / "away").rename(path)
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO t VALUES (1)"))
    await database.close()


async def test_in_memory_a_reader_takes_back_no_write() -> None:
    database = open_database(MEMORY)
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER)"))

    async def read() -> None:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))

    async with database.write() as connection:
        await connection.execute(text("INSERT INTO t VALUES (1)"))
        reading = asyncio.create_task(read())
        for _ in range(20):
            await connection.execute(text("SELECT 1"))
    await reading
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar_one() == 1
    await database.close()
