"""The mock's streams and bodies have the shape of the vendors' recorded ones: order of events, members and their order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import CHAT, CHAT_TOOLS, MESSAGES, MESSAGES_TOOLS
from tests.recordings import Recording, recordings

from plexus.mock_provider import Reply, Thinking, ToolCall
from plexus.mock_provider.answer import Part
from plexus.protocols.sse import split_events


def _recorded(protocol: str, name: str) -> Recording:
    return next(one for one in recordings(protocol) if one.id == name)


def _shape(value: Any) -> Any:
    """An object's members in order, each with its shape; a list's first item; the type of anything else."""
    if isinstance(value, dict):
        return [(name, _shape(one)) for name, one in value.items()]
    if isinstance(value, list):
        return [_shape(one) for one in value[:1]]
    return type(value).__name__


def _chunk_course(chunks: list[dict[str, Any]]) -> list[Any]:
    """What the chunks hold one after the other, runs folded."""
    course: list[Any] = []
    for chunk in chunks:
        for choice in chunk["choices"] or [{"delta": {"usage": ""}, "finish_reason": None}]:
            calls = choice["delta"].get("tool_calls", ())
            kind = (tuple(choice["delta"]), tuple(tuple(call) for call in calls), choice["finish_reason"])
            if not course or course[-1] != kind:
                course.append(kind)
    return course


@pytest.mark.parametrize(
    ("recording", "step", "tools"),
    [
        ("openai.chat.openai.json-openai-gpt-4o-completions.1", Reply("Just some text."), None),
        (
            "openai.chat.openai.test-openai-parallel-tool-calls.1",
            Reply([ToolCall("get_weather", {"location": "Rome"}), ToolCall("get_time", {"timezone": "Rome"})]),
            CHAT_TOOLS,
        ),
        (
            "openai.chat.openai.test-complex-agent-run-in-flow.1",
            Reply([ToolCall(name, {"city": "Rome"}) for name in ("get_weather", "get_time")]),
            CHAT_TOOLS,
        ),
    ],
)
def test_chunks_come_in_the_recorded_order(recording: str, step: Reply, tools: Any) -> None:
    asked = support.chat(stream_options={"include_usage": True}, stream=True, **({"tools": tools} if tools else {}))
    ours = support.data_of(support.events_of(CHAT, asked, step=step))
    theirs = support.data_of(split_events(_recorded("openai.chat", recording).sse or b""))
    assert _chunk_course(ours) == _chunk_course(theirs)
    members = {name for chunk in theirs for name in chunk} | {"obfuscation"}
    assert {name for chunk in ours for name in chunk} == members
    assert _shape(ours[-1]["usage"]) == _shape(theirs[-1]["usage"])


def _event_course(events: list[dict[str, Any]]) -> list[Any]:
    """Names and members of the events one after the other, runs folded, without pings, which come when they like."""
    course: list[Any] = []
    for event in events:
        if event["type"] == "ping":
            continue
        inner = event.get("content_block") or event.get("delta") or {}
        kind = (event["type"], inner.get("type"), tuple(event), tuple(name for name in inner if name != "stop_details"))
        if not course or course[-1] != kind:
            course.append(kind)
    return course


@pytest.mark.parametrize(
    ("recording", "step"),
    [
        (
            "anthropic.messages.anthropic.anthropic-beta-claude-sonnet-4-0-async-stream.2",
            Reply([Thinking("Hm."), "Some text."]),
        ),
        ("anthropic.messages.anthropic.test-anthropic-tools-streaming-legacy.1", None),
    ],
)
def test_events_come_in_the_recorded_order(recording: str, step: Reply | None) -> None:
    theirs = support.data_of(split_events(_recorded("anthropic.messages", recording).sse or b""))
    if step is None:
        step = _like(theirs)
    ours = support.data_of(support.events_of(MESSAGES, support.messages(tools=MESSAGES_TOOLS), step=step))
    wanted = [one for one in _event_course(theirs) if one != ()]
    found = _event_course(ours)
    if not any("caller" in str(one) for one in wanted):
        found = [(*one[:3], tuple(name for name in one[3] if name != "caller")) for one in found]
    assert found == wanted
    assert ours[2] == {"type": "ping"}


def _like(events: list[dict[str, Any]]) -> Reply:
    """A reply with blocks of the same types."""
    made: dict[str, str | Part] = {
        "text": "Some text.",
        "tool_use": ToolCall("get_weather", {"city": "Rome"}),
        "thinking": Thinking("Hm."),
    }
    kinds = [event["content_block"]["type"] for event in events if event["type"] == "content_block_start"]
    return Reply([made[kind] for kind in kinds])


def test_a_search_comes_in_the_recorded_order() -> None:
    name = "anthropic.messages.anthropic.test-anthropic-text-parts-ahead-of-built-in-tool-call.1"
    theirs = support.data_of(split_events(_recorded("anthropic.messages", name).sse or b""))
    ours = support.data_of(support.events_of(MESSAGES, support.messages(model="mock-search")))
    course = [one[:2] for one in _event_course(ours)]
    begin = len(course) - 3  # theirs goes on with more citations
    assert course[:begin] == [one[:2] for one in _event_course(theirs)][:begin]
    cited = [
        [event for event in events if event.get("delta", {}).get("type") == "citations_delta"]
        for events in (ours, theirs)
    ]
    assert _shape(cited[0][0]) == _shape(cited[1][0])
    found = [
        list(event["content_block"]["content"][0])
        for events in (ours, theirs)
        for event in events
        if event.get("content_block", {}).get("type") == "web_search_tool_result"
    ]
    assert found[0] == found[1]


def test_bodies_have_the_recorded_members() -> None:
    theirs = json.loads(
        _recorded("openai.chat", "openai.chat.openai.test-chat-completions-with-audio-input.1").body or b""
    )
    ours = support.reply_of(CHAT, support.chat())
    assert list(ours) == list(theirs)
    assert list(ours["choices"][0]["message"]) == list(theirs["choices"][0]["message"])
    recorded = _recorded(
        "anthropic.messages", "anthropic.messages.anthropic.testtoolcallsinchatresponse-test-anthropic.1"
    )
    theirs = json.loads(recorded.body or b"")
    ours = support.reply_of(MESSAGES, support.messages(tools=MESSAGES_TOOLS, model="mock-tools"))
    assert set(theirs) <= set(ours)
    assert [name for name in ours if name in theirs] == [name for name in theirs if name in ours]


def test_events_are_padded_like_the_recorded_ones() -> None:
    script = support.script_of(MESSAGES, support.messages(stream=True))
    raw = b"".join(getattr(action, "data", b"") for action in script)
    assert raw.startswith(b"event: message_start\ndata: {")
    assert b" }\n\n" in raw
    assert b'event: ping\ndata: {"type": "ping"}\n\n' in raw
