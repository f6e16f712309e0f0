from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.openai_chat.making import asking, encode, turn

from plexus.canonical.content import (
    Audio,
    Block,
    Image,
    InlineData,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
)
from plexus.canonical.errors import ClientError
from plexus.protocols.openai_chat import ChatDialect

OURS = ReasoningState("openai_chat", "sig")
THEIRS = ReasoningState("anthropic_messages", "sig")
CALL = ToolCall(id="c1", name="f", arguments="{}")
CALL_WIRE = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
PLAIN = ChatDialect()
THINKER = ChatDialect(reasoning_field="reasoning_content")


@pytest.mark.parametrize(
    ("blocks", "dialect", "written", "losses"),
    [
        ((Text(text="Hi"),), PLAIN, {"content": "Hi"}, []),
        ((Text(text="a"), Text(text="b")), ChatDialect(text_parts=False), {"content": "ab"}, []),
        ((CALL,), PLAIN, {"content": None, "tool_calls": [CALL_WIRE]}, []),
        ((Text(text="Hi"), CALL), PLAIN, {"content": "Hi", "tool_calls": [CALL_WIRE]}, []),
        ((CALL, Text(text="Hi")), PLAIN, {"content": "Hi", "tool_calls": [CALL_WIRE]}, [("content[1]", "reordered")]),
        ((Refusal(text="No"),), PLAIN, {"content": None, "refusal": "No"}, []),
        ((Reasoning(text="Hm."), Text(text="Hi")), PLAIN, {"content": "Hi"}, [("content[0]", "unsupported")]),
        ((Reasoning(text="Hm."), Text(text="Hi")), THINKER, {"content": "Hi", "reasoning_content": "Hm."}, []),
        (
            (Reasoning(text="Hm.", state=THEIRS), Text(text="Hi")),
            THINKER,
            {"content": "Hi", "reasoning_content": "Hm."},
            [("content[0].state", "unsupported")],
        ),
        (
            (Reasoning(redacted=True, state=THEIRS), Text(text="Hi")),
            THINKER,
            {"content": "Hi"},
            [("content[0].state", "unsupported")],
        ),
        (
            (Reasoning(text="Hm.", state=OURS, slot="reasoning_details"), Text(text="Hi")),
            PLAIN,
            {
                "content": "Hi",
                "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "sig", "index": 0}],
            },
            [],
        ),
        (
            (ToolCall(id="c1", name="f", arguments="{}", state=OURS),),
            PLAIN,
            {"content": None, "tool_calls": [{**CALL_WIRE, "extra_content": {"google": {"thought_signature": "sig"}}}]},
            [],
        ),
        (
            (ToolCall(id="c1", name="f", arguments="{}", state=THEIRS),),
            PLAIN,
            {"content": None, "tool_calls": [CALL_WIRE]},
            [("content[0].state", "unsupported")],
        ),
        (
            (Text(text="Hi", state=OURS),),
            PLAIN,
            {"content": "Hi", "extra_content": {"google": {"thought_signature": "sig"}}},
            [],
        ),
        (
            (ToolCall(id="c1", name="f", arguments="free", custom=True),),
            PLAIN,
            {"content": None, "tool_calls": [{"id": "c1", "type": "custom", "custom": {"name": "f", "input": "free"}}]},
            [],
        ),
        ((Audio(id="a", transcript="Hello"),), PLAIN, {"content": "Hello"}, [("content[0]", "approximated")]),
        ((), PLAIN, {"content": ""}, []),
    ],
)
def test_turns(
    blocks: tuple[Block, ...], dialect: ChatDialect, written: dict[str, Any], losses: list[tuple[str, str]]
) -> None:
    body, found = encode(asking(turn("assistant", *blocks)), dialect)
    assert body["messages"] == [{"role": "assistant", **written}]
    assert [(loss.path.removeprefix("messages[0]."), loss.reason) for loss in found] == losses


def test_own_sound_is_named_by_its_id() -> None:
    body, losses = encode(asking(turn("assistant", Audio(id="audio_1")), origin="openai_chat"))
    assert body["messages"][0]["audio"] == {"id": "audio_1"}
    assert losses == []


@pytest.mark.parametrize("block", [Image(source=InlineData("image/png", "AAAA")), Audio(id="audio_1")])
def test_what_an_assistant_cannot_have_said(block: Block) -> None:
    with pytest.raises(ClientError):
        encode(asking(turn("assistant", block)))
