"""The port over a database."""

from __future__ import annotations

from tests.storage.turns import count, ids, raw, store, turn

from plexus.domain.turn import Conversation
from plexus.storage.database import Database
from plexus.storage.turn_store import DatabaseTurns, plain, sweep


async def test_the_sweep_takes_both(database: Database) -> None:
    turns = DatabaseTurns(database)
    await turns.add_conversation("k", Conversation(id="conv_1", created_at=1), [raw("a")])
    await store(database, turn(1), turn(5), turn(2, conversation="conv_1"))
    assert await sweep(database, 0, 0) == (0, 0)
    assert await sweep(database, 3, 0) == (2, 0)
    assert ids(await turns.list_conversation("k", "conv_1")) == ["a", "in_2", "out_2"], "a conversation keeps its items"
    assert await sweep(database, 3, 3) == (0, 1)
    assert await count(database, "response_item") == 2


def test_plain_names_stay() -> None:
    assert plain("resp_é") == "resp_é"
    assert "\0" not in plain("a\0b")
