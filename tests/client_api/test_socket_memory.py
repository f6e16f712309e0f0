"""What a connection remembers of its turns."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from plexus.client_api.socket_memory import LaneMemory, Memory
from plexus.domain.turn import EarlierTurn, Past, Turn

LIMIT = 10_000
OWNER = "tester"


def raw(**members: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(members).encode())


def turn(ident: str, *given: msgspec.Raw, output: tuple[msgspec.Raw, ...] = (), store: bool | None = False) -> Turn:
    return Turn(owner=OWNER, id=ident, created_at=1, provider="acme", body=raw(store=store), given=given, output=output)


def said(found: EarlierTurn | None) -> list[tuple[str, str | None]]:
    assert found is not None
    return [(json.loads(bytes(past.raw))["id"], past.provider) for past in found.items]


def test_a_turn_is_remembered_with_all_before_it() -> None:
    memory = Memory(LIMIT)
    memory.add(
        None, turn("resp_1", raw(id="c"), output=(raw(id="d"),)), [Past(raw(id="a")), Past(raw(id="b"), "other")]
    )
    found = memory.get(OWNER, "resp_1")
    assert said(found) == [("a", None), ("b", "other"), ("c", None), ("d", "acme")]
    assert found is not None
    assert found.issuer is None
    assert memory.get("somebody else", "resp_1") is None
    assert memory.get(OWNER, "resp_2") is None


async def test_only_the_last_turn_of_a_lane_is_kept() -> None:
    memory = Memory(LIMIT)
    main, other = LaneMemory(memory, None), LaneMemory(memory, "other")
    main.add(turn("resp_1", raw(id="a")), [])
    other.add(turn("resp_2", raw(id="b")), [Past(raw(id="a"))])
    assert said(await other.get(OWNER, "resp_1")) == [("a", None)]
    main.add(turn("resp_3", raw(id="c")), [])
    assert await other.get(OWNER, "resp_1") is None
    assert said(await main.get(OWNER, "resp_2")) == [("a", None), ("b", None)]


@pytest.mark.parametrize(("store", "remembered"), [(True, False), (False, True), (None, True)])
def test_what_is_stored_is_left_to_the_store(store: bool | None, remembered: bool) -> None:
    memory = Memory(LIMIT)
    memory.add(None, turn("resp_0", raw(id="a")), [])
    memory.add(None, turn("resp_1", raw(id="a"), store=store), [])
    assert (memory.get(OWNER, "resp_1") is not None) is remembered
    assert memory.get(OWNER, "resp_0") is None


def test_the_oldest_lane_is_forgotten_when_there_is_too_much() -> None:
    one = raw(id="a")
    memory = Memory(3 * len(one))
    memory.add("x", turn("resp_1", one), [])
    memory.add("y", turn("resp_2", one), [])
    memory.add("x", turn("resp_3", one), [Past(one)])
    assert [memory.get(OWNER, f"resp_{number}") is not None for number in (2, 3)] == [True, True]
    memory.add("z", turn("resp_4", one), [])
    assert [memory.get(OWNER, f"resp_{number}") is not None for number in (2, 3, 4)] == [False, True, True]
    memory.add("w", turn("resp_5", *[one] * 4), [])
    assert [memory.get(OWNER, f"resp_{number}") for number in range(2, 6)] == [None] * 4


def test_thoughts_that_nobody_kept_are_not_named() -> None:
    memory = Memory(LIMIT)
    name = raw(id="rs_1", type="reasoning", summary=[])
    sealed = raw(id="rs_2", type="reasoning", encrypted_content="gAAA")
    memory.add(None, turn("resp_1", raw(id="b"), output=(name, sealed)), [])
    assert said(memory.get(OWNER, "resp_1")) == [("b", None), ("rs_2", "acme")]
