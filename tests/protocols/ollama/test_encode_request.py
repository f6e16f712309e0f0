from __future__ import annotations

import msgspec
import pytest
from tests.protocols.making import PIXEL, cannot_send, raw, sent, user, wish

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
)
from plexus.canonical.request import Bound, Message, Role
from plexus.protocols.ollama import CODEC
from plexus.protocols.ollama.dialect import OllamaDialect

PICTURE = Image(source=InlineData("image/png", PIXEL))
STATE = ReasoningState("anthropic_messages", "sig")


def turn(role: Role, *blocks: Block, **members: object) -> Message:
    return Message(role=role, content=blocks, **members)  # type: ignore[arg-type]


def written(*messages: Message, **settings: object) -> tuple[list[dict[str, object]], list[tuple[str, str]]]:
    body, losses = sent(CODEC, wish("openai_chat", messages=messages, **settings))
    return body["messages"], losses


def test_the_smallest_request() -> None:
    outbound, losses = CODEC.encode_request(wish("openai_chat"), CODEC.default_dialect)
    assert (outbound.path, outbound.query, losses) == ("/chat", b"", [])
    assert msgspec.json.decode(outbound.body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    }


def test_a_stream_is_asked_for() -> None:
    body, _ = sent(CODEC, wish("gemini", stream=True))
    assert body["stream"] is True


def test_roles_and_instructions() -> None:
    messages, losses = written(
        turn("developer", Text(text="two")), turn("user", Text(text="a"), Text(text=""), Text(text="b")), turn("user"),
        system=(Text(text="one"),),
    )  # fmt: skip
    assert messages == [
        {"role": "system", "content": "one"},
        {"role": "system", "content": "two"},
        {"role": "user", "content": "a\n\nb"},
        {"role": "user", "content": ""},
    ]
    assert losses == []


def test_an_assistants_turn_has_its_thoughts_and_calls_beside_its_words() -> None:
    messages, losses = written(
        user("weather?"),
        turn(
            "assistant",
            Reasoning(text="hm"),
            Text(text="I look."),
            ToolCall(id="c1", name="look", arguments='{"a": 1}'),
        ),
        turn("tool", ToolResult(call_id="c1", content=(Text(text="sunny"),))),
    )
    assert messages[1:] == [
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": {"a": 1}}}],
            "thinking": "hm",
        },
        {"role": "tool", "content": "sunny", "tool_name": "look", "tool_call_id": "c1"},
    ]
    assert losses == []


def test_results_among_a_users_blocks_become_turns_of_their_own_ahead_of_it() -> None:
    result = ToolResult(call_id="c9", name="given", content=(Text(text="x"), PICTURE), is_error=True)
    messages, losses = written(turn("user", Text(text="and?"), result))
    assert messages == [
        {"role": "tool", "content": "x", "images": [PIXEL], "tool_name": "given", "tool_call_id": "c9"},
        {"role": "user", "content": "and?"},
    ]
    assert ("messages[0].content[1].is_error", "unsupported") in losses
    assert ("messages[0].content[1].content[1]", "reordered") in losses


@pytest.mark.parametrize("arguments", ["", "{}"])
def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    messages, losses = written(turn("assistant", ToolCall(id="c", name="f", arguments=arguments)))
    assert messages[0]["tool_calls"] == [{"id": "c", "function": {"name": "f", "arguments": {}}}]
    assert losses == []


@pytest.mark.parametrize("call", [
    ToolCall(id="c", name="f", arguments="plain words", custom=True), ToolCall(id="c", name="f", arguments="plain words"),
])  # fmt: skip
def test_arguments_that_are_no_object_stand_inside_one(call: ToolCall) -> None:
    messages, losses = written(turn("assistant", call))
    assert messages[0]["tool_calls"] == [{"id": "c", "function": {"name": "f", "arguments": {"input": "plain words"}}}]
    assert losses == [("messages[0].content[0]", "approximated")]


def test_pictures_are_bare_base64_ahead_of_the_words() -> None:
    messages, losses = written(
        turn("user", PICTURE, Text(text="what?"), Image(source=Url("data:image/gif;base64,AAAA")))
    )
    assert messages == [{"role": "user", "content": "what?", "images": [PIXEL, "AAAA"]}]
    assert losses == [("messages[0].content[2]", "reordered")]


TEXTS = [
    Document(source=PlainText("facts")),
    Document(source=BlockSource((Text(text="facts"),))),
    Document(source=InlineData("text/plain", "ZmFjdHM=")),
]


@pytest.mark.parametrize("document", TEXTS)
def test_documents_of_text_are_text(document: Document) -> None:
    messages, losses = written(turn("user", document))
    assert messages == [{"role": "user", "content": "facts"}]
    assert losses == [("messages[0].content[0]", "approximated")]


NAMED = msgspec.structs.replace(TEXTS[0], name="n", context="c", citations=True)
LOST: list[tuple[Block, list[tuple[str, str]]]] = [
    (Reasoning(text="hm", state=STATE), [(".signature", "other_provider")]),
    (Reasoning(redacted=True, state=STATE), [("", "other_provider")]),
    (Text(text="x", state=STATE), [(".signature", "other_provider")]),
    (ToolCall(id="c", name="f", arguments="{}", state=STATE), [(".signature", "other_provider")]),
    (Text(text="x", cache=CacheMark()), [(".cache_control", "unsupported")]),
    (Text(text="x", citations=(Citation(origin="gemini", kind="k"),)), [(".citations", "unsupported")]),
    (Text(text="x", extras=Extras("openai_chat", {"odd": raw(1)})), [(".odd", "foreign")]),
    (msgspec.structs.replace(PICTURE, detail="high"), [(".detail", "unsupported")]),
    (msgspec.structs.replace(PICTURE, detail="auto"), []),
    (Refusal(text="no"), []),
    (
        NAMED,
        [(".context", "unsupported"), (".citations", "unsupported"), ("", "approximated"), (".name", "unsupported")],
    ),
]


@pytest.mark.parametrize(("block", "lost"), LOST)
def test_what_stands_beside_content_is_a_loss(block: Block, lost: list[tuple[str, str]]) -> None:
    _, losses = written(turn("assistant", block))
    assert losses == [(f"messages[0].content[0]{path}", reason) for path, reason in lost]


def test_names_and_unknown_members_of_turns_are_losses() -> None:
    odd = Extras("openai_chat", {"odd": raw(1)})
    _, losses = written(turn("user", Text(text="x"), name="Ann", extras=odd))
    assert losses == [("messages[0].odd", "foreign"), ("messages[0].name", "unsupported")]


@pytest.mark.parametrize("block", [
    Image(source=Url("https://example.com/a.png")), Image(source=FileId("openai_chat", "file-1")),
    Document(source=InlineData("application/pdf", "AAAA")), Document(source=InlineData("text/plain", "%")),
    Audio(source=InlineData("audio/wav", "AAAA")),
    Opaque(origin="anthropic_messages", kind="server_tool_use", raw=raw({})),
])  # fmt: skip
def test_content_that_it_cannot_carry_is_refused(block: Block) -> None:
    error = cannot_send(CODEC, wish("openai_chat", messages=(turn("user", block),)))
    assert error.param == "messages[0].content[0]"
    assert "messages[0].content[0]" in error.message


@pytest.mark.parametrize(("settings", "param"), [
    ({"candidates": 2}, "n"), ({"modalities": ("text", "audio")}, "modalities"), ({"modalities": ("image",)}, "modalities"),
    ({"bound": (Bound("previous_response_id", "Send it all."),)}, "previous_response_id"),
])  # fmt: skip
def test_answers_that_it_cannot_give_are_refused(settings: dict[str, object], param: str) -> None:
    assert cannot_send(CODEC, wish("openai_responses", **settings)).param == param


def test_refused_members_are_left_out() -> None:
    body, losses = sent(CODEC, wish("openai_chat"), OllamaDialect(refused_members=frozenset({"stream", "other"})))
    assert "stream" not in body
    assert losses == [("stream", "refused")]
