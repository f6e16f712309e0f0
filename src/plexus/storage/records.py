"""The records of exchanges: put there by the journal, read by whoever looks back."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Insert, Row, Select, Table, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from plexus.accounting.journal import RecordsRefused
from plexus.domain.record import Record
from plexus.storage.database import Database
from plexus.storage.rows import attempt_rows, read_record, request_row
from plexus.storage.schema import attempt, request

REFUSALS = frozenset({"22", "23", "54"})
"""Classes of SQLSTATE that speak of the data, not of the database's health (PostgreSQL, appendix A): data exception,
integrity constraint violation, program limit exceeded."""


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the list of records: behind this one."""

    started_at: int
    id: str


def cursor_after(record: Record) -> Cursor:
    """Where the list goes on behind ``record``."""
    return Cursor(record.started_at, record.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuery:
    """Which records. Times in microseconds since the epoch, ``since`` included, ``until`` not; None: all."""

    after: Cursor | None = None
    key: str | None = None
    model: str | None = None
    """As the client wrote it."""
    error: str | None = None
    """The kind of the error."""
    failed: bool | None = None
    """With an error or interrupted (True), or neither (False)."""
    since: int | None = None
    until: int | None = None
    limit: int = 100


async def add_records(connection: AsyncConnection, records: Sequence[Record]) -> None:
    """Add ``records`` with their attempts; one that is there already stays as it is."""
    if not records:
        return
    dialect = connection.dialect.name
    # Rows go to the driver as they are: SQLAlchemy's own way would take longer for a record than all the rest.
    await connection.exec_driver_sql(_insert_text("request", dialect), [request_row(record) for record in records])
    attempts = [row for record in records for row in attempt_rows(record)]
    if attempts:
        await connection.exec_driver_sql(_insert_text("attempt", dialect), attempts)


async def list_records(connection: AsyncConnection, query: RecordQuery) -> list[Record]:
    """One page, the newest first. Go on with ``after=cursor_after(page[-1])``."""
    rows = (await connection.execute(_page(query))).all()
    return await _with_attempts(connection, rows)


async def get_record(connection: AsyncConnection, record_id: str) -> Record | None:
    """The record of one exchange, or None."""
    rows = (await connection.execute(select(request).where(request.c.id == record_id))).all()
    found = await _with_attempts(connection, rows)
    return found[0] if found else None


def drain_into(database: Database) -> Callable[[Sequence[Record]], Awaitable[None]]:
    """What a journal needs: a function that puts a batch into ``database``.

    It raises what the database raises when it is not well, and RecordsRefused when it is well and will not have some.
    """

    async def drain(records: Sequence[Record]) -> None:
        try:
            await database.write(lambda connection: add_records(connection, records))
        except DBAPIError as error:
            if not _is_refusal(error):
                raise
            await _drain_singly(database, records)

    return drain


async def _drain_singly(database: Database, records: Sequence[Record]) -> None:
    refused: list[Record] = []
    reason = ""
    for record in records:
        try:
            await database.write(functools.partial(add_records, records=(record,)))
        except DBAPIError as error:
            if not _is_refusal(error):
                raise
            refused.append(record)
            reason = str(error.orig)
    if refused:
        raise RecordsRefused(refused, reason)


def _is_refusal(error: DBAPIError) -> bool:
    if isinstance(error, DataError | IntegrityError):
        return True
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(state, str) and state[:2] in REFUSALS


def _page(query: RecordQuery) -> Select[tuple[object, ...]]:
    columns = request.c
    conditions: list[ColumnElement[bool]] = []
    for column, wanted in ((columns.key, query.key), (columns.model, query.model), (columns.error, query.error)):
        if wanted is not None:
            conditions.append(column == wanted)
    if query.after is not None:
        place = tuple_(query.after.started_at, query.after.id)
        conditions.append(tuple_(columns.started_at, columns.id) < place)
    if query.since is not None:
        conditions.append(columns.started_at >= query.since)
    if query.until is not None:
        conditions.append(columns.started_at < query.until)
    if query.failed is not None:
        failed = or_(columns.error.is_not(None), columns.kind == "interrupted")
        conditions.append(failed if query.failed else ~failed)
    order = (columns.started_at.desc(), columns.id.desc())
    return select(request).where(*conditions).order_by(*order).limit(query.limit)


async def _with_attempts(connection: AsyncConnection, rows: Sequence[Row[tuple[object, ...]]]) -> list[Record]:
    ids = [row.id for row in rows]
    wanted = select(attempt).where(attempt.c.request_id.in_(ids)).order_by(attempt.c.request_id, attempt.c.number)
    attempts: dict[str, list[Row[tuple[object, ...]]]] = {record_id: [] for record_id in ids}
    for row in (await connection.execute(wanted)).all() if ids else ():
        attempts[row.request_id].append(row)
    # _asdict is a public name of rows, as it is of named tuples.
    return [read_record(row._asdict(), [one._asdict() for one in attempts[row.id]]) for row in rows]


@functools.cache
def _insert_text(name: str, dialect: str) -> str:
    """The statement in the driver's own words, which is the same at each call."""
    table: Table = request.metadata.tables[name]
    statement: Insert
    if dialect == "sqlite":
        statement = sqlite.insert(table).on_conflict_do_nothing()
        return str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))
    statement = postgresql.insert(table).on_conflict_do_nothing()
    return str(statement.compile(dialect=postgresql.asyncpg.dialect()))  # type: ignore[no-untyped-call]
