from __future__ import annotations

import pytest
from tests.protocols.anthropic_messages.making import OWN, frames

from plexus.canonical.content import Block, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.events import ArgumentsDelta, BlockEnd, StateDelta, TextDelta
from plexus.canonical.losses import Losses
from plexus.protocols.anthropic_messages.stream.writing import BlockWriting


@pytest.mark.parametrize(
    ("block", "first", "delta"),
    [
        (Text(text=""), {"type": "text", "text": ""}, {"type": "text_delta", "text": "ä"}),
        (Refusal(text=""), {"type": "text", "text": ""}, {"type": "text_delta", "text": "ä"}),
        (
            Reasoning(),
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "ä"},
        ),
    ],
)
def test_a_block_begins_with_its_first_words(block: Block, first: object, delta: object) -> None:
    writing = BlockWriting(Losses())
    assert writing.start(7, block) == b""
    assert writing.index == 7
    start, piece = frames(writing.text("ä"))
    assert start == {"type": "content_block_start", "index": 0, "content_block": first}
    assert piece == {"type": "content_block_delta", "index": 0, "delta": delta}
    [more] = frames(writing.take(TextDelta(7, "ä")))
    assert more == piece
    [stop] = frames(writing.take(BlockEnd(7)))
    assert stop == {"type": "content_block_stop", "index": 0}
    assert writing.index is None


def test_wire_indices_count_only_what_is_written() -> None:
    writing = BlockWriting(Losses())
    writing.start(0, Text(text=""))
    assert writing.take(BlockEnd(0)) == b""
    assert frames(writing.start(5, Text(text="a")))[0]["index"] == 0
    writing.take(BlockEnd(5))
    assert frames(writing.start(9, Text(text="b")))[0]["index"] == 1


def test_a_call_begins_at_once_and_takes_only_arguments() -> None:
    writing = BlockWriting(Losses())
    [start] = frames(writing.start(0, ToolCall(id="t", name="f", arguments="")))
    assert start["content_block"] == {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    assert writing.take(TextDelta(0, "no place for this")) == b""
    [piece] = frames(writing.take(ArgumentsDelta(0, '{"a"')))
    assert piece["delta"] == {"type": "input_json_delta", "partial_json": '{"a"'}


def test_the_last_state_signs_the_thoughts_before_they_end() -> None:
    writing = BlockWriting(Losses())
    writing.start(0, Reasoning(text="hm", state=ReasoningState(OWN, "old")))
    assert writing.take(StateDelta(0, ReasoningState(OWN, "new"))) == b""
    signed, stop = frames(writing.take(BlockEnd(0)))
    assert signed["delta"] == {"type": "signature_delta", "signature": "new"}
    assert stop["type"] == "content_block_stop"


def test_a_repeated_whole_block_may_bring_the_state() -> None:
    writing = BlockWriting(Losses())
    writing.start(0, Reasoning(text="hm"))
    signed, _ = frames(writing.take(BlockEnd(0, block=Reasoning(text="hm", state=ReasoningState(OWN, "s")))))
    assert signed["delta"]["signature"] == "s"
