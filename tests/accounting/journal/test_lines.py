from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sample_records import opening, record, records

from plexus.accounting.journal.lines import decode_line, encode_line, interrupted, mend
from plexus.canonical.losses import Loss
from plexus.canonical.usage import Usage
from plexus.domain.record import Opening, Record


@given(records())
def test_a_record_survives_as_one_line(sent: Record) -> None:
    line = encode_line(sent)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    read = decode_line(line)
    assert msgspec.structs.replace(sent, usage=None, attempts=()) == msgspec.structs.replace(
        read, usage=None, attempts=()
    )
    assert [without_raw(usage) for usage in usages_of(read)] == [without_raw(usage) for usage in usages_of(sent)]
    assert [meaning(usage) for usage in usages_of(read)] == [meaning(usage) for usage in usages_of(sent)]
    assert decode_line(line[:-1]) == read


def usages_of(entry: object) -> list[Usage]:
    assert isinstance(entry, Record)
    found = [entry.usage, *(attempt.usage for attempt in entry.attempts)]
    return [usage for usage in found if usage is not None]


def without_raw(usage: Usage) -> Usage:
    return msgspec.structs.replace(usage, raw=None)


def meaning(usage: Usage) -> object:
    return None if usage.raw is None else msgspec.json.decode(usage.raw)


def test_the_types_are_the_domain_s_own() -> None:
    read = decode_line(encode_line(record(1)))
    assert read == record(1)
    assert isinstance(read, Record)
    assert [type(read), type(read.usage), type(read.attempts[0])] == [Record, Usage, type(record(1).attempts[0])]


def test_raw_usage_without_newlines_stays_as_it_came() -> None:
    raw = msgspec.Raw(b'{"a" :  1.0e1,"b":"\\u00e9"}')
    read = decode_line(encode_line(record(1, usage=Usage(raw=raw))))
    assert isinstance(read, Record)
    assert read.usage == Usage(raw=raw)


def test_an_opening_survives() -> None:
    assert decode_line(encode_line(opening(1))) == opening(1)


@given(st.binary(max_size=40))
def test_anything_else_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode_line(line)


@pytest.mark.parametrize(
    "line",
    [
        b"\0\0\0\0",
        b'{"type":"open","id":"\xff"}',
        b'{"type":"close","id":"a"}',
        b'{"type":"other","id":"a"}',
        encode_line(record(1))[:-2],
        encode_line(record(1))[1:],
        encode_line(record(1))[:-1] + encode_line(record(2)),
        b'{"type":"close","usage":{"raw":' + b"[" * 100_000,
    ],
)
def test_broken_lines_are_value_errors(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode_line(line)


def test_what_json_cannot_carry_is_mended() -> None:
    broken = record(1, model="a\ud800", losses=(Loss("x\udfff", "unsupported"),), notes=("\ud800\udc00",))
    with pytest.raises(UnicodeEncodeError):
        encode_line(broken)
    mended = mend(broken)
    assert mended == record(1, model="a?", losses=(Loss("x?", "unsupported"),), notes=("??",))
    assert decode_line(encode_line(mended)) == mended


@given(records())
def test_what_is_whole_is_not_changed_by_mending(sent: Record) -> None:
    assert mend(sent) == sent


@pytest.mark.parametrize(
    ("target", "provider", "model"),
    [
        ("acme/small", "acme", "small"),
        ("acme/org/small", "acme", "org/small"),
        ("acme", "acme", None),
        (None, None, None),
    ],
)
def test_the_record_of_an_interrupted_exchange(target: str | None, provider: str | None, model: str | None) -> None:
    opened = Opening(
        id="req_1", started_at=7, key="ada", protocol="openai_chat", operation="generate", model="fast", target=target
    )
    assert interrupted(opened) == Record(
        id="req_1",
        kind="interrupted",
        started_at=7,
        key="ada",
        protocol="openai_chat",
        operation="generate",
        model="fast",
        provider=provider,
        target_model=model,
    )
