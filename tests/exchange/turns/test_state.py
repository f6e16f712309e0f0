"""Kept turns: memory first, then the database within its limit."""

from __future__ import annotations

import asyncio

import pytest
from tests.exchange.turns.making import MemorySpool, ScriptedStore, ids, raw, state_of, turn

from plexus.canonical.errors import ClientError, ErrorKind, bad_request
from plexus.domain.snapshot import Retention
from plexus.domain.turn import EarlierTurn, Past

DAY = 86400 * 1_000_000


async def test_what_waits_in_memory_needs_no_database() -> None:
    spool = MemorySpool()
    spool.add(turn("a"))
    spool.add(turn("b", previous="a"))
    earlier = await state_of(None, spool).get("tester", "b")
    assert earlier is not None
    assert ids(earlier.items) == ["in_a", "out_a", "in_b", "out_b"]
    assert earlier.issuer == turn("b").issuer


async def test_memory_goes_on_from_the_database() -> None:
    store = ScriptedStore(EarlierTurn(id="a", items=(Past(raw(id="old")),)))
    spool = MemorySpool()
    spool.add(turn("b", previous="a"))
    earlier = await state_of(store, spool).get("tester", "b")
    assert earlier is not None
    assert ids(earlier.items) == ["old", "in_b", "out_b"]
    assert store.asked == [("tester", "a", 0)], "what went before may be older than what is still shown"


async def test_a_turn_in_a_conversation_goes_on_from_what_stood_before_it() -> None:
    store = ScriptedStore(conversation=[Past(raw(id="said"))])
    spool = MemorySpool()
    spool.add(turn("b", conversation="conv_1", created_at=7))
    earlier = await state_of(store, spool).get("tester", "b")
    assert earlier is not None
    assert ids(earlier.items) == ["said", "in_b", "out_b"]
    assert store.asked == [("tester", "conv_1", 7)]
    assert spool.flushes == 1


async def test_the_database_hides_what_is_over() -> None:
    store = ScriptedStore()
    assert await state_of(store).get("tester", "a") is None
    assert await state_of(store, retention=Retention(responses_days=None)).get("tester", "a") is None
    assert store.asked == [("tester", "a", 70 * DAY), ("tester", "a", 0)]
    assert state_of(store).conversations_since == 0
    assert state_of(store, retention=Retention(conversations_days=1)).conversations_since == 99 * DAY


async def test_no_database_is_a_503() -> None:
    with pytest.raises(ClientError) as away:
        await state_of(None).get("tester", "a")
    assert (away.value.kind, away.value.code) == (ErrorKind.UNAVAILABLE, "store_unavailable")


async def test_a_database_that_hangs_is_a_503() -> None:
    async def hang(_: object) -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(ClientError) as away:
        await state_of(ScriptedStore(), limit=0.01).ask(hang)
    assert away.value.kind is ErrorKind.UNAVAILABLE


async def test_a_database_that_fails_is_a_503(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_: object) -> None:
        raise ConnectionError("secret host")

    with pytest.raises(ClientError) as away:
        await state_of(ScriptedStore()).ask(fail)
    assert away.value.kind is ErrorKind.UNAVAILABLE
    assert "secret" not in away.value.message
    assert "ConnectionError" in caplog.text


async def test_our_own_errors_stay_as_they_are() -> None:
    async def refuse(_: object) -> None:
        raise bad_request("no")

    with pytest.raises(ClientError, match="no"):
        await state_of(ScriptedStore()).ask(refuse)
