"""Turns, blocks, tools and choices of any client, written for a Chat provider."""

from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.making import PIXEL, asked, cannot_send, raw, sent, user, wish

from plexus.canonical.content import (
    Audio,
    Block,
    BlockSource,
    CacheMark,
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
from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, Message, Role, ServerTool, ToolChoice
from plexus.protocols.openai_chat import CODEC
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.encode_tools import encode_tool_choice

OTHER = "anthropic_messages"
SIGNED = ReasoningState("openai_chat", "SIG")
TOOL = FunctionTool(name="f")


def turns(
    *messages: Message, dialect: ChatDialect | None = None, **members: Any
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    body, losses = sent(CODEC, wish(OTHER, messages=messages, **members), dialect)
    return body["messages"], losses


def said(role: Role, *blocks: Block, **members: Any) -> Message:
    return Message(role=role, content=blocks, **members)


def parts(*blocks: Block, dialect: ChatDialect | None = None) -> tuple[Any, list[tuple[str, str]]]:
    (turn,), losses = turns(said("user", *blocks), dialect=dialect)
    return turn["content"], losses


# --- turns


def test_system_stands_first() -> None:
    written, losses = turns(user("hi"), system=(Text(text="be brief"),), system_plain=True)
    assert written == [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    assert losses == []


def test_a_developers_turn_where_it_is_not_known_is_the_systems() -> None:
    message = said("developer", Text(text="x"), plain=True)
    assert turns(message)[0][0]["role"] == "developer"
    assert turns(message, dialect=ChatDialect(developer_role=False))[0][0]["role"] == "system"


def test_names_go_with_their_turns() -> None:
    written, _ = turns(said("user", Text(text="x"), plain=True, name="ann"))
    assert written == [{"role": "user", "content": "x", "name": "ann"}]


def test_tool_results_become_turns_of_their_own_before_the_users_words() -> None:
    message = said(
        "user",
        ToolResult(call_id="a", content=(Text(text="1"),), plain=True),
        ToolResult(call_id="b", content=(Text(text="2"), Text(text="3"))),
        Text(text="go on"),
    )
    written, losses = turns(message)
    assert [turn["role"] for turn in written] == ["tool", "tool", "user"]
    assert written[0] == {"role": "tool", "tool_call_id": "a", "content": "1"}
    assert written[1]["content"] == [{"type": "text", "text": "2"}, {"type": "text", "text": "3"}]
    assert losses == []


def test_an_empty_result_is_an_empty_string() -> None:
    assert turns(said("user", ToolResult(call_id="a", content=())))[0] == [
        {"role": "tool", "tool_call_id": "a", "content": ""}
    ]


def test_pictures_of_a_result_move_behind_it() -> None:
    picture = Image(source=Url("https://a.example/x.png"))
    written, losses = turns(said("user", ToolResult(call_id="a", content=(Text(text="see"), picture)), Text(text="?")))
    assert [turn["role"] for turn in written] == ["tool", "user"]
    assert written[0]["content"] == "see"
    assert [part["type"] for part in written[1]["content"]] == ["text", "image_url"]
    assert losses == [("messages[0].content[0].content[1]", "reordered")]


def test_a_failed_result_is_told_without_its_mark() -> None:
    _, losses = turns(said("user", ToolResult(call_id="a", content=(Text(text="x"),), is_error=True)))
    assert losses == [("messages[0].content[0].is_error", "unsupported")]


def test_an_assistants_turn_with_calls_has_no_content() -> None:
    call = ToolCall(id="a", name="f", arguments="")
    custom = ToolCall(id="b", name="sh", arguments="ls", custom=True)
    (turn,), losses = turns(said("assistant", call, custom))
    assert turn["content"] is None
    assert turn["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "b", "type": "custom", "custom": {"name": "sh", "input": "ls"}},
    ]
    assert losses == []


def test_refusals_and_sound_stand_beside_the_content() -> None:
    (turn,), _ = turns(said("assistant", Refusal(text="no"), Audio(id="au", transcript="Hi")))
    assert turn == {"role": "assistant", "content": None, "refusal": "no", "audio": {"id": "au"}}


@pytest.mark.parametrize(
    ("dialect", "member", "lost"),
    [
        (ChatDialect(), None, ""),
        (ChatDialect(reasoning_field="reasoning_content"), "reasoning_content", ".signature"),
        (ChatDialect(reasoning_details=True), "reasoning_details", None),
    ],
    ids=["not taken", "field", "details"],
)
def test_thoughts_go_where_the_dialect_takes_them(dialect: ChatDialect, member: str | None, lost: str | None) -> None:
    (turn,), losses = turns(said("assistant", Reasoning(text="hm", state=SIGNED), Text(text="x")), dialect=dialect)
    assert [name for name in ("reasoning_content", "reasoning_details") if name in turn] == ([member] if member else [])
    assert losses == ([] if lost is None else [(f"messages[0].content[0]{lost}", "unsupported")])


def test_several_thoughts_are_joined() -> None:
    dialect = ChatDialect(reasoning_field="reasoning")
    (turn,), _ = turns(said("assistant", Reasoning(text="a"), Reasoning(text="b")), dialect=dialect)
    assert turn["reasoning"] == "ab"


def test_another_providers_state_of_a_call_is_lost() -> None:
    call = ToolCall(id="a", name="f", arguments="{}", state=SIGNED)
    assert turns(said("assistant", call))[1] == [("messages[0].content[0].signature", "unsupported")]


# --- parts


@pytest.mark.parametrize(
    ("block", "part", "losses"),
    [
        (Text(text="a"), {"type": "text", "text": "a"}, []),
        (Text(text="a", state=SIGNED), {"type": "text", "text": "a"}, ["signature unsupported"]),
        (
            Image(source=InlineData("image/png", PIXEL), detail="high"),
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}", "detail": "high"}},
            [],
        ),
        (
            Image(source=Url("https://a.example")),
            {"type": "image_url", "image_url": {"url": "https://a.example"}},
            [],
        ),
        (
            Document(source=InlineData("application/pdf", "QQ==")),
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,QQ=="}},
            [],
        ),
        (
            Document(source=FileId("openai_chat", "file-1"), name="a"),
            {"type": "file", "file": {"filename": "a", "file_id": "file-1"}},
            [],
        ),
        (Document(source=PlainText("t")), {"type": "text", "text": "t"}, [" approximated"]),
        (
            Document(source=BlockSource((Text(text="a"), Text(text="b")))),
            {"type": "text", "text": "a\nb"},
            [" approximated"],
        ),
        (
            Document(source=PlainText("t"), context="c", citations=True),
            {"type": "text", "text": "t"},
            ["context unsupported", "citations unsupported", " approximated"],
        ),
        (
            Audio(source=InlineData("audio/mpeg", "QQ==")),
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "mp3"}},
            [],
        ),
        (
            Audio(source=InlineData("audio/flac", "QQ==")),
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "flac"}},
            [],
        ),
        (Text(text="a", extras=Extras(OTHER, {"x": raw(1)})), {"type": "text", "text": "a"}, ["x foreign"]),
    ],
)
def test_every_block_that_chat_has_a_part_for(block: Block, part: dict[str, Any], losses: list[str]) -> None:
    written, lost = parts(block, Text(text="end"))
    assert written == [part, {"type": "text", "text": "end"}]
    where = "messages[0].content[0]"
    assert [f"{path.removeprefix(where).removeprefix('.')} {reason}" for path, reason in lost] == losses


@pytest.mark.parametrize(
    "block",
    [
        Image(source=FileId(OTHER, "file_1")),
        Document(source=FileId(OTHER, "file_1")),
        Document(source=Url("https://a.example/a.pdf")),
        Document(source=BlockSource((Image(source=Url("https://a.example")),))),
        Audio(source=InlineData("video/mp4", "QQ==")),
        Audio(transcript="only words"),
        Video(source=Url("https://a.example")),
        Opaque(origin=OTHER, kind="server_tool_use", raw=raw({})),
    ],
)
def test_content_that_chat_cannot_carry_is_refused_and_named(block: Block) -> None:
    error = cannot_send(CODEC, wish(OTHER, messages=(said("user", Text(text="a"), block),)))
    assert error.param == "messages[0].content[1]"


def test_chats_own_unknown_parts_go_back_whole() -> None:
    part = {"type": "video_url", "video_url": {"url": "x"}}
    opaque = Opaque(origin="openai_chat", kind="video_url", raw=raw(part))
    assert parts(opaque)[0] == [part]


def test_cache_marks_only_where_the_dialect_takes_them() -> None:
    marked = Text(text="a", cache=CacheMark("1h"))
    assert parts(marked) == ("a", [("messages[0].cache_control", "unsupported")])
    written, losses = parts(marked, dialect=ChatDialect(cache_control=True))
    assert written == [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    assert losses == []


@pytest.mark.parametrize("takes", [True, False])
def test_marks_of_results_calls_and_tools(takes: bool) -> None:
    mark = CacheMark()
    body, losses = sent(
        CODEC,
        wish(
            OTHER,
            messages=(
                said("assistant", ToolCall(id="a", name="f", arguments="{}", cache=mark)),
                said("user", ToolResult(call_id="a", content=(Text(text="x"),), cache=mark)),
            ),
            tools=(FunctionTool(name="f", cache=mark),),
        ),
        ChatDialect(cache_control=takes),
    )
    nodes = [body["messages"][0]["tool_calls"][0], body["messages"][1], body["tools"][0]]
    assert [node.get("cache_control") for node in nodes] == [{"type": "ephemeral"} if takes else None] * 3
    assert len(losses) == (0 if takes else 3)


# --- tools


def test_tools_of_every_kind() -> None:
    tools = (
        FunctionTool(name="f", description="d", parameters=raw({"type": "object"}), strict=True),
        FunctionTool(name="g", extras=Extras(OTHER, {"defer_loading": raw(True)})),
        CustomTool(name="c", description="e", format=raw({"type": "text"})),
        ServerTool(origin=OTHER, kind="web_search_20250305", raw=raw({})),
        ServerTool(origin="openai_chat", kind="web_search", raw=raw({"type": "web_search"})),
    )
    body, losses = sent(CODEC, wish(OTHER, tools=tools))
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
    assert body["tools"] == [
        {"type": "function", "function": function},
        {"type": "function", "function": {"name": "g"}},
        {"type": "custom", "custom": {"name": "c", "description": "e", "format": {"type": "text"}}},
        {"type": "web_search"},
    ]
    assert losses == [("tools[1].defer_loading", "foreign"), ("tools[3]", "unsupported")]


def test_a_choice_without_tools_is_not_sent() -> None:
    members: dict[str, Any] = {"tool_choice": ToolChoice(mode="auto"), "parallel_tool_calls": False}
    lost = ServerTool(origin=OTHER, kind="x", raw=raw({}))
    assert not {"tools", *members} & set(sent(CODEC, wish(OTHER, tools=(lost,), **members))[0])
    assert {"tools", *members} <= set(sent(CODEC, wish(OTHER, tools=(TOOL,), **members))[0])


@pytest.mark.parametrize("mode", ["auto", "none", "required"])
def test_a_choice_in_one_word(mode: Any) -> None:
    assert encode_tool_choice(ToolChoice(mode=mode), wish(OTHER, tools=(TOOL,)), ChatDialect(), Losses()) == mode


def test_a_named_choice_and_allowed_tools() -> None:
    losses = Losses()
    request = wish(OTHER, tools=(TOOL,))
    named = {"type": "function", "function": {"name": "f"}}
    assert encode_tool_choice(ToolChoice(mode="named", names=("f",)), request, ChatDialect(), losses) == named
    assert losses == []
    allowed = encode_tool_choice(
        ToolChoice(mode="allowed", names=("f",), allowed_mode="required"), request, ChatDialect(), losses
    )
    assert allowed == {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [named]}}
    assert losses == []


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "custom", "custom": {"name": "c"}},
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}},
    ],
)
def test_a_choice_in_chats_own_words_goes_back_whole(choice: dict[str, Any]) -> None:
    tools = [{"type": "custom", "custom": {"name": "c"}}]
    document = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": tools, "tool_choice": choice}
    body, losses = sent(CODEC, asked(CODEC, document))
    assert body == document
    assert losses == []


def test_members_of_a_turn_of_another_protocol_are_named() -> None:
    message = said("user", Text(text="x"), plain=True, extras=Extras(OTHER, {"odd": raw(1)}))
    assert turns(message) == ([{"role": "user", "content": "x"}], [("messages[0].odd", "foreign")])


def test_the_path_below_the_base_url() -> None:
    outbound, _ = CODEC.encode_request(wish(OTHER), ChatDialect())
    assert (outbound.path, outbound.headers) == ("/chat/completions", ())
