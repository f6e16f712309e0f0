"""Records: written in batches, idempotently; listed and read as domain values."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Row, Table, select, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from plexus.canonical.losses import Loss
from plexus.canonical.usage import COUNTS, Usage
from plexus.domain.record import AttemptRecord, Record
from plexus.storage.database import Database
from plexus.storage.schema import attempt, request

log = logging.getLogger(__name__)

PLAIN = tuple(name for name in Record.__struct_fields__ if name not in ("losses", "notes", "usage", "attempts"))
PLAIN_ATTEMPT = tuple(name for name in AttemptRecord.__struct_fields__ if name != "usage")


async def add_records(connection: AsyncConnection, records: Sequence[Record]) -> None:
    """Write records with their attempts. Those that are there already stay as they are: draining twice adds nothing."""
    if not records:
        return
    unique = {record.id: record for record in records}.values()
    await _insert(connection, request, REQUEST_COLUMNS, [_request_row(record) for record in unique])
    rows = [_attempt_row(record.id, each) for record in unique for each in record.attempts]
    await _insert(connection, attempt, ATTEMPT_COLUMNS, rows)


async def store_records(database: Database, records: Sequence[Record]) -> None:
    """Write records in a transaction of their own. Raises what the driver raises where the database is away.

    What clients and providers make up (a NUL in a model's name, a count of thirty digits, a label of a kilobyte) may not
    fit its column, and must not keep all later records out: then the batch is written again, cut to what fits.
    """
    try:
        async with database.write() as connection:
            await add_records(connection, records)
    except (DBAPIError, OverflowError) as refused:
        log.warning("a record does not fit the database as it is, and is cut to fit: %s", refused)
        async with database.write() as connection:
            await add_records(connection, [fit_record(record) for record in records])


def fit_record(record: Record) -> Record:
    """``record`` with every value in the range of its column."""
    attempts = tuple(_fit(_fit_usage(each), attempt) for each in record.attempts)
    return msgspec.structs.replace(_fit(_fit_usage(record), request), attempts=attempts)


def _fit_usage(row: Fitted) -> Fitted:
    if row.usage is None:
        return row
    counts = {name: min(getattr(row.usage, name), MAX_INTEGER) for name in COUNTS}
    cost = row.usage.reported_cost_nanos
    counts["reported_cost_nanos"] = None if cost is None else min(cost, MAX_INTEGER)
    raw = row.usage.raw
    usage = msgspec.structs.replace(row.usage, **counts, raw=None if raw is None else raw.replace("\0", REPLACEMENT))
    return msgspec.structs.replace(row, usage=usage)


def _fit(row: Fitted, table: Table) -> Fitted:
    changed: dict[str, object] = {}
    for name in row.__struct_fields__:
        value = getattr(row, name)
        if isinstance(value, str) and name in table.c:
            length = getattr(table.c[name].type, "length", None)
            changed[name] = value.replace("\0", REPLACEMENT)[:length]
    return msgspec.structs.replace(row, **changed)


Fitted = TypeVar("Fitted", Record, AttemptRecord)
MAX_INTEGER = 2**63 - 1
REPLACEMENT = "\ufffd"
"""Stands where PostgreSQL takes no NUL."""
ROWS = 100
"""Rows of one statement."""


async def _insert(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Rows go to the driver as tuples: SQLAlchemy's own way costs five times as much, and this runs for every exchange.

    SQLite takes many in a statement: its driver lets go of the interpreter around each one, and taking it back from the
    event loop for every row costs both sides more than the row.
    """
    numbered = connection.dialect.name == "postgresql"
    whole = 0 if numbered else len(rows) - len(rows) % ROWS
    for start in range(0, whole, ROWS):
        values = tuple(chain.from_iterable(rows[start : start + ROWS]))
        await connection.exec_driver_sql(_insert_statement(table, columns, numbered=False, rows=ROWS), values)
    if whole < len(rows):
        await connection.exec_driver_sql(_insert_statement(table, columns, numbered=numbered), list(rows[whole:]))


@functools.cache
def _insert_statement(table: Table, columns: Sequence[str], *, numbered: bool, rows: int = 1) -> str:
    places = ", ".join(f"${number}" if numbered else "?" for number in range(1, len(columns) + 1))
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join([f"({places})"] * rows)
    return f'INSERT INTO "{table.name}" ({names}) VALUES {values} ON CONFLICT DO NOTHING'  # noqa: S608 - our own names


USAGE_COLUMNS = (*(f"tokens_{name}" for name in COUNTS), "tokens_estimated", "reported_cost_nanos")
REQUEST_COLUMNS = (*PLAIN, "tokens_per_second", "losses", "notes", "attempts", *USAGE_COLUMNS)
ATTEMPT_COLUMNS = ("request_id", *PLAIN_ATTEMPT, "usage_raw", *USAGE_COLUMNS)

_plain = attrgetter(*PLAIN)
_plain_attempt = attrgetter(*PLAIN_ATTEMPT)
_counts = attrgetter(*COUNTS, "estimated", "reported_cost_nanos")
_NO_COUNTS = (None,) * len(USAGE_COLUMNS)


def _request_row(record: Record) -> tuple[Any, ...]:
    return (
        *_plain(record),
        record.tokens_per_second,
        msgspec.json.encode(record.losses).decode(),
        msgspec.json.encode(record.notes).decode(),
        len(record.attempts),
        *_usage_row(record.usage),
    )


def _attempt_row(request_id: str, record: AttemptRecord) -> tuple[Any, ...]:
    raw = record.usage.raw if record.usage is not None else None
    return (request_id, *_plain_attempt(record), raw, *_usage_row(record.usage))


def _usage_row(usage: Usage | None) -> tuple[Any, ...]:
    counts: tuple[Any, ...] = _NO_COUNTS if usage is None else _counts(usage)
    return counts


class Filter(NamedTuple):
    """What to list; None asks for everything. ``failed``: only records with an error, or only those without."""

    key: str | None = None
    model: str | None = None
    failed: bool | None = None


class Cursor(NamedTuple):
    """Behind which record a page starts."""

    started_at: int
    id: str


async def list_records(
    connection: AsyncConnection, wanted: Filter | None = None, *, after: Cursor | None = None, limit: int = 50
) -> list[Record]:
    """The newest records first, with their attempts. ``after`` is the last one of the page before."""
    wanted = wanted or Filter()
    query = select(request).order_by(request.c.started_at.desc(), request.c.id.desc()).limit(limit)
    if wanted.key is not None:
        query = query.where(request.c.key == wanted.key)
    if wanted.model is not None:
        query = query.where(request.c.model == wanted.model)
    if wanted.failed is not None:
        query = query.where(request.c.error.is_not(None) if wanted.failed else request.c.error.is_(None))
    if after is not None:
        query = query.where(tuple_(request.c.started_at, request.c.id) < tuple_(after.started_at, after.id))
    rows = (await connection.execute(query)).all()
    return await _with_attempts(connection, rows)


async def get_record(connection: AsyncConnection, record_id: str) -> Record | None:
    """One record; None when there is none."""
    rows = (await connection.execute(select(request).where(request.c.id == record_id))).all()
    found = await _with_attempts(connection, rows)
    return found[0] if found else None


async def _with_attempts(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Record]:
    if not rows:
        return []
    ids = [row.id for row in rows]
    query = select(attempt).where(attempt.c.request_id.in_(ids)).order_by(attempt.c.request_id, attempt.c.number)
    attempts: dict[str, list[AttemptRecord]] = {}
    for row in (await connection.execute(query)).all():
        attempts.setdefault(row.request_id, []).append(_attempt(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name
    return [_record(row._mapping, attempts.get(row.id, [])) for row in rows]  # noqa: SLF001 - as above


def _record(row: Mapping[Any, Any], attempts: list[AttemptRecord]) -> Record:
    return Record(
        **{name: row[name] for name in PLAIN},
        losses=tuple(msgspec.json.decode(row["losses"], type=list[Loss])),
        notes=tuple(msgspec.json.decode(row["notes"], type=list[str])),
        usage=_usage(row, None),
        attempts=tuple(attempts),
    )


def _attempt(row: Mapping[Any, Any]) -> AttemptRecord:
    return AttemptRecord(**{name: row[name] for name in PLAIN_ATTEMPT}, usage=_usage(row, row["usage_raw"]))


def _usage(row: Mapping[Any, Any], raw: str | None) -> Usage | None:
    if row["tokens_estimated"] is None:
        return None
    return Usage(
        **{name: row[f"tokens_{name}"] for name in COUNTS},
        estimated=row["tokens_estimated"],
        reported_cost_nanos=row["reported_cost_nanos"],
        raw=raw,
    )
