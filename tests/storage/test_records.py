from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.databases import execute
from tests.sample_records import START, attempt, record, records

from plexus.accounting.journal import RecordsRefused
from plexus.domain.record import Record
from plexus.storage.database import Database
from plexus.storage.records import (
    RecordQuery,
    add_records,
    cursor_after,
    drain_into,
    get_record,
    list_records,
)
from plexus.storage.schema import METADATA, request

shared_fixtures = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=30
)


async def add(database: Database, *sent: Record) -> None:
    await database.write(lambda connection: add_records(connection, sent))


async def get(database: Database, record_id: str) -> Record | None:
    return await database.read(lambda connection: get_record(connection, record_id))


async def page(database: Database, **members: Any) -> list[Record]:
    return await database.read(lambda connection: list_records(connection, RecordQuery(**members)))


_NUMBERS = itertools.count()


@shared_fixtures
@given(sent=st.lists(records(ids=st.builds(lambda: f"req_{next(_NUMBERS)}")), min_size=1, max_size=5))
async def test_records_survive(database: Database, sent: list[Record]) -> None:
    await add(database, *sent)
    assert [await get(database, one.id) for one in sent] == sent


async def test_no_records_are_no_work(database: Database) -> None:
    await add(database)
    assert await page(database) == []


async def test_a_record_that_is_not_there(database: Database) -> None:
    assert await get(database, "req_none") is None


async def test_adding_twice_adds_once(database: Database) -> None:
    first = record(1, attempts=(attempt(1), attempt(2)))
    await add(database, first)
    await add(database, first, record(2), record(2, status=500), record(1, kind="interrupted", attempts=()))
    assert await page(database) == [record(2), first]


async def test_all_or_none(database: Database) -> None:
    async def fail(connection: AsyncConnection) -> None:
        await add_records(connection, [record(1)])
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(fail)
    assert await page(database) == []


async def test_pages_from_the_newest(database: Database) -> None:
    # Several of one moment: a page may end among them.
    sent = [record(number, started_at=START + number // 3) for number in range(10)]
    await add(database, *sent)
    seen: list[Record] = []
    while more := await page(database, limit=4, after=cursor_after(seen[-1]) if seen else None):
        assert len(more) <= 4
        seen += more
    assert seen == sent[::-1]


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"key": "ada"}, [4, 3, 1, 0]),
        ({"key": "bob"}, [2]),
        ({"key": "nobody"}, []),
        ({"model": "large"}, [1]),
        ({"error": "rate_limit"}, [3]),
        ({"failed": True}, [4, 3]),
        ({"failed": False}, [2, 1, 0]),
        ({"since": START + 1, "until": START + 3}, [2, 1]),
        ({"key": "ada", "failed": False, "limit": 1}, [1]),
    ],
)
async def test_filters(database: Database, members: dict[str, Any], found: list[int]) -> None:
    sent = [
        record(0),
        record(1, model="large"),
        record(2, key="bob"),
        record(3, error="rate_limit", status=429),
        record(4, kind="interrupted"),
    ]
    await add(database, *sent)
    assert await page(database, **members) == [sent[number] for number in found]


async def test_attempts_go_with_their_record(database: Database) -> None:
    await add(database, record(1), record(2))

    async def forget(connection: AsyncConnection) -> int:
        await connection.execute(request.delete().where(request.c.id == record(1).id))
        return (await connection.execute(select(func.count()).select_from(METADATA.tables["attempt"]))).scalar_one()

    assert await database.write(forget) == 1


class TestDrainInto:
    async def test_a_batch(self, database: Database) -> None:
        await drain_into(database)([record(1), record(2)])
        assert await page(database) == [record(2), record(1)]

    async def test_a_database_without_tables_is_not_well(self, empty_database: Database) -> None:
        with pytest.raises(DBAPIError):
            await drain_into(empty_database)([record(1)])

    async def test_what_is_refused_does_not_hold_up_the_others(
        self, database: Database, forbid: Callable[[str], Any]
    ) -> None:
        await forbid(record(2).id)
        with pytest.raises(RecordsRefused) as raised:
            await drain_into(database)([record(1), record(2), record(3)])
        assert raised.value.records == (record(2),)
        assert await page(database) == [record(3), record(1)]

    @pytest.fixture
    def forbid(self, database: Database) -> Callable[[str], Any]:
        """Makes the database refuse the record of an id, as a constraint would."""

        async def forbid(record_id: str) -> None:
            if database.is_sqlite:
                statement = (
                    f"CREATE TRIGGER no BEFORE INSERT ON request WHEN NEW.id = '{record_id}' "
                    "BEGIN SELECT RAISE(ABORT, 'no'); END"
                )
            else:
                statement = f"ALTER TABLE request ADD CONSTRAINT no CHECK (id <> '{record_id}')"
            await database.write(lambda connection: connection.execute(text(statement)))

        return forbid

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    async def test_a_locked_database(self, database: Database) -> None:
        other = sqlite3.connect(database.location.path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DBAPIError, match="locked"):
            await drain_into(database)([record(1)])
        other.execute("ROLLBACK")
        other.close()
        await drain_into(database)([record(1)])
        assert await page(database) == [record(1)]

    async def test_a_read_only_database(self, database: Database, read_only: Callable[[bool], Any]) -> None:
        await read_only(True)
        with pytest.raises(DBAPIError, match=r"read-?only"):
            await drain_into(database)([record(1)])
        await read_only(False)
        await drain_into(database)([record(1)])
        assert await page(database) == [record(1)]

    @pytest.fixture
    def read_only(self, database: Database) -> Callable[[bool], Any]:
        """Makes the database read-only, or not. (A file's mode would not bind root.)"""

        async def read_only(wanted: bool) -> None:
            word = "on" if wanted else "off"
            if database.is_sqlite:
                await database.read(lambda connection: connection.exec_driver_sql(f"PRAGMA query_only = {word}"))
            else:
                name = database.location.dsn.partition("?")[0].rpartition("/")[2]
                await execute(
                    database.location.dsn,
                    "SET default_transaction_read_only = off",
                    f'ALTER DATABASE "{name}" SET default_transaction_read_only = {word}',
                )
                await database.engine.dispose()  # it holds for new connections

        return read_only
