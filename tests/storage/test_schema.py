"""The schema says all that records say, once."""

from __future__ import annotations

import pytest
from sqlalchemy import BigInteger, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from plexus.canonical.usage import Usage
from plexus.domain.record import AttemptRecord, Record
from plexus.storage.schema import METADATA, USAGE_COLUMNS, attempt, request, usage_columns


def test_every_member_of_a_usage_has_its_column() -> None:
    assert set(USAGE_COLUMNS) == set(Usage.__struct_fields__)
    assert [column.name for column in usage_columns()] == list(USAGE_COLUMNS.values())


@pytest.mark.parametrize(
    ("table", "members", "own"),
    [
        (request, set(Record.__struct_fields__) - {"usage", "attempts"}, {"tokens_per_second"}),
        (attempt, set(AttemptRecord.__struct_fields__) - {"usage"}, {"request_id"}),
    ],
    ids=lambda value: value.name if isinstance(value, Table) else "",
)
def test_every_member_of_a_record_has_its_column(table: Table, members: set[str], own: set[str]) -> None:
    assert set(table.columns.keys()) == members | own | set(USAGE_COLUMNS.values())


def test_no_column_belongs_to_one_database() -> None:
    types = {type(column.type).__module__ for table in METADATA.tables.values() for column in table.columns}
    assert types == {"sqlalchemy.sql.sqltypes"}


def test_units_are_in_the_names_and_wide_enough() -> None:
    for table in METADATA.tables.values():
        for column in table.columns:
            if column.name.endswith(("_us", "_at", "_nanos", "_tokens")):
                assert isinstance(column.type, BigInteger), column


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=lambda dialect: dialect.name)  # type: ignore[no-untyped-call]
def test_no_default_is_left_to_the_database(dialect: object) -> None:
    for table in METADATA.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))  # type: ignore[arg-type]
        assert "DEFAULT" not in text
        assert "SERIAL" not in text
