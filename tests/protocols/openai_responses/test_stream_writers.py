"""Items of a stream one by one; whole streams are in test_stream_encode."""

from __future__ import annotations

import json
from typing import Any

from plexus.canonical.content import Reasoning, Refusal, Text, ToolCall
from plexus.canonical.losses import Losses
from plexus.protocols.members import raw_json
from plexus.protocols.openai_responses.output import ItemWriter
from plexus.protocols.openai_responses.stream_writers import (
    CallWriter,
    MessageWriter,
    OpaqueWriter,
    Sequence,
    ThoughtWriter,
)


def events(written: bytes) -> list[dict[str, Any]]:
    return [json.loads(block.split("data: ", 1)[1]) for block in written.decode().split("\n\n") if block]


def kinds(written: bytes) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events(written)]


MAKER = ItemWriter("resp_1", {}, Losses())


def test_a_message() -> None:
    writer = MessageWriter(Sequence(), 3, MAKER.message(Text(text=""), "in_progress"), MAKER)
    out = writer.begin(0) + writer.open_part(0, Text(text="a")) + writer.text(0, "b") + writer.text(9, "nobody's")
    out += (
        writer.end_block(0, None)
        + writer.end_block(0, None)
        + writer.open_part(1, Refusal(text=""))
        + writer.text(1, "no")
    )
    out += writer.finish()
    assert kinds(out) == [
        "output_item.added", "content_part.added", "output_text.delta", "output_text.delta", "output_text.done",
        "content_part.done", "content_part.added", "refusal.delta", "refusal.done", "content_part.done", "output_item.done",
    ]  # fmt: skip
    assert [event["sequence_number"] for event in events(out)] == list(range(11))
    assert {event["output_index"] for event in events(out)} == {3}
    final = events(out)[-1]["item"]
    assert (final["status"], [part.get("text", part.get("refusal")) for part in final["content"]]) == (
        "completed",
        ["ab", "no"],
    )


def test_a_thought_in_two_parts() -> None:
    writer = ThoughtWriter(Sequence(), 0, MAKER.reasoning(Reasoning()))
    out = writer.open_block(Reasoning()) + writer.text(0, "a") + writer.part_break() + writer.text(0, "b")
    out += writer.end_block(0, None) + writer.finish()
    assert kinds(out) == [
        "reasoning_summary_part.added", "reasoning_summary_text.delta", "reasoning_summary_text.done",
        "reasoning_summary_part.done", "reasoning_summary_part.added", "reasoning_summary_text.delta",
        "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done",
    ]  # fmt: skip
    assert [event["summary_index"] for event in events(out)[:-1]] == [0] * 4 + [1] * 4
    assert [part["text"] for part in events(out)[-1]["item"]["summary"]] == ["a", "b"]


def test_a_call_that_says_nothing_says_an_empty_object() -> None:
    writer = CallWriter(Sequence(), 0, ToolCall(id="c", name="f", arguments=""), MAKER, {})
    out = writer.begin(0) + writer.end_block(0, None) + writer.finish()
    assert kinds(out) == [
        "output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done",
    ]  # fmt: skip
    assert [event["name"] for event in events(out) if event["type"].endswith("arguments.done")] == ["f"]
    assert events(out)[-1]["item"]["arguments"] == "{}"


def test_an_opaque_item_is_written_as_it_is() -> None:
    writer = OpaqueWriter(Sequence(), 2, raw_json({"type": "web_search_call", "id": "ws_1"}))
    assert writer.item_id is not None
    assert events(writer.begin(0))[0] == {
        "type": "response.output_item.added", "sequence_number": 0, "output_index": 2,
        "item": {"type": "web_search_call", "id": "ws_1"},
    }  # fmt: skip
    assert writer.text(0, "x") == b""
