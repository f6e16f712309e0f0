from __future__ import annotations

from tests.protocols.openai_chat.making import asking, encode, raw, turn

from plexus.canonical.content import CacheMark, Extras, Image, InlineData, Text, ToolCall, ToolResult
from plexus.canonical.losses import Loss
from plexus.protocols.openai_chat import ChatDialect

PNG = Image(source=InlineData("image/png", "AAAA"))
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
CALLS = turn("assistant", ToolCall(id="c1", name="f", arguments="{}"), ToolCall(id="c2", name="g", arguments="{}"))


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def test_system_becomes_the_first_turn() -> None:
    request = asking(turn("user", Text(text="Hi")), system=(Text(text="Be brief."),))
    assert encode(request)[0]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]


def test_several_texts_keep_their_borders_or_are_joined() -> None:
    request = asking(turn("user", Text(text="Hi")), system=(Text(text="a"), Text(text="b")))
    assert encode(request)[0]["messages"][0]["content"] == [text("a"), text("b")]
    assert encode(request, ChatDialect(text_parts=False))[0]["messages"][0]["content"] == "a\n\nb"


def test_developer_turns() -> None:
    request = asking(turn("developer", Text(text="a")))
    assert encode(request)[0]["messages"][0]["role"] == "developer"
    body, losses = encode(request, ChatDialect(supports_developer_role=False))
    assert body["messages"][0]["role"] == "system"
    assert losses == [Loss("messages[0].role", "approximated")]


def test_results_of_a_user_turn_become_tool_turns_ahead_of_it() -> None:
    results = turn(
        "user",
        ToolResult(call_id="c1", content=(Text(text="1"),), plain=True),
        ToolResult(call_id="c2", content=(Text(text="a"), Text(text="b")), is_error=True),
        Text(text="Go on"),
    )
    body, losses = encode(asking(CALLS, results))
    assert body["messages"][1:] == [
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c2", "content": [text("a"), text("b")]},
        {"role": "user", "content": "Go on"},
    ]
    assert losses == [Loss("messages[1].content[1].is_error", "unsupported")]


def test_pictures_move_out_of_results_behind_all_of_them() -> None:
    first = turn("tool", ToolResult(call_id="c1", content=(Text(text="see"), PNG)))
    second = turn("tool", ToolResult(call_id="c2", content=()))
    body, losses = encode(asking(CALLS, first, second, turn("user", Text(text="Well?"))))
    assert body["messages"][1:] == [
        {"role": "tool", "tool_call_id": "c1", "content": "see"},
        {"role": "tool", "tool_call_id": "c2", "content": ""},
        {"role": "user", "content": [text("From the result of tool call c1:"), PNG_PART, text("Well?")]},
    ]
    assert losses == [Loss("messages[1].content[0].content[1]", "reordered")]


def test_pictures_get_a_turn_of_their_own_where_no_user_turn_follows() -> None:
    first = turn("tool", ToolResult(call_id="c1", content=(PNG,)))
    body, _ = encode(asking(CALLS, first, turn("assistant", Text(text="Nice."))))
    assert [message["role"] for message in body["messages"]] == ["assistant", "tool", "user", "assistant"]
    assert encode(asking(CALLS, first))[0]["messages"][-1]["role"] == "user"


def test_a_result_behind_a_text_is_reordered() -> None:
    both = turn("user", Text(text="Go on"), ToolResult(call_id="c1", content=(Text(text="1"),)))
    body, losses = encode(asking(CALLS, both))
    assert [message["role"] for message in body["messages"]] == ["assistant", "tool", "user"]
    assert losses == [Loss("messages[1].content[1]", "reordered")]


def test_a_cache_mark_of_a_result() -> None:
    marked = ToolResult(call_id="c1", content=(Text(text="1"), Text(text="2")), cache=CacheMark())
    body, losses = encode(asking(CALLS, turn("user", marked)), ChatDialect(supports_cache_marks=True))
    assert body["messages"][1]["content"][1]["cache_control"] == {"type": "ephemeral"}
    assert losses == []
    assert encode(asking(CALLS, turn("user", marked)))[1] == [Loss("messages[1].content[0].cache", "unsupported")]


def test_members_of_other_protocols_are_losses() -> None:
    extras = Extras("anthropic_messages", {"odd": raw(1)})
    result = ToolResult(call_id="c1", content=(), extras=extras)
    _, losses = encode(asking(CALLS, turn("user", result, extras=extras)))
    assert losses == [Loss("messages[1].odd", "foreign"), Loss("messages[1].content[0].odd", "foreign")]


def test_an_empty_turn_stays_a_turn() -> None:
    assert encode(asking(turn("user")))[0]["messages"] == [{"role": "user", "content": ""}]
