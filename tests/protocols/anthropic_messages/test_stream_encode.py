"""Events to a message in exactly Anthropic's order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import specs_schema
from tests.protocols.making import chunks_of, raw, wish
from tests.protocols.properties import decode_stream

from plexus.canonical.content import (
    Audio,
    Block,
    Citation,
    Extras,
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
    fold,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import usage
from plexus.protocols.anthropic_messages import CODEC
from plexus.protocols.anthropic_messages.stream_encode import stream_encoder
from plexus.protocols.sse import split_events

OWN, OTHER = "anthropic_messages", "openai_chat"
START = ReplyStart(id="r1", model="m", usage=usage(input=10))
STOP = FinishSeen(Finish(reason=FinishReason.STOP))
CALL = ToolCall(id="a", name="f", arguments="")


def encoded(*events: StreamEvent) -> tuple[bytes, list[str]]:
    encoder = stream_encoder(wish(OWN))
    written = b"".join(encoder.encode(event) for event in events)
    return written, [f"{loss.path} {loss.reason}" for loss in encoder.losses]


def told(*events: StreamEvent) -> list[Any]:
    """The events of a reply's blocks, without losses."""
    written, losses = encoded(START, *events)
    assert losses == []
    return chunks_of(written)[1:]


def deltas(*events: StreamEvent) -> list[dict[str, Any]]:
    return [event["delta"] for event in told(*events) if event["type"] == "content_block_delta"]


def test_every_event_is_one_of_anthropics_and_bears_its_name() -> None:
    written, losses = encoded(
        START,
        BlockStart(0, Reasoning(text="")), TextDelta(0, "hm"), StateDelta(0, ReasoningState(OWN, "S")), BlockEnd(0),
        BlockStart(1, Text(text="")), TextDelta(1, 'é"\n'), BlockEnd(1),
        BlockStart(2, CALL), ArgumentsDelta(2, '{"x":1}'), BlockEnd(2),
        UsageSeen(usage(input=10, cached_input=4, output=5)), FinishSeen(Finish(reason=FinishReason.TOOL_CALLS)), ReplyEnd(),
    )  # fmt: skip
    assert losses == []
    validator = specs_schema.anthropic("RawMessageStreamEvent")
    for event in split_events(written):
        document = json.loads(event.data)
        validator.validate(document)
        assert event.name == document["type"].encode()
    last, end = chunks_of(written)[-2:]
    assert last["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert (last["usage"]["input_tokens"], last["usage"]["output_tokens"]) == (6, 5)
    assert end == {"type": "message_stop"}


@pytest.mark.parametrize(
    ("block", "opening", "first"),
    [
        (Text(text=""), {"type": "text", "text": ""}, []),
        (Text(text="a"), {"type": "text", "text": ""}, [{"type": "text_delta", "text": "a"}]),
        (Refusal(text="no"), {"type": "text", "text": ""}, [{"type": "text_delta", "text": "no"}]),
        (
            Reasoning(text="hm", state=ReasoningState(OWN, "S")),
            {"type": "thinking", "thinking": "", "signature": ""},
            [{"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "S"}],
        ),
        (Reasoning(redacted=True, state=ReasoningState(OWN, "D")), {"type": "redacted_thinking", "data": "D"}, []),
        (CALL, {"type": "tool_use", "id": "a", "name": "f", "input": {}}, []),
        (
            ToolCall(id="a:1", name="f", arguments="{}"),
            {"type": "tool_use", "id": "a_1", "name": "f", "input": {}},
            [{"type": "input_json_delta", "partial_json": "{}"}],
        ),
        (Opaque(origin=OWN, kind="odd", raw=raw({"type": "odd"})), {"type": "odd"}, []),
        (
            Text(text="a", citations=(Citation(origin=OWN, kind="k", raw=raw({"type": "k"})),)),
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": "a"}, {"type": "citations_delta", "citation": {"type": "k"}}],
        ),
    ],
)
def test_how_each_block_opens(block: Block, opening: dict[str, Any], first: list[dict[str, Any]]) -> None:
    events = told(BlockStart(0, block), BlockEnd(0))
    assert events[0] == {"type": "content_block_start", "index": 0, "content_block": opening}
    assert [event["delta"] for event in events[1:-1]] == first
    assert events[-1] == {"type": "content_block_stop", "index": 0}


def test_empty_deltas_are_not_told() -> None:
    assert deltas(BlockStart(0, Text(text="")), TextDelta(0, ""), TextDelta(0, "a"), BlockEnd(0)) == [
        {"type": "text_delta", "text": "a"}
    ]


def test_state_of_another_protocol_is_not_told() -> None:
    foreign = ReasoningState(OTHER, "S")
    assert deltas(BlockStart(0, Reasoning(text="h", state=foreign)), StateDelta(0, foreign), BlockEnd(0)) == [
        {"type": "thinking_delta", "thinking": "h"}
    ]


def test_a_server_tools_input_comes_when_it_is_whole() -> None:
    begun = Opaque(origin=OWN, kind="server_tool_use", raw=raw({"type": "server_tool_use", "input": {}}))
    whole = Opaque(origin=OWN, kind="server_tool_use", raw=raw({"type": "server_tool_use", "input": {"q": 1}}))
    assert deltas(BlockStart(0, begun), BlockEnd(0, block=whole)) == [
        {"type": "input_json_delta", "partial_json": '{"q": 1}'}
    ]
    assert deltas(BlockStart(0, begun), BlockEnd(0, block=begun)) == []


def test_calls_that_interleave_are_told_one_after_the_other() -> None:
    events = told(
        BlockStart(0, Text(text="t")), BlockEnd(0),
        BlockStart(1, CALL), BlockStart(2, ToolCall(id="b", name="g", arguments="")),
        ArgumentsDelta(2, "2"), ArgumentsDelta(1, "1"), ArgumentsDelta(2, "3"), BlockEnd(1), ArgumentsDelta(2, "4"), BlockEnd(2),
    )  # fmt: skip
    order = [
        (event["type"].removeprefix("content_block_"), event["index"], event.get("delta", {}).get("partial_json"))
        for event in events[3:]
    ]
    assert order == [
        ("start", 1, None), ("delta", 1, "1"), ("stop", 1, None),
        ("start", 2, None), ("delta", 2, "2"), ("delta", 2, "3"), ("delta", 2, "4"), ("stop", 2, None),
    ]  # fmt: skip


def test_blocks_that_are_lost_leave_no_gap_in_the_numbers() -> None:
    written, losses = encoded(
        START, BlockStart(0, Image(source=Url("u"))), BlockEnd(0), BlockStart(1, Text(text="a")), BlockEnd(1)
    )
    assert {event["index"] for event in chunks_of(written)[1:]} == {0}
    assert losses == ["image unsupported"]


@pytest.mark.parametrize(
    ("event", "loss"),
    [
        (BlockStart(0, Audio()), "audio unsupported"),
        (BlockStart(0, Opaque(origin=OTHER, kind="odd", raw=raw({}))), "opaque unsupported"),
        (LogprobsSeen(raw({})), "logprobs unsupported"),
        (OpaqueEvent(origin=OTHER, kind="odd", raw=raw({})), "odd unsupported"),
        (TextDelta(0, "x", 1), "choices[1] unsupported"),
        (FinishSeen(STOP.finish, 2), "choices[2] unsupported"),
    ],
)
def test_what_messages_cannot_say_is_a_loss(event: StreamEvent, loss: str) -> None:
    written, losses = encoded(START, event)
    assert len(chunks_of(written)) == 1
    assert losses == [loss]


def test_losses_within_a_block() -> None:
    signed = ToolCall(id="a", name="f", arguments="", state=ReasoningState(OTHER, "S"))
    assert encoded(START, BlockStart(0, signed))[1] == ["tool_calls.signature unsupported"]
    cited = CitationDelta(0, Citation(origin=OTHER, kind="url_citation", url="u"))
    assert encoded(START, BlockStart(0, Text(text="a")), cited)[1] == ["citations unsupported"]
    written, _ = encoded(START, BlockStart(0, Audio()), AudioDelta(index=0, transcript="x"), BlockEnd(0))
    assert len(chunks_of(written)) == 1


@pytest.mark.parametrize(
    ("events", "word"),
    [
        ([STOP], "end_turn"),
        ([], "end_turn"),
        ([BlockStart(0, Refusal(text="no")), BlockEnd(0), STOP], "refusal"),
        ([FinishSeen(Finish(reason=FinishReason.LENGTH, origin=OTHER, raw="length"))], "max_tokens"),
        ([FinishSeen(Finish(reason=FinishReason.PAUSE, origin=OWN, raw="pause_turn"))], "pause_turn"),
    ],
)
def test_the_word_for_a_finish(events: list[StreamEvent], word: str) -> None:
    assert told(*events, ReplyEnd())[-2]["delta"]["stop_reason"] == word


def test_an_end_without_a_start_is_still_a_message() -> None:
    written, _ = encoded(ReplyEnd())
    assert [event["type"] for event in chunks_of(written)] == ["message_start", "message_delta", "message_stop"]


def test_what_anthropic_says_at_the_end_goes_on() -> None:
    extras = Extras(OWN, {"container": raw({"id": "c"}), "context_management": raw({"applied_edits": []})})
    (last, _) = told(STOP, ReplyEnd(extras=extras))
    assert last["delta"]["container"] == {"id": "c"}
    assert last["context_management"] == {"applied_edits": []}
    (other, _) = told(STOP, ReplyEnd(extras=Extras(OTHER, {"x": raw(1)})))
    assert "x" not in other["delta"]


ORDER = st.lists(st.integers(0, 2), max_size=12)


@given(ORDER)
@settings(deadline=None)
def test_however_calls_interleave_all_of_them_arrive(order: list[int]) -> None:
    events: list[StreamEvent] = [START]
    pieces: dict[int, str] = {}
    for place, index in enumerate(order):
        if index not in pieces:
            pieces[index] = ""
            events.append(BlockStart(index, ToolCall(id=f"c{index}", name="f", arguments="")))
        pieces[index] += str(place)
        events.append(ArgumentsDelta(index, str(place)))
    events += [BlockEnd(index) for index in pieces]
    written, losses = encoded(*events, STOP, ReplyEnd())
    assert losses == []
    reply = fold(decode_stream(CODEC, [written]), OWN)
    found = [(block.id, block.arguments) for block in reply.candidates[0].blocks if isinstance(block, ToolCall)]
    assert found == [(f"c{index}", text) for index, text in pieces.items()], "in the order in which they began"
