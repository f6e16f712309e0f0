"""What the tables promise; that a database upgraded from nothing has exactly them is test_migrate's."""

from __future__ import annotations

import pytest
from sqlalchemy import BigInteger, Column, Dialect, Float, Integer, String, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from plexus.canonical.usage import COUNTS
from plexus.domain.record import AttemptRecord, Record
from plexus.storage.schema import METADATA, attempt, request

TABLES = [request, attempt]
ELSEWHERE = {"losses", "notes", "attempts", "usage", "id", "number"}
"""Members that stand in columns of another form."""


@pytest.mark.parametrize(("table", "noun"), [(request, Record), (attempt, AttemptRecord)])
def test_every_member_of_a_record_has_its_column(table: Table, noun: type[Record | AttemptRecord]) -> None:
    assert set(noun.__struct_fields__) - ELSEWHERE <= set(table.columns.keys())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_count_has_its_column_and_may_be_unknown(table: Table) -> None:
    for name in COUNTS:
        column = table.columns[f"tokens_{name}" if name != "web_searches" else "tokens_web_searches"]
        assert isinstance(column.type, BigInteger)
        assert column.nullable


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: table.name)
def test_times_and_money_are_integers(table: Table) -> None:
    for column in table.columns:
        if column.name.endswith(("_us", "_at", "_nanos")):
            assert isinstance(column.type, BigInteger), column
        assert not isinstance(column.type, Float) or column.name.endswith("_per_second"), column


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: table.name)
def test_the_database_makes_nothing_up(table: Table) -> None:
    """Ids and times are made above."""
    for column in table.columns:
        assert column.default is None, column
        assert column.server_default is None, column
    assert not any(isinstance(column.type, Integer) and column.autoincrement is True for column in table.primary_key)


def test_attempts_go_with_their_request() -> None:
    (reference,) = attempt.columns["request_id"].foreign_keys
    assert reference.column is request.columns["id"]
    assert reference.ondelete == "CASCADE"
    assert _length(request.columns["id"]) == _length(attempt.columns["request_id"])
    assert [column.name for column in attempt.primary_key] == ["request_id", "number"]


def _length(column: Column[str]) -> int | None:
    assert isinstance(column.type, String)
    return column.type.length


def test_lists_of_records_have_an_index_for_each_filter() -> None:
    indexed = {tuple(column.name for column in index.columns) for index in request.indexes}
    assert {("started_at",), ("key", "started_at"), ("model", "started_at"), ("error", "started_at")} <= indexed
    assert len({index.name for index in request.indexes}) == len(request.indexes)


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])  # type: ignore[no-untyped-call]
def test_one_schema_serves_both_databases(dialect: Dialect) -> None:
    for table in METADATA.sorted_tables:
        written = str(CreateTable(table).compile(dialect=dialect))
        assert f"CONSTRAINT pk_{table.name}" in written, "names are ours, so that revisions can speak of them"
