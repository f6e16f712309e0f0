from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from tests.sample_records import attempt, record, records

from plexus.canonical.usage import Usage
from plexus.domain.record import Record
from plexus.storage import schema
from plexus.storage.rows import Row, attempt_rows, read_record, request_row
from plexus.storage.types import INT64, PROSE_LIMIT, WORD_LIMIT


def named(row: Row, table: str = "request") -> dict[str, object]:
    columns = schema.METADATA.tables[table].columns.keys()
    return dict(zip(columns, row, strict=True))


def there_and_back(sent: Record) -> Record:
    return read_record(named(request_row(sent)), [named(row, "attempt") for row in attempt_rows(sent)])


@given(records())
def test_a_record_survives(sent: Record) -> None:
    assert there_and_back(sent) == sent


@given(records())
def test_a_row_fits_its_table(sent: Record) -> None:
    for name, rows in (("request", [request_row(sent)]), ("attempt", attempt_rows(sent))):
        for row in rows:
            for column, value in zip(schema.METADATA.tables[name].columns, row, strict=True):
                assert value is not None or column.nullable, column
                assert value is None or isinstance(value, column.type.python_type), column


def test_the_speed_is_stored() -> None:
    row = named(request_row(record(1, duration_us=2_500_000, first_token_us=500_000, usage=Usage(output=100))))
    assert row["tokens_per_second"] == 50.0


def test_an_exchange_without_usage_is_not_one_of_zero_tokens() -> None:
    nothing, zero = there_and_back(record(1, usage=None)), there_and_back(record(1, usage=Usage()))
    assert (nothing.usage, zero.usage) == (None, Usage())
    assert named(request_row(record(1, usage=Usage())))["input_tokens"] == 0


@pytest.mark.parametrize(
    ("claimed", "stored"), [(10**30, INT64), (INT64 + 1, INT64), (-(10**30), -INT64), (INT64, INT64), (0, 0)]
)
def test_a_count_that_no_database_holds(claimed: int, stored: int) -> None:
    row = named(request_row(record(1, usage=Usage(input=claimed, reported_cost_nanos=claimed))))
    assert (row["input_tokens"], row["reported_cost_nanos"]) == (stored, stored)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("a\0b", "a\ufffdb"),
        ("a\ud800b", "a?b"),
        ("x" * WORD_LIMIT, "x" * WORD_LIMIT),
        ("x" * (WORD_LIMIT + 1), "x" * (WORD_LIMIT - 1) + "…"),
        ("\N{PILE OF POO}" * 1000, "\N{PILE OF POO}" * (WORD_LIMIT - 1) + "…"),
    ],
)
def test_a_word_that_no_database_holds(written: str, stored: str) -> None:
    assert named(request_row(record(1, model=written)))["model"] == stored
    assert named(attempt_rows(record(1, attempts=(attempt(1, model=written),)))[0], "attempt")["model"] == stored


def test_prose_may_be_longer_than_a_word() -> None:
    text = "y" * (PROSE_LIMIT + 1)
    row = named(request_row(record(1, error_message=text, reason=text)))
    assert row["error_message"] == row["reason"] == "y" * (PROSE_LIMIT - 1) + "…"


def test_raw_usage_stays_as_the_provider_wrote_it() -> None:
    raw = msgspec.Raw(b'{\n  "prompt_tokens": 1.0e1\n}')
    row = named(request_row(record(1, usage=Usage(input=10, raw=raw))))
    assert row["raw_usage"] == '{\n  "prompt_tokens": 1.0e1\n}'
