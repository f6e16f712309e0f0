"""One Opening or Record as one line of JSON, and back. The tag (``type``) says which: ``open`` or ``close``."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import msgspec

from plexus.canonical.usage import Usage
from plexus.domain.record import AttemptRecord, Opening, Record

Entry: TypeAlias = Opening | Record


class _WrittenUsage(Usage, frozen=True, kw_only=True, omit_defaults=True):
    """Usage as it is read: msgspec reads no ``Raw | None``, but a raw value that may be missing."""

    raw: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # type: ignore[assignment]


class _WrittenAttempt(AttemptRecord, frozen=True, kw_only=True):
    usage: _WrittenUsage | None = None


class _WrittenRecord(Record, frozen=True, kw_only=True, tag="close"):
    usage: _WrittenUsage | None = None
    attempts: tuple[_WrittenAttempt, ...] = ()


_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Opening | _WrittenRecord] = msgspec.json.Decoder(Opening | _WrittenRecord)

_USAGE_FIELDS = tuple(name for name in Usage.__struct_fields__ if name != "raw")
_ATTEMPT_FIELDS = tuple(name for name in AttemptRecord.__struct_fields__ if name != "usage")
_RECORD_FIELDS = tuple(name for name in Record.__struct_fields__ if name not in ("usage", "attempts"))


def encode_line(entry: Entry) -> bytes:
    """The line, ending in a newline and holding no other. Raises UnicodeEncodeError for lone surrogates: see ``mend``."""
    line = _ENCODER.encode(entry)
    if b"\n" in line:
        # A provider's raw usage may be pretty-printed. In JSON a bare newline is only ever white space.
        line = line.replace(b"\n", b" ")
    return line + b"\n"


def decode_line(line: bytes) -> Entry:
    """The entry of a line, with or without its newline. Raises ValueError for anything else."""
    try:
        entry = _DECODER.decode(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return entry if isinstance(entry, Opening) else _record(entry)


def _record(written: _WrittenRecord) -> Record:
    return Record(
        usage=_usage(written.usage),
        attempts=tuple(
            AttemptRecord(usage=_usage(attempt.usage), **_members(attempt, _ATTEMPT_FIELDS))
            for attempt in written.attempts
        ),
        **_members(written, _RECORD_FIELDS),
    )


def _usage(written: _WrittenUsage | None) -> Usage | None:
    if written is None:
        return None
    # A copy, so that a small raw value does not hold the whole line in memory.
    raw = None if isinstance(written.raw, msgspec.UnsetType) else written.raw.copy()
    return Usage(raw=raw, **_members(written, _USAGE_FIELDS))


def _members(struct: msgspec.Struct, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in names}


_Mendable = TypeVar("_Mendable")


def mend(value: _Mendable) -> _Mendable:
    """The same with every lone surrogate, which no UTF-8 can carry, replaced by ``?``."""
    mended: object = value
    if isinstance(value, str):
        mended = value.encode("utf-8", "replace").decode()
    elif isinstance(value, tuple):
        mended = tuple(mend(member) for member in value)
    elif isinstance(value, msgspec.Struct):
        mended = msgspec.structs.replace(
            value, **{name: mend(getattr(value, name)) for name in value.__struct_fields__}
        )
    return mended  # type: ignore[return-value] # each branch keeps the type


def interrupted(opening: Opening) -> Record:
    """The record of an exchange that was opened by a process that did not live to close it."""
    provider, slash, model = (opening.target or "").partition("/")
    return Record(
        id=opening.id,
        kind="interrupted",
        started_at=opening.started_at,
        key=opening.key,
        protocol=opening.protocol,
        operation=opening.operation,
        model=opening.model,
        provider=provider or None,
        target_model=model if slash else None,
    )
