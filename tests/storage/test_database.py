from __future__ import annotations

import asyncio
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from plexus.storage.database import Database, DatabaseOptions, open_database
from plexus.storage.location import DatabaseUrlError


async def execute(connection: AsyncConnection, statement: str) -> None:
    await connection.execute(text(statement))


async def count(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT count(*) FROM note"))).scalar_one())


async def test_what_is_written_is_read(empty_database: Database) -> None:
    await empty_database.write(lambda connection: execute(connection, "CREATE TABLE note (number INTEGER)"))
    await empty_database.write(lambda connection: execute(connection, "INSERT INTO note VALUES (1)"))
    assert await empty_database.read(count) == 1


async def test_a_write_that_fails_leaves_nothing(empty_database: Database) -> None:
    await empty_database.write(lambda connection: execute(connection, "CREATE TABLE note (number INTEGER)"))

    async def fail(connection: AsyncConnection) -> None:
        await execute(connection, "INSERT INTO note VALUES (1)")
        raise LookupError

    with pytest.raises(LookupError):
        await empty_database.write(fail)
    assert await empty_database.read(count) == 0


@pytest.mark.parametrize("url", ["sqlite://:memory:", "sqlite:///{folder}/usage.sqlite"])
async def test_writers_of_one_sqlite_take_turns(url: str, tmp_path: Path) -> None:
    database = open_database(url.format(folder=tmp_path), DatabaseOptions(busy_timeout=0.0))
    await database.write(lambda connection: execute(connection, "CREATE TABLE note (number INTEGER)"))
    await database.write(lambda connection: execute(connection, "INSERT INTO note VALUES (0)"))

    async def increase(connection: AsyncConnection) -> None:
        number = (await connection.execute(text("SELECT number FROM note"))).scalar_one()
        await asyncio.sleep(0)
        await connection.execute(text("UPDATE note SET number = :number"), {"number": number + 1})

    async def look(connection: AsyncConnection) -> int:
        return int((await connection.execute(text("SELECT number FROM note"))).scalar_one())

    await asyncio.gather(*(database.write(increase) for _ in range(20)), *(database.read(look) for _ in range(20)))
    assert await database.read(look) == 20
    await database.close()


async def test_sqlite_is_set_up(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "usage.sqlite"
    database = open_database(f"sqlite:///{path}", DatabaseOptions(busy_timeout=1.5))

    async def pragmas(connection: AsyncConnection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [(await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in names]

    assert await database.read(pragmas) == ["wal", 2, 1, 1500]
    await database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite"
    database = open_database(f"sqlite:///{path}", DatabaseOptions(busy_timeout=0.02))
    await database.write(lambda connection: execute(connection, "CREATE TABLE note (number INTEGER)"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert await database.read(count) == 0
    with pytest.raises(OperationalError, match="locked"):
        await database.write(lambda connection: execute(connection, "INSERT INTO note VALUES (1)"))
    other.execute("COMMIT")
    other.close()
    await database.write(lambda connection: execute(connection, "INSERT INTO note VALUES (1)"))
    assert await database.read(count) == 1
    await database.close()


@pytest.mark.postgres
async def test_a_connection_that_the_server_ended_is_replaced(postgres_url: str) -> None:
    database = open_database(postgres_url, DatabaseOptions(connections=1))
    await database.read(lambda connection: execute(connection, "SELECT 1"))
    other = open_database(postgres_url)
    ours = "datname = current_database() AND pid <> pg_backend_pid()"
    end_all = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"
    await other.write(lambda connection: execute(connection, end_all))
    await database.read(lambda connection: execute(connection, "SELECT 1"))
    await other.close()
    await database.close()


def test_postgresql_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(DatabaseUrlError, match=r"plexus-gateway\[postgres\]"):
        open_database("postgres://localhost/plexus")
