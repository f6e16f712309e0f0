from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from plexus.canonical.losses import Loss
from plexus.canonical.usage import COUNTS, Usage, usage
from plexus.domain.record import AttemptRecord, Record
from plexus.storage.database import Database
from plexus.storage.records import Cursor, Filter, add_records, get_record, list_records, store_records
from plexus.storage.schema import request

COUNT = st.integers(0, 2**40)
WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
MAYBE = st.none() | WORDS
USAGES = st.builds(
    lambda counts, estimated, cost: msgspec.structs.replace(
        usage(**counts), estimated=estimated, reported_cost_nanos=cost
    ),
    st.fixed_dictionaries(dict.fromkeys(COUNTS, COUNT)),
    st.booleans(),
    st.none() | COUNT,
)
ATTEMPTS = st.builds(
    AttemptRecord, number=st.just(1), provider=WORDS, model=WORDS, protocol=st.just("openai_chat"), lane=st.just("pass"),
    started_us=COUNT, duration_us=COUNT, first_token_us=st.none() | COUNT, status=st.none() | st.integers(100, 599),
    error=st.none() | st.just("reset"), error_message=MAYBE, error_code=MAYBE, hint=MAYBE, upstream_request_id=MAYBE,
    usage=st.none() | USAGES, unknown=st.booleans(), verdict=st.none() | st.just("retry"),
)  # fmt: skip
RECORDS = st.builds(
    Record, id=st.uuids().map(str), started_at=COUNT, duration_us=COUNT, first_token_us=st.none() | COUNT, key=MAYBE,
    label=MAYBE, client_ip=MAYBE, user_agent=MAYBE, client_request_id=MAYBE, protocol=st.just("openai_chat"),
    operation=st.just("generate"), model=WORDS, stream=st.booleans(), bytes_in=COUNT, bytes_out=COUNT, route=MAYBE,
    provider=MAYBE, target_model=MAYBE, lane=st.sampled_from(["pass", "edit", "translate", None]), reason=MAYBE,
    losses=st.lists(st.builds(Loss, WORDS, WORDS), max_size=2).map(tuple), status=st.integers(0, 599), finish=MAYBE,
    error=MAYBE, error_message=MAYBE, error_code=MAYBE, notes=st.lists(WORDS, max_size=2).map(tuple),
    usage=st.none() | USAGES, attempts=st.lists(ATTEMPTS, max_size=1).map(tuple),
)  # fmt: skip


def record(number: int, **members: Any) -> Record:
    values: dict[str, Any] = {
        "id": f"req_{number:04d}", "started_at": 1000 + number, "protocol": "openai_chat", "operation": "generate", "model": "m",
    }  # fmt: skip
    return Record(**{**values, **members})


@given(st.lists(RECORDS, min_size=1, max_size=3, unique_by=lambda one: one.id))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_written_is_read(database: Database, records: list[Record]) -> None:
    async with database.write() as connection:
        await connection.execute(request.delete())  # the database is shared by all examples
        await add_records(connection, records)
    async with database.read() as connection:
        for written in records:
            assert await get_record(connection, written.id) == written


async def test_draining_twice_adds_nothing(database: Database) -> None:
    attempt = AttemptRecord(number=1, provider="p", model="m", protocol="openai_chat", lane="pass", started_us=1)
    one = record(1, attempts=(attempt,))
    for batch in ([one], [one, record(2)], [one, one]):
        async with database.write() as connection:
            await add_records(connection, batch)
    async with database.read() as connection:
        assert [each.id for each in await list_records(connection)] == ["req_0002", "req_0001"]
        found = await get_record(connection, "req_0001")
    assert found is not None
    assert found.attempts == (attempt,)


async def test_pages_follow_each_other_without_gaps(database: Database) -> None:
    async with database.write() as connection:
        await add_records(connection, [record(number, started_at=1000 + number // 3) for number in range(10)])
    seen: list[str] = []
    cursor: Cursor | None = None
    async with database.read() as connection:
        while page := await list_records(connection, after=cursor, limit=4):
            seen += [each.id for each in page]
            cursor = Cursor(page[-1].started_at, page[-1].id)
    assert seen == [f"req_{number:04d}" for number in reversed(range(10))]


async def test_filters(database: Database) -> None:
    rows = [record(1, key="a"), record(2, key="b", error="reset"), record(3, key="a", model="other")]
    async with database.write() as connection:
        await add_records(connection, rows)
    async with database.read() as connection:
        for wanted, ids in (
            (Filter(key="a"), {"req_0001", "req_0003"}),
            (Filter(model="other"), {"req_0003"}),
            (Filter(failed=True), {"req_0002"}),
            (Filter(failed=False, key="a", model="m"), {"req_0001"}),
        ):
            assert {each.id for each in await list_records(connection, wanted)} == ids


async def test_an_empty_batch_and_an_unknown_id(database: Database) -> None:
    async with database.write() as connection:
        await add_records(connection, [])
    async with database.read() as connection:
        assert await get_record(connection, "nope") is None


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    try:
        async with database.write() as connection:
            await add_records(connection, [record(1)])
            raise ValueError("in the middle")
    except ValueError:
        pass
    async with database.read() as connection:
        assert await list_records(connection) == []


def test_tokens_per_second_needs_a_stream_and_a_first_token() -> None:
    counts = Usage(output=100)
    base = {"duration_us": 2_000_000, "first_token_us": 1_000_000, "usage": counts}
    assert record(1, stream=True, **base).tokens_per_second == 100
    assert record(1, stream=False, **base).tokens_per_second is None


STRANGE = [
    record(1, model="a\0b"),
    record(2, label="x" * 5000),
    record(3, usage=Usage(input=10**30, reported_cost_nanos=2**70)),
    record(4, attempts=(
        AttemptRecord(
            number=1, provider="p", model="m\0", protocol="openai_chat", lane="pass", started_us=0, error_message="\0",
            usage=Usage(output=2**64, raw='{"x":"\0"}'),
        ),
    )),
]  # fmt: skip


@pytest.mark.parametrize("strange", STRANGE, ids=lambda one: one.id)
async def test_a_record_that_fits_no_column_keeps_no_other_out(database: Database, strange: Record) -> None:
    plain = [record(number, usage=Usage(input=7)) for number in range(100, 320)]
    await store_records(database, [*plain[:110], strange, *plain[110:]])
    async with database.read() as connection:
        assert [await get_record(connection, each.id) for each in plain[::50]] == plain[::50]
        kept = await get_record(connection, strange.id)
    assert kept is not None
    assert kept.protocol == strange.protocol
    assert kept.usage is None or kept.usage.input == 2**63 - 1


async def test_a_database_that_is_away_is_said_so(database: Database) -> None:
    async with database.write() as connection:
        await connection.exec_driver_sql("DROP TABLE attempt")
    with pytest.raises(DBAPIError):
        await store_records(database, [record(1, attempts=STRANGE[3].attempts)])
