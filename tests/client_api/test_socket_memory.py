"""What a connection remembers of its turns."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.client_api.socket_memory import Memory, continued
from plexus.protocols import envelope

LIMIT = 10_000


def items(*names: str) -> list[msgspec.Raw]:
    return [msgspec.Raw(json.dumps({"id": name}).encode()) for name in names]


def body(**members: Any) -> envelope.Envelope:
    return envelope.read(json.dumps({"model": "m", **members}).encode())


def names(whole: envelope.Envelope) -> list[str]:
    return [item["id"] for item in json.loads(whole.raw)["input"]]


def test_a_turn_goes_on_from_all_before_it() -> None:
    memory = Memory(LIMIT)
    memory.add(None, "resp_1", None, items("a", "b"))
    memory.add(None, "resp_2", memory.get("resp_1"), items("c"))
    memory.add(None, "resp_3", memory.get("resp_2"), [])
    last = memory.get("resp_3")
    assert last is not None
    whole = continued(body(previous_response_id="resp_3", input=[{"id": "d"}]), last, LIMIT)
    assert names(whole) == ["a", "b", "c", "d"]
    assert "previous_response_id" not in whole.members


def test_only_the_last_turn_of_a_lane_is_kept() -> None:
    memory = Memory(LIMIT)
    memory.add(None, "resp_1", None, items("a"))
    memory.add("other", "resp_2", memory.get("resp_1"), items("b"))
    assert memory.get("resp_1") is not None
    memory.add(None, "resp_3", memory.get("resp_1"), items("c"))
    assert memory.get("resp_1") is None
    fork = memory.get("resp_2")
    assert fork is not None
    assert list(map(json.loads, fork.items())) == [{"id": "a"}, {"id": "b"}]


def test_the_oldest_lane_is_forgotten_when_there_is_too_much() -> None:
    (one,) = items("a")
    memory = Memory(3 * len(one))
    memory.add("x", "resp_1", None, [one])
    memory.add("y", "resp_2", None, [one])
    memory.add("x", "resp_3", memory.get("resp_1"), [one])
    assert memory.get("resp_2") is not None
    memory.add("z", "resp_4", None, [one])
    assert [memory.get(f"resp_{number}") is not None for number in (2, 3, 4)] == [False, True, True]
    memory.add("w", "resp_5", None, [one] * 4)
    assert [memory.get(f"resp_{number}") for number in range(2, 6)] == [None] * 4


def test_what_became_too_long_is_refused() -> None:
    memory = Memory(LIMIT)
    memory.add(None, "resp_1", None, items("a" * 500))
    before = memory.get("resp_1")
    assert before is not None
    asked = body(previous_response_id="resp_1", input=[])
    size = before.size + len(asked.raw)
    assert names(continued(asked, before, size))[0] == "a" * 500
    with pytest.raises(ClientError) as refused:
        continued(asked, before, size - 1)
    assert refused.value.kind is ErrorKind.BODY_TOO_LARGE


@pytest.mark.parametrize(("store", "kept"), [(False, ["b"]), (True, ["rs_1", "b"]), (None, ["rs_1", "b"])])
def test_thoughts_that_nobody_kept_are_not_named(store: bool | None, kept: list[str]) -> None:
    memory = Memory(LIMIT)
    thought = msgspec.Raw(b'{"id":"rs_1","type":"reasoning","summary":[]}')
    memory.add(None, "resp_1", None, [thought, *items("b")])
    before = memory.get("resp_1")
    assert before is not None
    assert names(continued(body(store=store, input=[]), before, LIMIT)) == kept
