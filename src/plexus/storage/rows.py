"""Records as rows, and back.

A row is cut to what both databases hold: integers to 64 bits, words and prose to their limits, no NUL characters. A record
is never refused for what a client or a provider put into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Table

from plexus.canonical.losses import Loss
from plexus.canonical.usage import COUNTS, Usage
from plexus.domain.record import AttemptRecord, Record
from plexus.storage.schema import USAGE_COLUMNS, attempt, request
from plexus.storage.types import INT64, PROSE_LIMIT, WORD_LIMIT

Row: TypeAlias = tuple[object, ...]
"""The values of one row, in the order of the table's columns."""

PROSE = frozenset({"reason", "error_message", "hint"})

_LOSSES = msgspec.json.Decoder(tuple[Loss, ...])
_NOTES = msgspec.json.Decoder(tuple[str, ...])
_ENCODER = msgspec.json.Encoder()


def request_row(record: Record) -> Row:
    """The row of ``request``."""
    row = _clean(_REQUEST_VALUES(record), _REQUEST_LIMITS)
    # Lone surrogates were mended by the journal, and NUL characters are escapes in JSON.
    row[_LOSSES_AT] = _ENCODER.encode(record.losses).decode() if record.losses else None
    row[_NOTES_AT] = _ENCODER.encode(record.notes).decode() if record.notes else None
    return (*row, *_usage_values(record.usage))


def attempt_rows(record: Record) -> list[Row]:
    """The rows of ``attempt``."""
    record_id = _text(record.id, WORD_LIMIT)
    return [
        (record_id, *_clean(_ATTEMPT_VALUES(attempt), _ATTEMPT_LIMITS), *_usage_values(attempt.usage))
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


def _usage_values(usage: Usage | None) -> tuple[object, ...]:
    if usage is None:
        return _NO_USAGE
    counts: tuple[int, ...] = _USAGE_COUNTS(usage)
    if max(counts) > INT64 or min(counts) < 0:  # a provider may claim anything
        counts = tuple(_whole(count) for count in counts)
    cost, raw = usage.reported_cost_nanos, usage.raw
    text = bytes(raw).decode("utf-8", "replace").replace("\0", "") if raw is not None else None
    return (*counts, usage.estimated, None if cost is None else _whole(cost), text or None)


def _whole(value: int) -> int:
    return value if -INT64 <= value <= INT64 else INT64 if value > 0 else -INT64


def _clean(values: tuple[object, ...], limits: tuple[int, ...]) -> list[object]:
    """The values with their texts as both databases hold them. All are asked at once: nearly always they are so already."""
    texts = [value for value in values if type(value) is str]
    joined = "".join(texts)
    if joined.isascii() and "\0" not in joined and max(map(len, texts)) <= WORD_LIMIT:
        return list(values)
    return [_text(value, limit) if type(value) is str else value for value, limit in zip(values, limits, strict=True)]


def _text(value: str, limit: int) -> str:
    if len(value) > limit:
        value = value[: limit - 1] + "…"
    if "\0" in value:  # PostgreSQL has no NUL in text
        value = value.replace("\0", "\ufffd")
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _own_columns(table: Table, but: str | None = None) -> tuple[str, ...]:
    """The columns that bear the names of members, in order; those of the usage follow them."""
    usage = set(USAGE_COLUMNS.values())
    return tuple(column.name for column in table.columns if column.name not in usage and column.name != but)


def _limits(names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(PROSE_LIMIT if name in PROSE else WORD_LIMIT for name in names)


_REQUEST_COLUMNS = _own_columns(request)
_REQUEST_VALUES = attrgetter(*_REQUEST_COLUMNS)
_REQUEST_LIMITS = _limits(_REQUEST_COLUMNS)
_LOSSES_AT = _REQUEST_COLUMNS.index("losses")
_NOTES_AT = _REQUEST_COLUMNS.index("notes")

_ATTEMPT_COLUMNS = _own_columns(attempt, but="request_id")
_ATTEMPT_VALUES = attrgetter(*_ATTEMPT_COLUMNS)
_ATTEMPT_LIMITS = _limits(_ATTEMPT_COLUMNS)

_USAGE_COUNTS = attrgetter(*COUNTS)
_NO_USAGE: tuple[object, ...] = (None,) * len(USAGE_COLUMNS)

_RECORD_MEMBERS = tuple(
    name for name in Record.__struct_fields__ if name not in ("losses", "notes", "usage", "attempts")
)
_ATTEMPT_MEMBERS = tuple(name for name in AttemptRecord.__struct_fields__ if name != "usage")
