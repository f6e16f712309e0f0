"""Turns and blocks of any client, put into the order that Anthropic insists on."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
    Video,
)
from plexus.canonical.request import Message, Role
from plexus.protocols.anthropic_messages import CODEC
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.encode_request import tool_id

OTHER = "openai_chat"
OWN = "anthropic_messages"


def said(role: Role, *blocks: Block, **members: Any) -> Message:
    return Message(role=role, content=blocks, **members)


def text(role: Role, words: str) -> Message:
    return said(role, Text(text=words), plain=True)


def body_of(
    *messages: Message, dialect: MessagesDialect | None = None, **members: Any
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    return sent(CODEC, wish(OTHER, messages=messages, **members), dialect)


def part(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def block_of(block: Block) -> tuple[Any, list[str]]:
    body, losses = body_of(said("user", block))
    (written,) = body["messages"][0]["content"]
    where = "messages[0].content[0]"
    return written, [f"{path.removeprefix(where).removeprefix('.')} {reason}" for path, reason in losses]


# --- turns


def test_leading_instructions_become_system() -> None:
    body, losses = body_of(text("system", "a"), text("developer", "b"), user("hi"), system=(Text(text="0"),))
    assert body["system"] == [part("0"), part("a"), part("b")]
    assert body["messages"] == [{"role": "user", "content": [part("hi")]}]
    assert losses == []


def test_instructions_between_turns_are_the_users_or_the_systems() -> None:
    messages = (user("hi"), text("assistant", "yes?"), text("system", "be brief"), user("go on"))
    body, losses = body_of(*messages)
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][2]["content"] == [part("be brief"), part("go on")]
    assert losses == [("messages[2]", "approximated")]
    body, losses = body_of(*messages, dialect=MessagesDialect(mid_conversation_system=True))
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "system", "user"]
    assert losses == []


def test_turns_of_the_same_role_are_joined() -> None:
    body, _ = body_of(user("a"), user("b"), text("assistant", "c"), text("assistant", "d"), user("e"))
    assert [(turn["role"], len(turn["content"])) for turn in body["messages"]] == [
        ("user", 2),
        ("assistant", 2),
        ("user", 1),
    ]


def test_results_of_parallel_calls_are_one_turn_with_results_first() -> None:
    calls = said("assistant", ToolCall(id="a", name="f", arguments="{}"), ToolCall(id="b", name="f", arguments="{}"))
    one, two = (said("tool", ToolResult(call_id=each, content=(Text(text=each),), plain=True)) for each in "ab")
    body, _ = body_of(user("hi"), calls, one, user("and"), two)
    (answers,) = body["messages"][2:]
    assert [block["type"] for block in answers["content"]] == ["tool_result", "tool_result", "text"]
    assert [block["tool_use_id"] for block in answers["content"][:2]] == ["a", "b"]
    assert answers["content"][0]["content"] == "a"


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_empty_text_is_not_sent(empty: str) -> None:
    body, losses = body_of(user("hi"), text("assistant", empty), user("there"))
    assert [turn["role"] for turn in body["messages"]] == ["user", "user"] or len(body["messages"]) == 1
    assert part(empty) not in [block for turn in body["messages"] for block in turn["content"]]
    assert losses == []


def test_a_conversation_of_nothing_is_refused() -> None:
    assert cannot_send(CODEC, wish(OTHER, messages=(text("user", " "),))).param == "messages"
    assert cannot_send(CODEC, wish(OTHER, messages=(text("system", "a"),))).param == "messages"


def test_a_conversation_must_begin_with_the_user() -> None:
    error = cannot_send(CODEC, wish(OTHER, messages=(text("assistant", "hi"), user("x"))))
    assert "first turn" in error.message


def test_names_and_members_of_others_are_lost() -> None:
    message = said("user", Text(text="x"), name="ann", extras=Extras(OTHER, {"odd": raw(1)}))
    assert body_of(message)[1] == [("messages[0].name", "unsupported"), ("messages[0].odd", "foreign")]


ROLES = st.sampled_from(["user", "assistant", "system", "developer", "tool"])


@given(st.lists(st.tuples(ROLES, st.sampled_from(["a", " ", "b c"])), min_size=1, max_size=8))
@settings(deadline=None)
def test_whatever_the_order_turns_alternate_and_nothing_said_is_lost(turns: list[tuple[Role, str]]) -> None:
    messages = tuple(
        said("tool", ToolResult(call_id="a", content=(Text(text=words),))) if role == "tool" else text(role, words)
        for role, words in [("user", "begin"), *turns]
    )
    body, _ = body_of(*messages)
    roles = [turn["role"] for turn in body["messages"]]
    assert roles[0] == "user"
    assert all(turn["content"] for turn in body["messages"])
    written = [block for turn in [*body["messages"], {"content": body.get("system", [])}] for block in turn["content"]]
    assert sum(block["type"] == "tool_result" for block in written) == sum(role == "tool" for role, _ in turns)
    expected = sorted(words for role, words in turns if role != "tool" and words.strip())
    assert (
        sorted(block["text"] for block in written if block["type"] == "text" and block["text"] != "begin") == expected
    )


# --- blocks


@pytest.mark.parametrize(
    ("block", "wire", "losses"),
    [
        (Text(text="a"), part("a"), []),
        (Text(text="a", cache=CacheMark("1h")), {**part("a"), "cache_control": {"type": "ephemeral", "ttl": "1h"}}, []),
        (Text(text="a", citations=(Citation(origin=OTHER, kind="url_citation", url="u"),)), part("a"), ["citations unsupported"]),
        (Text(text="a", extras=Extras(OTHER, {"x": raw(1)})), part("a"), ["x foreign"]),
        (Refusal(text="no"), part("no"), []),
        (
            Image(source=InlineData("image/png", PIXEL), detail="auto"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
            [],
        ),
        (
            Image(source=Url("https://a"), detail="high"),
            {"type": "image", "source": {"type": "url", "url": "https://a"}},
            ["detail unsupported"],
        ),
        (
            Document(source=InlineData("application/pdf", "QQ=="), name="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "QQ=="},
                "title": "a.pdf",
            },
            [],
        ),
        (
            Document(source=InlineData("text/markdown", base64.b64encode("é".encode()).decode()), context="c", citations=False),
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "é"},
                "context": "c",
                "citations": {"enabled": False},
            },
            [],
        ),
        (
            Document(source=PlainText("t")),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "t"}},
            [],
        ),
        (
            Document(source=BlockSource((Text(text="a"),))),
            {"type": "document", "source": {"type": "content", "content": "a"}},
            [],
        ),
        (
            ToolResult(call_id="call:1", content=(Text(text="a"), Image(source=Url("https://a"))), is_error=False),
            {
                "type": "tool_result",
                "tool_use_id": "call_1",
                "content": [part("a"), {"type": "image", "source": {"type": "url", "url": "https://a"}}],
                "is_error": False,
            },
            [],
        ),
    ],
)  # fmt: skip
def test_every_block_that_messages_has_a_place_for(block: Block, wire: dict[str, Any], losses: list[str]) -> None:
    assert block_of(block) == (wire, losses)


@pytest.mark.parametrize(
    "block",
    [
        Image(source=FileId(OTHER, "file-1")),
        Document(source=FileId(OTHER, "file-1")),
        Document(source=InlineData("application/zip", "QQ==")),
        Document(source=InlineData("text/plain", "no base64!")),
        Document(source=InlineData("text/plain", base64.b64encode(b"\xff").decode())),
        Audio(source=InlineData("audio/wav", "QQ==")),
        Video(source=Url("https://a")),
        Opaque(origin=OTHER, kind="video_url", raw=raw({})),
    ],
)
def test_content_that_messages_cannot_carry_is_refused_and_named(block: Block) -> None:
    error = cannot_send(CODEC, wish(OTHER, messages=(user("hi"), said("user", Text(text="a"), block))))
    assert error.param == "messages[1].content[1]"


@pytest.mark.parametrize(
    ("thought", "wire", "reason"),
    [
        (
            Reasoning(text="hm", state=ReasoningState(OWN, "S")),
            {"type": "thinking", "thinking": "hm", "signature": "S"},
            None,
        ),
        (Reasoning(redacted=True, state=ReasoningState(OWN, "D")), {"type": "redacted_thinking", "data": "D"}, None),
        (Reasoning(text="hm"), None, "unsupported"),
        (Reasoning(text="hm", state=ReasoningState(OTHER, "S")), None, "other_provider"),
    ],
)
def test_only_a_thought_that_anthropic_signed_goes_back(thought: Reasoning, wire: Any, reason: str | None) -> None:
    body, losses = body_of(user("hi"), said("assistant", thought, Text(text="x")))
    content = body["messages"][1]["content"]
    assert content == ([wire] if wire else []) + [part("x")]
    assert losses == ([] if reason is None else [("messages[1].content[0]", reason)])


@pytest.mark.parametrize(
    ("call", "arguments", "losses"),
    [
        (ToolCall(id="a", name="f", arguments='{"x":1}'), {"x": 1}, []),
        (ToolCall(id="a", name="f", arguments=""), {}, []),
        (ToolCall(id="a", name="f", arguments="{cut"), {"INVALID_JSON": "{cut"}, ["approximated"]),
        (ToolCall(id="a", name="f", arguments="ls", custom=True), {"input": "ls"}, ["approximated"]),
        (ToolCall(id="a", name="f", arguments="{}", state=ReasoningState(OTHER, "S")), {}, ["unsupported"]),
    ],
)
def test_a_call(call: ToolCall, arguments: Any, losses: list[str]) -> None:
    body, lost = body_of(user("hi"), said("assistant", call))
    assert body["messages"][1]["content"] == [{"type": "tool_use", "id": "a", "name": "f", "input": arguments}]
    assert [reason for _, reason in lost] == losses


@given(st.text(max_size=30))
@settings(deadline=None)
def test_ids_keep_to_the_characters_that_are_allowed(call_id: str) -> None:
    made = tool_id(call_id)
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", made)
    assert tool_id(made) == made


def test_a_call_and_its_result_keep_the_same_id() -> None:
    call = said("assistant", ToolCall(id="functions.f:0", name="f", arguments="{}"))
    result = said("tool", ToolResult(call_id="functions.f:0", content=()))
    body, _ = body_of(user("hi"), call, result)
    assert body["messages"][1]["content"][0]["id"] == body["messages"][2]["content"][0]["tool_use_id"]


def test_anthropics_own_turns_keep_their_order_and_their_empty_texts() -> None:
    messages = (text("assistant", "hi"), text("assistant", ""), said("user"), text("system", "x"))
    body, losses = sent(CODEC, wish(OWN, messages=messages))
    assert body["messages"] == [
        {"role": "assistant", "content": "hi"},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": []},
        {"role": "system", "content": "x"},
    ]
    assert losses == []


def test_the_path_below_the_base_url() -> None:
    outbound, _ = CODEC.encode_request(wish(OTHER), MessagesDialect())
    assert (outbound.path, outbound.headers) == ("/messages", ())
