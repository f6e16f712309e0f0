"""Records as rows, and back.

A row is cut to what both databases hold: integers to 64 bits, words and prose to their limits, no NUL characters. A record
is never refused for what a client or a provider put into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Boolean, Float, Integer, Table, Text

from plexus.canonical.losses import Loss
from plexus.canonical.usage import Usage
from plexus.domain.record import AttemptRecord, Record
from plexus.storage.schema import USAGE_COLUMNS, attempt, request
from plexus.storage.types import INT64, PROSE_LIMIT, WORD_LIMIT

Row: TypeAlias = tuple[object, ...]
"""The values of one row, in the order of the table's columns."""

PROSE = frozenset({"reason", "error_message", "hint"})
JSON = frozenset({"losses", "notes", "raw_usage"})

_LOSSES = msgspec.json.Decoder(tuple[Loss, ...])
_NOTES = msgspec.json.Decoder(tuple[str, ...])
_ENCODER = msgspec.json.Encoder()


def request_row(record: Record) -> Row:
    """The row of ``request``."""
    return tuple([read(record) for read in _REQUEST_READERS] + _usage_values(record.usage))


def attempt_rows(record: Record) -> list[Row]:
    """The rows of ``attempt``."""
    record_id = _word(record.id)
    return [
        (record_id, *[read(attempt) for read in _ATTEMPT_READERS], *_usage_values(attempt.usage))
        for attempt in record.attempts
    ]


def read_record(row: Mapping[str, Any], attempts: Iterable[Mapping[str, Any]]) -> Record:
    """The record that a row of ``request`` and its rows of ``attempt`` hold."""
    members = {name: row[name] for name in _RECORD_MEMBERS}
    return Record(
        **members,
        losses=_LOSSES.decode(row["losses"]) if row["losses"] else (),
        notes=_NOTES.decode(row["notes"]) if row["notes"] else (),
        usage=_read_usage(row),
        attempts=tuple(_read_attempt(attempt) for attempt in attempts),
    )


def _read_attempt(row: Mapping[str, Any]) -> AttemptRecord:
    return AttemptRecord(**{name: row[name] for name in _ATTEMPT_MEMBERS}, usage=_read_usage(row))


def _read_usage(row: Mapping[str, Any]) -> Usage | None:
    if row["input_tokens"] is None:
        return None
    members = {name: row[column] for name, column in USAGE_COLUMNS.items() if name != "raw"}
    return Usage(**members, raw=msgspec.Raw(row["raw_usage"].encode()) if row["raw_usage"] else None)


def _usage_values(usage: Usage | None) -> list[object]:
    if usage is None:
        return _NO_USAGE
    values: list[object] = [_whole(getattr(usage, name)) for name in _USAGE_COUNTS]
    cost = usage.reported_cost_nanos
    raw = bytes(usage.raw).decode("utf-8", "replace").replace("\0", "") if usage.raw is not None else None
    return [*values, usage.estimated, None if cost is None else _whole(cost), raw or None]


_USAGE_COUNTS = tuple(name for name in USAGE_COLUMNS if name not in ("estimated", "reported_cost_nanos", "raw"))
_NO_USAGE: list[object] = [None] * len(USAGE_COLUMNS)


def _whole(value: int) -> int:
    return value if -INT64 <= value <= INT64 else INT64 if value > 0 else -INT64


def _text(value: str, limit: int) -> str:
    if len(value) > limit:
        value = value[: limit - 1] + "…"
    if "\0" in value:  # PostgreSQL has no NUL in text
        value = value.replace("\0", "\ufffd")
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _word(value: str) -> str:
    return _text(value, WORD_LIMIT)


def _reader(name: str, kind: object) -> Callable[[Any], object]:
    """The function that reads one column's value from a record or an attempt."""
    limit = PROSE_LIMIT if name in PROSE else WORD_LIMIT

    def read_text(source: object) -> str | None:
        value = getattr(source, name)
        return None if value is None else _text(value, limit)

    def read_whole(source: object) -> int | None:
        value = getattr(source, name)
        return None if value is None else _whole(value)

    def read_json(source: object) -> str | None:
        value = getattr(source, name)
        # msgspec writes control characters as escapes: no NUL gets through, nor does a lone surrogate.
        return _ENCODER.encode(value).decode() if value else None

    def read_plain(source: object) -> object:
        return getattr(source, name)

    if name in JSON:
        return read_json
    if isinstance(kind, Text):
        return read_text
    if isinstance(kind, Integer) and not isinstance(kind, Boolean):
        return read_whole
    assert isinstance(kind, Boolean | Float), kind
    return read_plain


def _readers(table: Table, but: str | None = None) -> tuple[Callable[[Any], object], ...]:
    usage = set(USAGE_COLUMNS.values())
    return tuple(_reader(column.name, column.type) for column in table.columns if column.name not in usage | {but})


_REQUEST_READERS = _readers(request)
_ATTEMPT_READERS = _readers(attempt, but="request_id")
_RECORD_MEMBERS = tuple(
    name for name in Record.__struct_fields__ if name not in ("losses", "notes", "usage", "attempts")
)
_ATTEMPT_MEMBERS = tuple(name for name in AttemptRecord.__struct_fields__ if name != "usage")
