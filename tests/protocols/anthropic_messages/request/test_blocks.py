from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.protocols.anthropic_messages.making import FOREIGN, OWN, encode, foreign, pairs, raw, turn
from tests.specs_schema import anthropic

from plexus.canonical.content import (
    Audio,
    Block,
    BlockSource,
    CacheMark,
    Citation,
    Document,
    Extras,
    FileId,
    Image,
    InlineData,
    Opaque,
    PlainText,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
    Video,
)
from plexus.canonical.errors import ClientError, ErrorKind
from plexus.canonical.losses import Losses
from plexus.protocols.anthropic_messages.request.blocks import BlockWriter


def write(*blocks: Block, native: bool = False) -> tuple[list[Any], Losses]:
    """What the blocks become, in a whole body that is valid by the vendor's schema."""
    losses = Losses()
    BlockWriter(losses, native=native).write(blocks, "b")
    body, _ = encode(foreign(turn("user", *blocks)))
    anthropic("MessageCreateParams").validate(body)
    return body["messages"][0]["content"] if body["messages"] else [], losses


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("block", "wire"),
    [
        (Text(text="a", cache=CacheMark("1h")), {"cache_control": {"type": "ephemeral", "ttl": "1h"}}),
        (
            Image(source=InlineData("image/jpg", "AA==")),
            {"source": {"type": "base64", "media_type": "image/jpeg", "data": "AA=="}},
        ),
        (Image(source=Url("https://e.org/a"), detail="auto"), {"source": {"type": "url", "url": "https://e.org/a"}}),
        (
            Document(source=InlineData("application/pdf", "AA=="), name="a.pdf"),
            {"source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="}, "title": "a.pdf"},
        ),
        (
            Document(source=InlineData("text/markdown", b64("# ä"))),
            {"source": {"type": "text", "media_type": "text/plain", "data": "# ä"}},
        ),
        (Document(source=Url("https://e.org/a.pdf")), {"source": {"type": "url", "url": "https://e.org/a.pdf"}}),
        (
            Document(source=PlainText("x"), context="c", citations=False),
            {
                "source": {"type": "text", "media_type": "text/plain", "data": "x"},
                "context": "c",
                "citations": {"enabled": False},
            },
        ),
        (
            Document(source=BlockSource((Text(text="x"),))),
            {"source": {"type": "content", "content": [{"type": "text", "text": "x"}]}},
        ),
        (
            ToolResult(call_id="t", content=(Text(text="x"),), plain=True, is_error=True),
            {"tool_use_id": "t", "content": "x", "is_error": True},
        ),
        (
            ToolResult(call_id="t", content=(Image(source=Url("https://e.org/a")),), cache=CacheMark()),
            {
                "content": [{"type": "image", "source": {"type": "url", "url": "https://e.org/a"}}],
                "cache_control": {"type": "ephemeral"},
            },
        ),
        (ToolCall(id="t", name="f", arguments=' {"a": 1.50} '), {"id": "t", "name": "f", "input": {"a": 1.5}}),
        (ToolCall(id="t", name="f", arguments=""), {"input": {}}),
        (
            Reasoning(text="hm", state=ReasoningState(OWN, "sig+/=")),
            {"type": "thinking", "thinking": "hm", "signature": "sig+/="},
        ),
        (Reasoning(redacted=True, state=ReasoningState(OWN, "d")), {"type": "redacted_thinking", "data": "d"}),
        (
            Opaque(origin=OWN, kind="container_upload", raw=raw({"type": "container_upload", "file_id": "f"})),
            {"file_id": "f"},
        ),
    ],
)
def test_what_messages_can_say(block: Block, wire: dict[str, Any]) -> None:
    written, losses = write(block)
    assert written[0] | wire == written[0]
    assert not losses


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (Text(text="a", state=ReasoningState("gemini", "s")), {("b[0].state", "other_provider")}),
        (
            Text(text="a", citations=(Citation(origin=FOREIGN, kind="url_citation", url="u"),)),
            {("b[0].citations", "unsupported")},
        ),
        (Text(text="a", extras=Extras(FOREIGN, {"x": raw(1)})), {("b[0].x", "foreign")}),
        (Refusal(text="no"), {("b[0]", "approximated")}),
        (Image(source=Url("https://e.org/a"), detail="low"), {("b[0].detail", "unsupported")}),
        (ToolCall(id="t", name="f", arguments="{broken"), {("b[0].arguments", "approximated")}),
        (ToolCall(id="t", name="f", arguments="[1]"), {("b[0].arguments", "approximated")}),
        (ToolCall(id="t", name="f", arguments="free text", custom=True), set()),
        (
            ToolCall(id="t", name="f", arguments="{}", state=ReasoningState("gemini", "s")),
            {("b[0].state", "other_provider")},
        ),
        (Audio(id="a1", transcript="said"), {("b[0]", "approximated")}),
        (Reasoning(text="hm"), {("b[0]", "unsupported")}),
        (Reasoning(text="hm", state=ReasoningState("openai_responses", "e")), {("b[0]", "other_provider")}),
    ],
)
def test_what_hangs_on_content_may_be_lost(block: Block, expected: set[tuple[str, str]]) -> None:
    _, losses = write(block)
    assert pairs(losses) == expected


@pytest.mark.parametrize(
    "block",
    [
        Audio(source=InlineData("audio/wav", "AA==")),
        Video(source=Url("https://e.org/v")),
        Image(source=FileId(FOREIGN, "f")),
        Document(source=FileId(FOREIGN, "f")),
        Document(source=InlineData("application/zip", "AA==")),
        Document(source=InlineData("text/plain", "/w==")),
        Opaque(origin=FOREIGN, kind="hologram", raw=raw({})),
        ToolResult(call_id="t", content=(Audio(source=InlineData("audio/wav", "AA==")),)),
    ],
)
def test_content_without_a_form_is_a_400_that_says_where(block: Block) -> None:
    with pytest.raises(ClientError) as refused:
        encode(foreign(turn("user", "look", block)))
    assert refused.value.kind is ErrorKind.BAD_REQUEST
    assert refused.value.param is not None
    assert refused.value.param.startswith("messages[0].content[1]")


def test_empty_text_is_left_out_but_for_clients_of_messages() -> None:
    assert write(Text(text=""), Text(text="a"))[0] == [{"type": "text", "text": "a"}]
    assert BlockWriter(Losses(), native=True).write([Text(text="")], "b") == [{"type": "text", "text": ""}]


def test_dropped_thoughts_are_remembered() -> None:
    writer = BlockWriter(Losses(), native=False)
    writer.write([Reasoning(text="hm", state=ReasoningState(OWN, "s"))], "b")
    assert not writer.dropped_reasoning
    writer.write([Reasoning(text="hm")], "b")
    assert writer.dropped_reasoning


def test_a_call_and_its_result_are_rewritten_alike() -> None:
    body, losses = encode(
        foreign(
            turn("assistant", ToolCall(id="call:1", name="f", arguments="{}")),
            turn("tool", ToolResult(call_id="call:1", content=(Text(text="x"),))),
        )
    )
    assert body["messages"][0]["content"][0]["id"] == body["messages"][1]["content"][0]["tool_use_id"]
    assert not losses
