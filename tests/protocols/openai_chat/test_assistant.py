from __future__ import annotations

from typing import Any

from tests.protocols.openai_chat.making import raw

from plexus.canonical.content import Audio, Image, InlineData, Reasoning, ReasoningState, Refusal, Text, ToolCall, Url
from plexus.protocols.openai_chat.assistant import Said, read_assistant
from plexus.protocols.openai_chat.calls import LegacyCalls
from plexus.protocols.openai_chat.members import Members

CALL = {"type": "function", "function": {"name": "f", "arguments": "{}"}}


def read(**members: Any) -> tuple[Said, Members]:
    message = Members(raw(members), "message")
    return read_assistant(message, LegacyCalls(), "call_r_0"), message


def test_everything_in_order() -> None:
    said, message = read(
        content="Hi",
        refusal="No",
        reasoning="Hm.",
        tool_calls=[CALL],
        audio={"id": "a", "data": "AA", "transcript": "t", "expires_at": 9},
        images=[{"type": "image_url", "image_url": {"url": "https://x"}}],
        odd=1,
    )
    assert said.blocks == (
        Reasoning(text="Hm.", slot="reasoning"),
        Text(text="Hi"),
        Refusal(text="No"),
        Image(source=Url("https://x")),
        Audio(source=InlineData("audio/wav", "AA"), id="a", transcript="t", expires_at=9),
        ToolCall(id="call_r_0_0", name="f", arguments="{}"),
    )
    assert said.plain
    assert set(message.values) == {"odd"}


def test_empty_places_say_nothing() -> None:
    empty_audio = {"id": "", "data": "", "transcript": "", "expires_at": 0}
    said, message = read(
        content="", refusal="", audio=empty_audio, function_call={"name": "", "arguments": ""}, annotations=[]
    )
    assert said.blocks == ()
    assert message.extras() is None


def test_an_object_in_place_of_the_content() -> None:
    assert read(content={"a": 1})[0].blocks == (Text(text='{"a":1}'),)


def test_annotations_belong_to_the_text() -> None:
    said, _ = read(content="Hi", annotations=[{"type": "file"}])
    (text,) = said.blocks
    assert isinstance(text, Text)
    assert [citation.kind for citation in text.citations] == ["file"]
    said, message = read(annotations=[{"type": "file"}])
    assert said.blocks == ()
    assert "annotations" in message.values


def test_gemini_signs_a_text() -> None:
    said, message = read(content="Hi", extra_content={"google": {"thought": True, "thought_signature": "s"}})
    assert said.blocks == (Text(text="Hi", state=ReasoningState("openai_chat", "s")),)
    assert "extra_content" in message.values
