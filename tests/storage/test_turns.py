"""Turns in the database."""

from __future__ import annotations

import pytest
from tests.storage.turns import ISSUER, count, ids, raw, store, turn

from plexus.storage.database import Database
from plexus.storage.turn_store import DatabaseTurns
from plexus.storage.turns import remove_turn, store_turns, sweep_turns


async def test_a_turn_comes_back_as_it_was(database: Database) -> None:
    kept = turn(1, issuer=ISSUER, body=raw("resp_1", text="é\0"))
    await store(database, kept)
    found = await DatabaseTurns(database).get_turn("k", "resp_1", 0)
    assert found == kept
    assert await DatabaseTurns(database).get_turn("other", "resp_1", 0) is None


async def test_twice_is_once(database: Database) -> None:
    await store(database, turn(1), turn(1))
    await store(database, turn(1, output=(raw("a"), raw("b"), raw("c"))))
    found = await DatabaseTurns(database).get_turn("k", "resp_1", 0)
    assert found == turn(1)
    assert await count(database, "response_item") == 2


async def test_two_keys_may_have_the_same_id(database: Database) -> None:
    await store(database, turn(1), turn(1, owner="other", output=(raw("theirs"),)))
    found = await DatabaseTurns(database).get_turn("other", "resp_1", 0)
    assert found is not None
    assert ids(found.output) == ["theirs"]


async def test_a_chain_is_read_in_order_and_stored_once(database: Database) -> None:
    await store(database, turn(1), *(turn(number, number - 1) for number in range(2, 31)))
    earlier = await DatabaseTurns(database).get_earlier("k", "resp_30", 0)
    assert earlier is not None
    assert ids(earlier.items) == [f"{kind}_{number}" for number in range(1, 31) for kind in ("in", "out")]
    assert [past.provider for past in earlier.items[:2]] == [None, "p"]
    assert await count(database, "response_item") == 60, "not a copy for each turn"


async def test_a_branch_has_its_own_history(database: Database) -> None:
    await store(database, turn(1), turn(2, 1), turn(3, 1))
    assert ids(await DatabaseTurns(database).list_input("k", "resp_3", 0)) == ["in_1", "out_1", "in_3"]
    assert await DatabaseTurns(database).list_input("k", "resp_9", 0) is None


async def test_what_is_over_is_hidden_and_still_gone_on_from(database: Database) -> None:
    await store(database, turn(1), turn(2, 1))
    turns = DatabaseTurns(database)
    assert await turns.get_turn("k", "resp_1", 2) is None
    assert await turns.get_earlier("k", "resp_1", 2) is None
    earlier = await turns.get_earlier("k", "resp_2", 2)
    assert earlier is not None
    assert ids(earlier.items) == ["in_1", "out_1", "in_2", "out_2"]


async def test_a_removed_turn_leaves_nothing(database: Database) -> None:
    await store(database, turn(1))
    async with database.write() as connection:
        assert not await remove_turn(connection, "other", "resp_1", 0)
        assert await remove_turn(connection, "k", "resp_1", 0)
        assert not await remove_turn(connection, "k", "resp_1", 0)
    assert await count(database, "response") == await count(database, "response_item") == 0


async def test_a_removed_turn_stays_for_those_that_go_on_from_it(database: Database) -> None:
    await store(database, turn(1), turn(2, 1))
    turns = DatabaseTurns(database)
    assert await turns.remove_turn("k", "resp_1", 0)
    assert await turns.get_turn("k", "resp_1", 0) is None
    assert await turns.find_items("k", ["in_1", "in_2"]) == {"in_2": turn(2).items[0]}
    assert ids(await turns.list_input("k", "resp_2", 0)) == ["in_1", "out_1", "in_2"]
    assert await turns.remove_turn("k", "resp_2", 0)
    async with database.write() as connection:
        assert await sweep_turns(connection, 0) == 1
    assert await count(database, "response") == await count(database, "response_item") == 0


async def test_the_sweep_takes_whole_chains_and_no_more(database: Database) -> None:
    await store(database, turn(1), turn(2, 1), turn(3, 2), turn(10), turn(20, 10))
    async with database.write() as connection:
        assert await sweep_turns(connection, 15) == 3
        assert await sweep_turns(connection, 15) == 0
    earlier = await DatabaseTurns(database).get_earlier("k", "resp_20", 15)
    assert earlier is not None
    assert ids(earlier.items) == ["in_10", "out_10", "in_20", "out_20"]
    assert await count(database, "response_item") == 4


async def test_a_turn_that_fits_no_column_keeps_no_other_out(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await store_turns(database, [turn(1), turn(2, created_at=2**70), turn(3, given=(raw("x" * 300),))])
    turns = DatabaseTurns(database)
    assert await turns.get_turn("k", "resp_1", 0) == turn(1)
    assert await turns.get_turn("k", "resp_2", 0) is None
    assert await turns.get_turn("k", "resp_3", 0) is not None
    assert "resp_2 does not fit" in caplog.text


async def test_names_that_no_column_holds_name_nothing(database: Database) -> None:
    turns = DatabaseTurns(database)
    assert await turns.get_turn("k", "a\0b", 0) is None
    assert await turns.find_items("k", ["a\0b", "c" * 9999]) == {}
