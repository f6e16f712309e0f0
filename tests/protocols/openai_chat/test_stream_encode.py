"""Events to chunks, exactly in OpenAI's shape."""

from __future__ import annotations

from typing import Any

import pytest
from tests import specs_schema
from tests.protocols.making import chunks_of, raw, wish

from plexus.canonical.content import (
    Audio,
    Block,
    Citation,
    Image,
    Opaque,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
    Url,
)
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    FinishSeen,
    LogprobsSeen,
    OpaqueEvent,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import usage
from plexus.protocols.openai_chat.stream_encode import ChatStreamEncoder, stream_encoder
from plexus.protocols.openai_chat.tool_call_id import MARKER

START = ReplyStart(id="c1", model="m", created=7)
STOP = FinishSeen(Finish(reason=FinishReason.STOP))


def encoded(*events: StreamEvent, with_usage: bool = False) -> tuple[list[Any], ChatStreamEncoder]:
    encoder = stream_encoder(wish("openai_chat", stream_usage=with_usage))
    return chunks_of(b"".join(encoder.encode(event) for event in events)), encoder


def deltas(*events: StreamEvent) -> list[dict[str, Any]]:
    """The deltas behind the one with the role."""
    chunks, encoder = encoded(START, *events)
    assert encoder.losses == []
    return [chunk["choices"][0]["delta"] for chunk in chunks[1:]]


def test_every_chunk_is_one_of_openais() -> None:
    chunks, _ = encoded(
        START,
        BlockStart(0, Reasoning(text="hm")), BlockEnd(0),
        BlockStart(1, Text(text="")), TextDelta(1, 'é"\n'), BlockEnd(1),
        BlockStart(2, ToolCall(id="a", name="f", arguments="")), ArgumentsDelta(2, '{"x": 1}'), BlockEnd(2),
        LogprobsSeen(raw({"content": [], "refusal": None})),
        FinishSeen(Finish(reason=FinishReason.TOOL_CALLS)),
        UsageSeen(usage(input=3, output=2)), ReplyEnd(),
        with_usage=True,
    )  # fmt: skip
    assert chunks[-1] == "[DONE]"
    validator = specs_schema.openai("CreateChatCompletionStreamResponse")
    for chunk in chunks[:-1]:
        validator.validate(chunk)
        assert (chunk["id"], chunk["model"], chunk["created"]) == ("c1", "m", 7)


def test_the_first_chunk_names_the_role_once_for_each_choice() -> None:
    chunks, _ = encoded(
        START,
        BlockStart(0, Text(text=""), 1),
        TextDelta(0, "x", 1),
        BlockStart(0, Text(text="")),
        FinishSeen(STOP.finish, 2),
    )
    roles = [chunk["choices"][0]["index"] for chunk in chunks if "role" in chunk["choices"][0]["delta"]]
    assert roles == [0, 1, 2]
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}


@pytest.mark.parametrize(
    ("block", "member"),
    [(Text(text="a"), "content"), (Refusal(text="a"), "refusal"), (Reasoning(text="a"), "reasoning_content")],
)
def test_each_kind_of_text_has_its_member(block: Block, member: str) -> None:
    assert deltas(BlockStart(0, block), TextDelta(0, "b")) == [{member: "a"}, {member: "b"}]


def test_calls_are_counted_from_nought_whatever_stands_before_them() -> None:
    found = deltas(
        BlockStart(0, Text(text="t")), BlockEnd(0),
        BlockStart(1, ToolCall(id="a", name="f", arguments="")), BlockStart(2, ToolCall(id="b", name="g", arguments="{")),
        ArgumentsDelta(1, "x"), ArgumentsDelta(2, "}"),
    )[1:]  # fmt: skip
    entries = [delta["tool_calls"][0] for delta in found]
    assert [entry["index"] for entry in entries] == [0, 1, 0, 1]
    assert entries[0] == {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}
    assert entries[1]["function"] == {"name": "g", "arguments": "{"}
    assert [entry["function"] for entry in entries[2:]] == [{"arguments": "x"}, {"arguments": "}"}]


def test_a_custom_call_goes_on_in_its_own_words() -> None:
    found = deltas(BlockStart(0, ToolCall(id="a", name="sh", arguments="", custom=True)), ArgumentsDelta(0, "ls"))
    assert found[0]["tool_calls"][0]["type"] == "custom"
    assert found[1] == {"tool_calls": [{"index": 0, "custom": {"input": "ls"}}]}


def test_sealed_state_travels_as_a_detail_and_in_the_id_of_the_next_call() -> None:
    state = ReasoningState("openai_chat", "plx1.AbC")
    found = deltas(
        BlockStart(0, Reasoning(text="")), TextDelta(0, "hm"), StateDelta(0, state), BlockEnd(0),
        BlockStart(1, ToolCall(id="a", name="f", arguments="")), BlockStart(2, ToolCall(id="b", name="f", arguments="")),
    )  # fmt: skip
    assert found[1]["reasoning_details"][0]["signature"] == "plx1.AbC"
    assert [delta["tool_calls"][0]["id"] for delta in found[2:]] == [f"a{MARKER}AbC", "b"]


def test_a_redacted_thought_is_an_encrypted_detail() -> None:
    block = Reasoning(redacted=True, state=ReasoningState("openai_chat", "DATA"))
    assert deltas(BlockStart(0, block), BlockEnd(0)) == [
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "DATA", "index": 0}]}
    ]


def test_state_that_is_not_chats_is_not_told() -> None:
    foreign = ReasoningState("anthropic_messages", "SIG")
    assert deltas(BlockStart(0, Reasoning(text="hm", state=foreign)), StateDelta(0, foreign)) == [
        {"reasoning_content": "hm"}
    ]


def test_sound_in_pieces() -> None:
    found = deltas(
        BlockStart(0, Audio()),
        AudioDelta(index=0, id="au", transcript="Hi"),
        AudioDelta(index=0, base64="QQ==", expires_at=9),
    )
    assert found == [{"audio": {"id": "au", "transcript": "Hi"}}, {"audio": {"data": "QQ==", "expires_at": 9}}]


def test_a_citation_with_an_address_is_an_annotation() -> None:
    cited = Citation(origin="anthropic_messages", kind="web_search_result_location", url="https://a.example", title="A")
    (delta,) = deltas(BlockStart(0, Text(text="")), CitationDelta(0, cited))
    assert delta["annotations"][0]["url_citation"]["url"] == "https://a.example"


@pytest.mark.parametrize(
    ("event", "loss"),
    [
        (CitationDelta(0, Citation(origin="anthropic_messages", kind="char_location")), "citations"),
        (BlockStart(0, Opaque(origin="anthropic_messages", kind="server_tool_use", raw=raw({}))), "server_tool_use"),
        (BlockStart(0, Image(source=Url("https://a.example"))), "image"),
        (OpaqueEvent(origin="openai_responses", kind="response.odd", raw=raw({})), "response.odd"),
    ],
)
def test_what_chat_cannot_say_is_a_loss(event: StreamEvent, loss: str) -> None:
    chunks, encoder = encoded(START, event)
    assert len(chunks) == 1
    assert [(each.path, each.reason) for each in encoder.losses] == [(loss, "unsupported")]


def test_deltas_of_a_block_that_was_lost_say_nothing() -> None:
    opaque = Opaque(origin="anthropic_messages", kind="odd", raw=raw({}))
    chunks, _ = encoded(START, BlockStart(0, opaque), TextDelta(0, "x"), ArgumentsDelta(0, "y"), BlockEnd(0))
    assert len(chunks) == 1


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        (Finish(reason=FinishReason.STOP), "stop"),
        (Finish(reason=FinishReason.STOP_SEQUENCE, origin="anthropic_messages", raw="stop_sequence"), "stop"),
        (Finish(reason=FinishReason.LENGTH), "length"),
        (Finish(reason=FinishReason.CONTEXT_LENGTH), "length"),
        (Finish(reason=FinishReason.REFUSAL), "content_filter"),
        (Finish(reason=FinishReason.PAUSE), "stop"),
        (Finish(reason=FinishReason.TOOL_CALLS, origin="openai_chat", raw="stop"), "tool_calls"),
    ],
)
def test_the_word_for_a_finish(finish: Finish, word: str) -> None:
    chunks, _ = encoded(START, FinishSeen(finish))
    assert chunks[-1]["choices"][0]["finish_reason"] == word


@pytest.mark.parametrize("counts", [usage(input=3, output=2), None])
def test_usage_is_the_last_chunk_where_it_was_asked_for(counts: Any) -> None:
    seen = [] if counts is None else [UsageSeen(usage(input=1)), UsageSeen(counts)]
    chunks, _ = encoded(START, STOP, *seen, ReplyEnd(), with_usage=True)
    assert all(chunk["usage"] is None for chunk in chunks[:-2])
    assert chunks[-2]["choices"] == []
    found = chunks[-2]["usage"]
    assert found is None if counts is None else (found["prompt_tokens"], found["total_tokens"]) == (3, 5)


def test_usage_that_nobody_asked_for_is_not_told() -> None:
    chunks, _ = encoded(START, UsageSeen(usage(input=3)), STOP, ReplyEnd())
    assert chunks[-1] == "[DONE]"
    assert not any("usage" in chunk for chunk in chunks[:-1])


def test_an_end_without_a_start_is_only_an_end() -> None:
    assert encoded(ReplyEnd(), with_usage=True)[0] == ["[DONE]"]


def test_the_tier_stands_in_every_chunk() -> None:
    chunks, _ = encoded(ReplyStart(id="c1", model="m", created=7, service_tier="flex"), STOP)
    assert [chunk["service_tier"] for chunk in chunks] == ["flex", "flex"]
