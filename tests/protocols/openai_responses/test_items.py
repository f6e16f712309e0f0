from __future__ import annotations

from typing import Any

import msgspec
import pytest

from plexus.canonical.content import Block, Opaque, Reasoning, Text, ToolCall, ToolResult
from plexus.canonical.errors import ClientError
from plexus.protocols.members import Members, raw_json
from plexus.protocols.openai_responses.items import ITEM, part_members, read_turn_item, tool_output


def item(**members: Any) -> Members:
    return Members({name: raw_json(value) for name, value in members.items()}, "input[0]")


def read(**members: Any) -> tuple[Block, ...]:
    return read_turn_item(item(**members))


def test_a_message_opens_with_its_first_part() -> None:
    parts = [{"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"}]
    first, second = read(type="message", id="msg_1", role="assistant", phase="commentary", content=parts)
    assert isinstance(first, Text)
    assert isinstance(second, Text)
    assert first.extras is not None
    assert msgspec.json.decode(first.extras.twins[ITEM])["id"] == "msg_1"
    assert set(first.extras.members) == {"phase"}, "a loss elsewhere"
    assert part_members(first.extras) == {}
    assert second.extras is None
    assert read(type="message", role="assistant", content=[]) == ()


def test_a_thought_with_summaries_and_text_is_two_blocks() -> None:
    summary = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
    content = [{"type": "reasoning_text", "text": "c"}]
    first, second = read(type="reasoning", id="rs_1", summary=summary, content=content, encrypted_content="xyz")
    assert isinstance(first, Reasoning)
    assert isinstance(second, Reasoning)
    assert (first.text, first.parts, first.summary, first.state) == ("ab", ("a", "b"), True, None)
    assert (second.text, second.summary, second.id) == ("c", False, "rs_1")
    assert second.state is not None
    assert second.state.value == "xyz"


@pytest.mark.parametrize(("summary", "redacted"), [([], True), ([{"type": "summary_text", "text": ""}], False)])
def test_a_hidden_thought_is_not_an_empty_one(summary: list[Any], redacted: bool) -> None:
    (block,) = read(type="reasoning", summary=summary, content=None, encrypted_content="xyz")
    assert isinstance(block, Reasoning)
    assert block.redacted is redacted


def test_calls() -> None:
    (plain,) = read(type="function_call", id="fc_1", call_id="c", name="f", arguments="{}")
    (custom,) = read(type="custom_tool_call", call_id="c", name="f", input="free")
    (spaced,) = read(type="function_call", call_id="c", name="f", namespace="n", arguments="{}")
    assert isinstance(plain, ToolCall)
    assert isinstance(custom, ToolCall)
    assert isinstance(spaced, ToolCall)
    assert (plain.id, plain.name, plain.arguments, plain.custom) == ("c", "f", "{}", False)
    assert (custom.arguments, custom.custom) == ("free", True)
    assert spaced.name == "n__f"
    with pytest.raises(ClientError, match="call_id is missing"):
        read(type="function_call", name="f", arguments="{}")


def test_all_else_stays_whole() -> None:
    (block,) = read(type="web_search_call", id="ws_1")
    assert isinstance(block, Opaque)
    assert msgspec.json.decode(block.raw) == {"id": "ws_1", "type": "web_search_call"}


def test_answers_of_tools() -> None:
    answer = tool_output(item(call_id="c", output="r", id="fco_1"), "custom_tool_call_output")
    assert isinstance(answer, ToolResult)
    assert (answer.call_id, answer.content, answer.plain, answer.custom) == ("c", (Text(text="r"),), True, True)
    assert isinstance(tool_output(item(output="r", name="f"), "function_call_output"), Opaque)
