from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.openai_chat.making import raw

from plexus.canonical.content import Block, Opaque, Reasoning, ReasoningState
from plexus.protocols.openai_chat.members import Members
from plexus.protocols.openai_chat.reasoning import read_thoughts, state_entry, write_thoughts

SIGNED = {"type": "reasoning.text", "text": "Hm.", "signature": "s", "id": "r1", "format": "x", "index": 0}
SUMMARY = {"type": "reasoning.summary", "summary": "Sum", "index": 0}
HIDDEN = {"type": "reasoning.encrypted", "data": "d", "index": 1}


def read(**members: Any) -> list[Block]:
    return read_thoughts(Members(raw(members), "m")).blocks


@pytest.mark.parametrize(
    "members",
    [
        {"reasoning": "Hm."},
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm.", "reasoning_content": "Hm."},
        {"reasoning_details": [SIGNED]},
        {"reasoning": "Hm.", "reasoning_details": [SIGNED]},
        {"reasoning": "Sum", "reasoning_details": [SUMMARY, HIDDEN]},
        {"reasoning_details": [SUMMARY, {"type": "reasoning.odd", "index": 1}]},
        {"reasoning_content": "Hm.", "reasoning_details": [{**HIDDEN, "index": 0}]},
    ],
)
def test_thoughts_go_back_where_they_stood(members: dict[str, Any]) -> None:
    blocks = read(**members)
    assert json.loads(bytes(raw(write_thoughts(blocks, None)))) == members


def test_one_thought_that_stands_in_several_places_is_said_once() -> None:
    assert [
        block.text for block in read(reasoning="Hm.", reasoning_details=[SIGNED]) if isinstance(block, Reasoning)
    ] == ["Hm."]


def test_places_that_contradict_each_other() -> None:
    members = Members(raw({"reasoning": "a", "reasoning_content": "b"}))
    assert read_thoughts(members).blocks == [Reasoning(text="b", slot="reasoning_content")]
    assert members.extras() is not None


def test_what_our_own_entries_become() -> None:
    entry = {"type": "reasoning.text", "text": "Hm.", "signature": "plx1.x", "index": 0}
    thoughts = read_thoughts(Members(raw({"reasoning_details": [entry, state_entry("c1", "plx1.y", 1)]})))
    assert thoughts.blocks == [Reasoning(text="Hm.", state=ReasoningState("openai_chat", "plx1.x"))]
    assert thoughts.states == {"c1": "plx1.y"}
    assert thoughts.have_state


def test_thoughts_of_others_go_where_the_receiver_looks() -> None:
    state = ReasoningState("openai_chat", "plx1.x")
    assert write_thoughts([Reasoning(text="a"), Reasoning(text="b")], "reasoning") == {"reasoning": "ab"}
    assert write_thoughts([Reasoning(text="a")], None) == {}
    assert write_thoughts([Reasoning(text="a", slot="reasoning")], None, "reasoning_content") == {
        "reasoning_content": "a"
    }
    assert write_thoughts([Reasoning(redacted=True, state=state)], "reasoning") == {
        "reasoning_details": [{"type": "reasoning.encrypted", "data": "plx1.x", "index": 0}]
    }
    assert write_thoughts([Reasoning(text="a", state=state, summary=True, id="rs_1")], "reasoning") == {
        "reasoning": "a",
        "reasoning_details": [{"type": "reasoning.text", "text": "a", "signature": "plx1.x", "index": 0}],
    }


def test_entries_that_are_out_of_order_stay_whole() -> None:
    odd = {**SUMMARY, "index": 5}
    assert read(reasoning_details=[odd]) == [Opaque(origin="openai_chat", kind="reasoning_details/", raw=raw(odd))]
