"""Each kind of item by itself; whole streams are in test_stream_decode."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from plexus.canonical.content import Reasoning, Text, ToolCall
from plexus.canonical.events import BlockEnd, BlockStart, StateDelta, StreamEvent, TextDelta
from plexus.protocols.members import raw_json
from plexus.protocols.openai_responses.stream_items import Counter, open_item, settled
from plexus.protocols.openai_responses.wire import Event


def event(**members: Any) -> Event:
    return msgspec.json.decode(json.dumps(members), type=Event)


def run(
    announced: dict[str, Any], *pieces: tuple[str, Event], final: dict[str, Any] | None = None
) -> list[StreamEvent]:
    out: list[StreamEvent] = []
    item = open_item(raw_json(announced), Counter())
    item.begin(out)
    for name, piece in pieces:
        item.piece(name, piece, out)
    if final is not None:
        item.done(raw_json(final), out)
    item.close(out)
    item.close(out)
    return out


def test_an_announced_item_as_it_will_be() -> None:
    raw = raw_json({"id": "x", "status": "in_progress", "content": None})
    assert {name: bytes(value) for name, value in settled(raw).items()} == {"id": b'"x"', "status": b'"completed"'}


def test_a_part_ends_where_the_next_begins() -> None:
    texts = [
        ("output_text.delta", event(delta=text, content_index=index))
        for index, text in ((0, "a"), (1, "b"), (0, "late"))
    ]
    kinds = [type(each).__name__ for each in run({"type": "message"}, *texts)]
    assert kinds == ["BlockStart", "TextDelta", "BlockEnd", "BlockStart", "TextDelta", "BlockEnd"]


def test_a_final_form_without_text_does_not_undo_what_was_said() -> None:
    final = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": ""}]}
    out = run({"type": "message"}, ("output_text.delta", event(delta="a")), final=final)
    (end,) = [each for each in out if isinstance(each, BlockEnd)]
    assert end.block is None


def test_the_state_of_a_thought_comes_with_its_final_form() -> None:
    final = {"type": "reasoning", "summary": [], "encrypted_content": "enc"}
    out = run({"type": "reasoning", "id": "rs_1"}, ("reasoning_summary_text.delta", event(delta="a")), final=final)
    assert [type(each) for each in out] == [BlockStart, TextDelta, StateDelta, BlockEnd]
    hidden = run({"type": "reasoning", "id": "rs_1"}, final=final)
    start = hidden[0]
    assert isinstance(start, BlockStart)
    assert isinstance(start.block, Reasoning)
    assert (start.block.redacted, start.block.state is not None) == (True, True)


@pytest.mark.parametrize("final", [{"type": "message", "content": []}, {"type": "web_search_call"}])
def test_a_final_form_of_another_kind_is_no_end_of_the_world(final: dict[str, Any]) -> None:
    for kind in ("function_call", "reasoning", "message", "web_search_call"):
        out = run({"type": kind, "call_id": "c", "name": "f"}, final=final)
        opened = [each.index for each in out if isinstance(each, BlockStart)]
        closed = [each.index for each in out if isinstance(each, BlockEnd)]
        assert opened == closed


def test_blocks_are_numbered_and_calls_are_noticed() -> None:
    counter, out = Counter(), list[StreamEvent]()
    assert (counter.open(Text(text=""), out), counter.called) == (0, False)
    assert (counter.open(ToolCall(id="c", name="f", arguments=""), out), counter.called) == (1, True)
