from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.anthropic_messages.making import (
    DIALECT,
    FOREIGN,
    OWN,
    foreign,
    frames,
    joined,
    pairs,
    raw,
    write_stream,
)
from tests.specs_schema import anthropic

from plexus.canonical.content import (
    Audio,
    Block,
    Citation,
    Extras,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
)
from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    Failure,
    FinishSeen,
    LogprobsSeen,
    OpaqueEvent,
    PartBreak,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.losses import Losses
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import usage
from plexus.protocols.anthropic_messages import CODEC

START = ReplyStart(id="r1", model="m1")
END: list[StreamEvent] = [FinishSeen(Finish(reason=FinishReason.STOP)), ReplyEnd()]


def write(*events: StreamEvent) -> tuple[dict[str, Any], list[dict[str, Any]], Losses]:
    """(the Message that a client puts together, the frames, the losses) of a whole stream, checked by the grammar."""
    stream, losses = write_stream([START, *events, *END])
    found = frames(stream)
    check(found)
    return joined(found), found, losses


def check(found: list[dict[str, Any]]) -> None:
    """The grammar of a Messages stream."""
    schema = anthropic("RawMessageStreamEvent")
    for frame in found:
        schema.validate(frame)
    kinds = [frame["type"] for frame in found]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    expected, opened = 0, False
    for frame in found[1:-2]:
        match frame["type"]:
            case "content_block_start":
                assert not opened
                opened = True
            case "content_block_stop":
                assert opened
                assert frame["index"] == expected
                opened, expected = False, expected + 1
            case _:
                assert opened
        assert frame["index"] == (expected if frame["type"] != "content_block_stop" else expected - 1)
    assert not opened


def block(index: int, first: Block, *inside: StreamEvent) -> list[StreamEvent]:
    return [BlockStart(index, first), *inside, BlockEnd(index)]


CALL = ToolCall(id="t", name="f", arguments="")


def test_a_plain_answer() -> None:
    message, found, losses = write(
        *block(0, Text(text=""), TextDelta(0, "He"), TextDelta(0, 'l"lo\n')),
        UsageSeen(usage(input=30, cached_input=10, output=5)),
    )
    assert message["content"] == [{"type": "text", "text": 'Hel"lo\n'}]
    assert (message["id"], message["model"], message["stop_reason"]) == ("r1", "m1", "end_turn")
    assert found[0]["message"]["usage"]["input_tokens"] == 0
    assert (message["usage"]["input_tokens"], message["usage"]["cache_read_input_tokens"]) == (20, 10)
    assert message["usage"]["output_tokens"] == 5
    assert not losses


def test_the_input_is_told_at_once_where_it_is_known() -> None:
    stream, _ = write_stream([ReplyStart(id="r", model="", usage=usage(input=7), service_tier="default")])
    [start] = frames(stream)
    assert start["message"]["usage"]["input_tokens"] == 7
    assert start["message"]["usage"]["service_tier"] == "standard"
    assert start["message"]["model"] == foreign().model


def test_interleaved_calls_come_one_after_the_other() -> None:
    message, _, losses = write(
        BlockStart(0, Text(text="")),
        TextDelta(0, "both"),
        BlockStart(1, ToolCall(id="a", name="f", arguments="")),
        BlockStart(2, ToolCall(id="b", name="g", arguments="")),
        ArgumentsDelta(1, '{"x"'),
        BlockEnd(0),
        ArgumentsDelta(2, '{"y": 2}'),
        BlockEnd(2),
        ArgumentsDelta(1, ": 1}"),
        BlockEnd(1),
    )
    assert message["content"] == [
        {"type": "text", "text": "both"},
        {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
        {"type": "tool_use", "id": "b", "name": "g", "input": {"y": 2}},
    ]
    assert message["stop_reason"] == "tool_use"
    assert not losses


def test_blocks_that_never_end_are_closed() -> None:
    message, _, _ = write(BlockStart(0, Text(text="a")), BlockStart(1, CALL), ArgumentsDelta(1, "{}"))
    assert [part["type"] for part in message["content"]] == ["text", "tool_use"]


@pytest.mark.parametrize(
    ("events", "content"),
    [
        (block(0, Text(text="")), []),
        (block(0, Text(text="a"), TextDelta(0, "")), [{"type": "text", "text": "a"}]),
        (block(0, Reasoning(text="")), []),
        (block(0, Reasoning(text="h"), TextDelta(0, "m")), [{"type": "thinking", "thinking": "hm", "signature": ""}]),
        (
            block(0, Reasoning(), TextDelta(0, "a"), PartBreak(0), TextDelta(0, "b")),
            [{"type": "thinking", "thinking": "a\n\nb", "signature": ""}],
        ),
        (
            block(0, Reasoning(), TextDelta(0, "a"), StateDelta(0, ReasoningState(OWN, "s1"))),
            [{"type": "thinking", "thinking": "a", "signature": "s1"}],
        ),
        (
            block(0, Reasoning(state=ReasoningState(OWN, "s1"))),
            [{"type": "thinking", "thinking": "", "signature": "s1"}],
        ),
        (
            block(0, Reasoning(redacted=True), StateDelta(0, ReasoningState(OWN, "d"))),
            [{"type": "redacted_thinking", "data": "d"}],
        ),
        (block(0, Refusal(text="n"), TextDelta(0, "o")), [{"type": "text", "text": "no"}]),
        (block(0, CALL), [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]),
        (
            block(0, ToolCall(id="t", name="f", arguments='{"a":'), ArgumentsDelta(0, "1}")),
            [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}],
        ),
        (
            block(0, CALL, StateDelta(0, ReasoningState(OWN, "plx1.x"))),
            [
                {"type": "tool_use", "id": "t", "name": "f", "input": {}},
                {"type": "redacted_thinking", "data": "prev:plx1.x"},
            ],
        ),
        (
            block(
                0, Opaque(origin=OWN, kind="container_upload", raw=raw({"type": "container_upload", "file_id": "f"}))
            ),
            [{"type": "container_upload", "file_id": "f"}],
        ),
    ],
)
def test_blocks(events: list[StreamEvent], content: list[dict[str, Any]]) -> None:
    message, _, losses = write(*events)
    assert message["content"] == content
    assert not losses


def test_a_server_tool_sends_its_input_in_a_delta() -> None:
    wire = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}}
    message, found, _ = write(*block(0, Opaque(origin=OWN, kind="server_tool_use", raw=raw(wire))))
    assert message["content"] == [wire]
    assert found[1]["content_block"]["input"] == {}


def test_citations_are_deltas() -> None:
    cited = Citation(origin=FOREIGN, kind="url_citation", url="https://e.org", title="T")
    message, _, losses = write(*block(0, Text(text="a"), CitationDelta(0, cited)))
    assert message["content"][0]["citations"][0]["url"] == "https://e.org"
    assert not losses


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (block(0, Image(source=InlineData("image/png", "AA=="))), {("content[0]", "unsupported")}),
        (block(0, Opaque(origin=FOREIGN, kind="x", raw=raw({}))), {("content[0]", "unsupported")}),
        (block(0, Reasoning(redacted=True)), {("content[0]", "unsupported")}),
        (
            block(0, Audio(), AudioDelta(index=0, base64="AA==", transcript="said")),
            {("content[0]", "approximated")},
        ),
        ([LogprobsSeen(raw({}))], {("logprobs", "unsupported")}),
        ([OpaqueEvent(origin=FOREIGN, kind="x", raw=raw({}))], {("x", "foreign")}),
        ([BlockStart(0, Text(text="a"), candidate=1)], {("candidates", "unsupported")}),
        (block(0, Text(text="a", extras=Extras(FOREIGN, {"x": raw(1)}))), {("content[0].x", "foreign")}),
        (
            block(0, Reasoning(text="a", state=ReasoningState("gemini", "unsealed"))),
            {("content[0].signature", "other_provider")},
        ),
        (
            block(0, Text(text="a"), CitationDelta(0, Citation(origin=FOREIGN, kind="file_citation"))),
            {("content[0].citations", "unsupported")},
        ),
    ],
)
def test_what_clients_cannot_see(events: list[StreamEvent], expected: set[tuple[str, str]]) -> None:
    assert pairs(write(*events)[2]) == expected


def test_speech_is_shown_as_its_transcript() -> None:
    message, _, _ = write(*block(0, Audio(), AudioDelta(index=0, base64="AA==", transcript="said")))
    assert message["content"] == [{"type": "text", "text": "said"}]


def test_a_failure_is_the_last_frame_and_closes_nothing() -> None:
    encoder = CODEC.stream_encoder(foreign())
    written = encoder.encode(START) + encoder.encode(BlockStart(0, Text(text="a")))
    written += encoder.encode(Failure(ProviderError(ErrorKind.OVERLOADED, "busy")))
    kinds = [frame["type"] for frame in frames(written)]
    assert kinds == ["message_start", "content_block_start", "content_block_delta", "error"]
    assert frames(written)[-1] == {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}


def test_content_before_a_start_gets_one_and_a_second_start_says_nothing() -> None:
    stream, _ = write_stream([*block(0, Text(text="a")), START, *END])
    assert [frame["type"] for frame in frames(stream)].count("message_start") == 1
    check(frames(stream))


def test_events_of_messages_itself_keep_what_they_had() -> None:
    spent = raw({"input_tokens": 3, "output_tokens": 4, "iterations": []})
    start = ReplyStart(id="r", model="m", usage=usage(input=3, raw=spent), extras=Extras(OWN, {"diagnostics": raw({})}))
    end = ReplyEnd(extras=Extras(OWN, {"container": raw({"id": "c"}), "context_management": raw({})}))
    odd = OpaqueEvent(origin=OWN, kind="weather", raw=raw({"type": "weather"}))
    stream, losses = write_stream([start, odd, UsageSeen(usage(input=3, output=4, raw=spent)), END[0], end])
    first, weather, delta, _ = frames(stream)
    assert first["message"]["diagnostics"] == {}
    assert first["message"]["usage"] == delta["usage"] == json.loads(bytes(spent))
    assert weather == {"type": "weather"}
    assert delta["delta"]["container"] == {"id": "c"}
    assert delta["context_management"] == {}
    assert not losses


PIECES = st.lists(st.text(max_size=4), max_size=4)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_interleaving_gives_a_valid_stream_of_the_same_content(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 4))
    queues: list[list[StreamEvent]] = []
    expected: list[dict[str, Any]] = []
    for index in range(count):
        text = "".join(data.draw(PIECES))
        if data.draw(st.booleans()):
            arguments = json.dumps({"a": text})
            half = len(arguments) // 2
            call = ToolCall(id=f"t{index}", name="f", arguments="")
            deltas = [ArgumentsDelta(index, arguments[:half]), ArgumentsDelta(index, arguments[half:])]
            queues.append(block(index, call, *deltas))
            expected.append({"type": "tool_use", "id": f"t{index}", "name": "f", "input": {"a": text}})
        else:
            queues.append(block(index, Text(text=""), *(TextDelta(index, piece) for piece in text)))
            expected += [{"type": "text", "text": text}] if text else []
    started = [queue.pop(0) for queue in queues]
    events = list(started)
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        events.append(queue.pop(0))
    message, _, losses = write(*events)
    assert message["content"] == expected
    assert not losses


def test_decoding_what_was_encoded_gives_the_blocks_back() -> None:
    stream, _ = write_stream([START, *block(0, Reasoning(text="hm")), *block(1, Text(text="a")), *END])
    decoder = CODEC.stream_decoder(DIALECT)
    events = decoder.feed(stream) + decoder.finish()
    assert [event.block for event in events if isinstance(event, BlockStart)] == [Reasoning(), Text(text="")]
