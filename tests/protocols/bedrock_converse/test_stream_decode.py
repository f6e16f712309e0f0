"""A streamed reply, read."""

from __future__ import annotations

import json

from tests.protocols.bedrock_converse.making import END, START, answered, delta, event, failure, folded, heard, stop
from tests.protocols.properties import meaning

from plexus.canonical.content import Image, InlineData, Opaque, Reasoning, ReasoningState, Text, ToolCall
from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import ArgumentsDelta, BlockEnd, BlockStart, ReplyEnd, ReplyStart, TextDelta
from plexus.canonical.response import FinishReason
from plexus.protocols.eventstream import encode_message

OWN = "bedrock_converse"
TOOL = {"toolUse": {"toolUseId": "t1", "name": "f"}}


def call(index: int, *pieces: str) -> bytes:
    start = event("contentBlockStart", contentBlockIndex=index, start=TOOL)
    return start + b"".join(delta(index, toolUse={"input": piece}) for piece in pieces) + stop(index)


def test_text_opens_with_its_first_piece() -> None:
    events = heard(START, delta(0, text=""), delta(0, text="Hi"), delta(0, text="!"), stop(0), END)
    assert events[:5] == [
        ReplyStart(id="", model=""),
        BlockStart(0, Text(text="")),
        TextDelta(0, "Hi"),
        TextDelta(0, "!"),
        BlockEnd(0),
    ]
    assert isinstance(events[-1], ReplyEnd)


def test_an_empty_block_is_none() -> None:
    assert folded(START, delta(0, text=""), stop(0), END).candidates[0].blocks == ()


def test_a_stream_folds_to_the_json_reply() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}}
    whole = answered(
        thought,
        {"text": "Hi"},
        {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}},
        usage={"inputTokens": 3, "outputTokens": 5},
    )
    streamed = folded(
        START,
        delta(0, reasoningContent={"text": "h"}),
        delta(0, reasoningContent={"text": "m"}),
        delta(0, reasoningContent={"signature": "sig"}),
        stop(0),
        delta(1, text="Hi"),
        stop(1),
        call(2, "", '{"a"', ": 1}"),
        END,
    )
    assert meaning(streamed) == meaning(whole)
    assert streamed.candidates[0].blocks[0] == whole.candidates[0].blocks[0]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    events = heard(START, call(0, ""), END)
    assert ArgumentsDelta(0, "{}") in events
    assert folded(START, call(0), END).candidates[0].blocks == (ToolCall(id="t1", name="f", arguments="{}"),)


def test_a_hidden_thought_comes_whole() -> None:
    once = folded(START, delta(0, reasoningContent={"redactedContent": "AAEC"}), stop(0), END)
    assert once.candidates[0].blocks == (Reasoning(redacted=True, state=ReasoningState(OWN, "AAEC", form="hidden")),)
    pieces = [delta(0, reasoningContent={"redactedContent": piece}) for piece in ("AA==", "AQI=")]
    (joined,) = folded(START, *pieces, stop(0), END).candidates[0].blocks
    assert isinstance(joined, Reasoning)
    assert joined.state == ReasoningState(OWN, "AAEC", form="hidden")


def test_a_signature_without_words() -> None:
    (thought,) = folded(START, delta(0, reasoningContent={"signature": "sig"}), stop(0), END).candidates[0].blocks
    assert isinstance(thought, Reasoning)
    assert thought.state == ReasoningState(OWN, "sig", form="wordless")


def test_a_citation_may_come_before_its_text() -> None:
    (text,) = folded(START, delta(0, citation={"title": "T"}), delta(0, text="x"), stop(0), END).candidates[0].blocks
    assert isinstance(text, Text)
    assert (text.text, [each.title for each in text.citations]) == ("x", ["T"])


def test_a_picture() -> None:
    start = event("contentBlockStart", contentBlockIndex=0, start={"image": {"format": "png"}})
    (picture,) = folded(START, start, delta(0, image={"source": {"bytes": "AAEC"}}), stop(0), END).candidates[0].blocks
    assert picture == Image(source=InlineData("image/png", "AAEC"))


def test_what_a_server_tool_does_stays_whole() -> None:
    tool = {"toolUse": {"toolUseId": "t", "name": "nova_grounding", "type": "server_tool_use"}}
    result = {"toolResult": {"toolUseId": "t", "type": "nova_grounding_result", "status": "success"}}
    blocks = (
        folded(
            START,
            event("contentBlockStart", contentBlockIndex=0, start=tool),
            delta(0, toolUse={"input": '{"q":1}'}),
            stop(0),
            event("contentBlockStart", contentBlockIndex=1, start=result),
            delta(1, toolResult=[{"text": "found"}]),
            stop(1),
            END,
        )
        .candidates[0]
        .blocks
    )
    assert all(isinstance(block, Opaque) for block in blocks)
    raw = [json.loads(bytes(block.raw)) for block in blocks if isinstance(block, Opaque)]
    assert raw[0]["toolUse"] == {**tool["toolUse"], "input": {"q": 1}}
    assert raw[1]["toolResult"] == {**result["toolResult"], "content": [{"text": "found"}]}


def test_the_end_is_proper_without_the_counts() -> None:
    response = folded(START, delta(0, text="x"), event("messageStop", stopReason="max_tokens"))
    assert response.candidates[0].finish is not None
    assert response.candidates[0].finish.reason is FinishReason.LENGTH
    assert response.usage is None


def test_a_cut_stream_has_no_end() -> None:
    events = heard(START, delta(0, text="x"), stop(0))
    assert not any(isinstance(each, ReplyEnd) for each in events)
    assert isinstance(events[-1], BlockEnd)


def test_blocks_that_were_not_closed_end_with_the_message() -> None:
    events = heard(START, delta(0, text="x"), END)
    assert BlockEnd(0) in events


def test_one_unreadable_event_is_passed_over_and_a_second_is_a_failure() -> None:
    odd = event("contentBlockDelta", contentBlockIndex="x")
    assert folded(START, odd, delta(0, text="x"), stop(0), END).candidates[0].blocks == (Text(text="x"),)
    assert failure(START, odd, odd).error.kind is ErrorKind.UPSTREAM_MALFORMED


def test_damage_is_a_failure_and_nothing_comes_after_it() -> None:
    broken = bytearray(delta(0, text="x"))
    broken[-1] ^= 1
    assert failure(START, bytes(broken), END).error.kind is ErrorKind.UPSTREAM_MALFORMED


def test_nothing_comes_after_an_exception() -> None:
    exception = encode_message({":message-type": "exception", ":exception-type": "throttlingException"}, b"{}")
    assert failure(START, exception, delta(0, text="x"), END).error.kind is ErrorKind.RATE_LIMIT


def test_unknown_events_say_nothing() -> None:
    assert heard(event("initial-response"), event("somethingNew")) == [ReplyStart(id="", model="")]
