"""Conversations in the database."""

from __future__ import annotations

import msgspec
from tests.storage.turns import count, ids, raw, store, turn

from plexus.domain.turn import Conversation
from plexus.storage.conversations import sweep_conversations
from plexus.storage.database import Database
from plexus.storage.turn_store import DatabaseTurns

NEW = Conversation(id="conv_1", created_at=1, metadata=msgspec.Raw(b'{"topic":"x"}'))


async def begun(database: Database) -> DatabaseTurns:
    """A conversation with two items of its client and a turn."""
    turns = DatabaseTurns(database)
    await turns.add_conversation("k", NEW, [raw("a"), raw("b")])
    await store(database, turn(5, conversation="conv_1"))
    return turns


async def test_it_comes_back_to_its_key_alone(database: Database) -> None:
    turns = await begun(database)
    assert await turns.get_conversation("k", "conv_1", 0) == NEW
    assert await turns.get_conversation("other", "conv_1", 0) is None
    assert await turns.list_conversation("other", "conv_1") == []


async def test_items_and_turns_stand_in_order(database: Database) -> None:
    turns = await begun(database)
    await turns.add_items("k", "conv_1", 7, [raw("c")])
    await store(database, turn(9, conversation="conv_1"))
    assert ids(await turns.list_conversation("k", "conv_1")) == ["a", "b", "in_5", "out_5", "c", "in_9", "out_9"]
    assert ids(await turns.list_input("k", "resp_9", 0)) == ["a", "b", "in_5", "out_5", "c", "in_9"]
    assert await count(database, "response_item") == 7
    await store(database, turn(11, 9))
    earlier = await turns.get_earlier("k", "resp_11", 0)
    assert earlier is not None
    assert ids(earlier.items)[:4] == ["a", "b", "in_5", "out_5"]


async def test_metadata_is_replaced(database: Database) -> None:
    turns = await begun(database)
    await turns.change_conversation("k", "conv_1", msgspec.Raw(b"{}"))
    found = await turns.get_conversation("k", "conv_1", 0)
    assert found is not None
    assert bytes(found.metadata) == b"{}"


async def test_an_item_is_taken_out(database: Database) -> None:
    turns = await begun(database)
    assert await turns.remove_item("k", "conv_1", "a")
    assert await turns.remove_item("k", "conv_1", "in_5")
    assert not await turns.remove_item("k", "conv_1", "a")
    assert not await turns.remove_item("other", "conv_1", "b")
    assert ids(await turns.list_conversation("k", "conv_1")) == ["b", "out_5"]
    found = await turns.get_turn("k", "resp_5", 0)
    assert found is not None
    assert ids(found.given) == ["in_5"], "its reply keeps it"


async def test_it_is_removed_with_its_items(database: Database) -> None:
    turns = await begun(database)
    await turns.remove_conversation("k", "conv_1")
    assert await turns.get_conversation("k", "conv_1", 0) is None
    assert await count(database, "response_item") == 2
    found = await turns.get_turn("k", "resp_5", 0)
    assert found is not None
    assert ids(found.given) == ["in_5"]


async def test_the_sweep_looks_at_the_last_use(database: Database) -> None:
    turns = await begun(database)
    await turns.add_conversation("k", Conversation(id="conv_2", created_at=2), [raw("z")])
    assert await turns.get_conversation("k", "conv_2", 3) is None
    assert await turns.get_conversation("k", "conv_1", 5) is not None
    async with database.write() as connection:
        assert await sweep_conversations(connection, 5) == 1
    assert await turns.get_conversation("k", "conv_2", 0) is None
    assert await count(database, "conversation") == 1
    assert ids(await turns.list_conversation("k", "conv_2")) == []
