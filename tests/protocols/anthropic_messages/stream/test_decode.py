from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.anthropic_messages.making import DIALECT, OWN, foreign, read_stream, sse
from tests.recordings import recordings

from plexus.canonical.content import Opaque, Reasoning, Text, ToolCall
from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    Failure,
    FinishSeen,
    OpaqueEvent,
    ReplyEnd,
    ReplyStart,
    StreamEvent,
    TextDelta,
    UsageSeen,
    fold,
)
from plexus.canonical.response import FinishReason
from plexus.protocols.anthropic_messages import CODEC
from plexus.protocols.sse import MAX_EVENT

START = {
    "type": "message_start",
    "message": {"id": "m1", "model": "c", "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}},
}
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}
LAST = {"type": "message_stop"}


def begin(block: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(kind: str, index: int = 0, **members: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **members}}


def stop(index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


TEXT = begin({"type": "text", "text": ""})
CALL = begin({"type": "tool_use", "id": "t", "name": "f", "input": {}})


def failure(events: list[StreamEvent]) -> ErrorKind:
    last = events[-1]
    assert isinstance(last, Failure)
    return last.error.kind


def test_the_events_of_a_plain_answer() -> None:
    events = read_stream(sse(START, {"type": "ping"}, TEXT, delta("text_delta", text="Hi"), stop(), END, LAST))
    kinds = [type(event) for event in events]
    assert kinds == [ReplyStart, BlockStart, TextDelta, BlockEnd, UsageSeen, FinishSeen, ReplyEnd]
    start = events[0]
    assert isinstance(start, ReplyStart)
    assert start.usage is not None
    assert (start.id, start.model, start.usage.input) == ("m1", "c", 9)


@pytest.mark.parametrize(
    ("given_input", "deltas", "arguments"),
    [
        ({}, [], "{}"),
        ({"a": 1}, [], '{"a": 1}'),
        ({}, ["", '{"a"', ": 2}"], '{"a": 2}'),
        ({"a": 1}, ['{"a": 2}'], '{"a": 2}'),
    ],
)
def test_tool_input_from_start_or_deltas(given_input: object, deltas: list[str], arguments: str) -> None:
    call = begin({"type": "tool_use", "id": "t", "name": "f", "input": given_input})
    pieces = [delta("input_json_delta", partial_json=piece) for piece in deltas]
    reply = fold(read_stream(sse(START, call, *pieces, stop(), END, LAST)), OWN)
    assert reply.candidates[0].blocks == (ToolCall(id="t", name="f", arguments=arguments),)


def test_citations_come_before_the_end_with_their_place() -> None:
    cited = {"type": "web_search_result_location", "url": "https://e.org", "cited_text": "", "encrypted_index": "i"}
    events = read_stream(
        sse(
            START,
            TEXT,
            delta("text_delta", text="ab"),
            stop(),
            begin({"type": "text", "text": "", "citations": []}, 1),
            delta("citations_delta", 1, citation=cited),
            delta("text_delta", 1, text="cde"),
            stop(1),
            END,
            LAST,
        )
    )
    [citation] = [event.citation for event in events if isinstance(event, CitationDelta)]
    assert (citation.start, citation.end, citation.url) == (2, 5, "https://e.org")


def test_an_opaque_block_is_put_together() -> None:
    server = begin({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})
    pieces = [delta("input_json_delta", partial_json=piece) for piece in ('{"query"', ': "x"}')]
    summary = [
        begin({"type": "compaction", "content": None}, 1),
        delta("compaction_delta", 1, content="short"),
        stop(1),
    ]
    reply = fold(read_stream(sse(START, server, *pieces, stop(), *summary, END, LAST)), OWN)
    first, second = reply.candidates[0].blocks
    assert isinstance(first, Opaque)
    assert isinstance(second, Opaque)
    assert b'"input":{"query": "x"}' in bytes(first.raw)
    assert b'"content":"short"' in bytes(second.raw)


def test_a_server_tool_cut_in_its_input_keeps_the_text() -> None:
    server = begin({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})
    reply = fold(
        read_stream(sse(START, server, delta("input_json_delta", partial_json='{"qu'), stop(), END, LAST)), OWN
    )
    block = reply.candidates[0].blocks[0]
    assert isinstance(block, Opaque)
    assert rb'"input":"{\"qu"' in bytes(block.raw)


def test_thoughts_and_their_signature() -> None:
    thinking = begin({"type": "thinking", "thinking": "", "signature": ""})
    pieces = [delta("thinking_delta", thinking="hm"), delta("signature_delta", signature="s+/=")]
    reply = fold(read_stream(sse(START, thinking, *pieces, stop(), END, LAST)), OWN)
    block = reply.candidates[0].blocks[0]
    assert isinstance(block, Reasoning)
    assert block.state is not None
    assert (block.text, block.state.value, block.state.protocol) == ("hm", "s+/=", OWN)


def test_a_missing_message_stop_is_no_cut() -> None:
    events = read_stream(sse(START, TEXT, delta("text_delta", text="Hi"), stop(), END))
    assert isinstance(events[-1], ReplyEnd)


@pytest.mark.parametrize("events", [[], [START], [START, TEXT, delta("text_delta", text="Hi")], [START, TEXT, stop()]])
def test_a_cut_has_no_end(events: list[dict[str, Any]]) -> None:
    assert not any(isinstance(event, ReplyEnd | Failure) for event in read_stream(sse(*events)))


@pytest.mark.parametrize(("block", "reason"), [(TEXT, FinishReason.STOP), (CALL, FinishReason.TOOL_CALLS)])
def test_an_end_without_a_reason_is_inferred(block: dict[str, Any], reason: FinishReason) -> None:
    finish = fold(read_stream(sse(START, block, stop(), LAST)), OWN).candidates[0].finish
    assert finish is not None
    assert (finish.reason, finish.inferred) == (reason, True)


def test_open_blocks_are_closed_at_the_end() -> None:
    events = read_stream(sse(START, TEXT, delta("text_delta", text="a"), begin(CALL["content_block"], 1), END, LAST))
    assert [event.index for event in events if isinstance(event, BlockEnd)] == [0, 1]


def test_a_block_index_that_is_used_again_closes_the_first() -> None:
    reply = fold(read_stream(sse(START, TEXT, delta("text_delta", text="a"), TEXT, stop(), END, LAST)), OWN)
    assert len(reply.candidates[0].blocks) == 1


def test_a_message_that_is_complete_from_its_start() -> None:
    message = {"id": "m", "model": "c", "content": [CALL["content_block"]], "stop_reason": "tool_use"}
    reply = fold(read_stream(sse({"type": "message_start", "message": message}, LAST)), OWN)
    assert reply.candidates[0].blocks == (ToolCall(id="t", name="f", arguments="{}"),)
    assert reply.candidates[0].finish is not None
    assert reply.candidates[0].finish.raw == "tool_use"


def test_what_follows_the_end_is_ignored() -> None:
    decoder = CODEC.stream_decoder(DIALECT)
    assert isinstance(decoder.feed(sse(START, END, LAST, START, TEXT))[-1], ReplyEnd)
    assert decoder.feed(sse(START)) == []
    assert decoder.finish() == []


def test_new_kinds_of_events_pass_whole() -> None:
    events = read_stream(sse(START, {"type": "weather", "sky": "blue"}, END, LAST))
    [seen] = [event for event in events if isinstance(event, OpaqueEvent)]
    assert (seen.kind, bytes(seen.raw)) == ("weather", b'{"type":"weather","sky":"blue"}')


def test_members_of_the_end_belong_to_the_reply() -> None:
    end = {**END, "delta": {"stop_reason": "end_turn", "container": {"id": "c"}}, "context_management": {"edits": []}}
    extras = fold(read_stream(sse(START, end, LAST)), OWN).extras
    assert extras is not None
    assert set(extras.members) == {"container", "context_management"}


@pytest.mark.parametrize(
    "frame",
    [
        b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "x"} }\n\n',
        b'data: {"error": {"type": "overloaded_error", "message": "x"}}\n\n',
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"},"request_id":"r"}\n\n',
    ],
)
def test_errors_in_the_stream_keep_their_kind(frame: bytes) -> None:
    assert failure(read_stream(sse(START, TEXT) + frame + sse(END, LAST))) is ErrorKind.OVERLOADED


RUBBISH = [
    b"data: not json\n\n",
    b"data: {}\n\n",
    b"data: 5\n\n",
    b"event: content_block_delta\ndata: {broken\n\n",
    sse(delta("text_delta", 7, text="x")),
    sse(delta("input_json_delta", partial_json="x")),
    sse(delta("unknown_delta", x=1)),
    sse(stop(9)),
    sse(begin({"text": "no type"}, 3)),
    sse({"type": "content_block_stop"}),
    b'event: message_start\ndata: {"type": "message_start", "message": 4}\n\n',
    b'event: content_block_start\ndata: {"type": "content_block_start", "index": 0, "content_block": []}\n\n',
]


@pytest.mark.parametrize("frame", RUBBISH)
def test_one_unreadable_event_is_skipped_a_second_is_not(frame: bytes) -> None:
    whole = sse(delta("text_delta", text="Hi"), stop(), END, LAST)
    if b'"message": 4' in frame:
        events = read_stream(frame + sse(START, TEXT) + whole)
        assert failure(read_stream(frame + frame + sse(START))) is ErrorKind.UPSTREAM_MALFORMED
    else:
        events = read_stream(sse(START, TEXT) + frame + whole)
        assert failure(read_stream(sse(START, TEXT) + frame + frame + whole)) is ErrorKind.UPSTREAM_MALFORMED
    assert fold(events, OWN).candidates[0].blocks == (Text(text="Hi"),)


@pytest.mark.parametrize("frame", [b"event: ping\ndata:\n\n", b"event: ping\n\n", b": keep-alive\n\n", b"data: \n\n"])
def test_what_only_keeps_the_connection_open_says_nothing(frame: bytes) -> None:
    assert read_stream(sse(START) + frame * 3)[1:] == []


@pytest.mark.parametrize("separator", [b"\r\n", b"\r", b"\n"])
def test_all_line_ends(separator: bytes) -> None:
    stream = sse(START, TEXT, delta("text_delta", text="Hi"), stop(), END, LAST).replace(b"\n", separator)
    assert fold(read_stream(stream), OWN).candidates[0].blocks == (Text(text="Hi"),)


def test_events_without_names_and_without_spaces() -> None:
    stream = b"".join(
        b"data:" + sse(event).partition(b"data: ")[2]
        for event in (START, TEXT, delta("text_delta", text="Hi"), END, LAST)
    )
    assert fold(read_stream(stream), OWN).candidates[0].blocks == (Text(text="Hi"),)


def test_content_without_a_start_gets_one() -> None:
    events = read_stream(sse(TEXT, delta("text_delta", text="Hi"), stop(), END, LAST))
    assert isinstance(events[0], ReplyStart)
    assert isinstance(events[-1], ReplyEnd)


def test_an_endless_event_is_cut_off() -> None:
    decoder = CODEC.stream_decoder(DIALECT)
    events = decoder.feed(b"data: " + b"x" * (MAX_EVENT + 1))
    assert failure(events) is ErrorKind.UPSTREAM_MALFORMED


STREAMS = [r.sse for r in recordings("anthropic.messages") if r.sse is not None]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_streams_never_raise_and_still_fold(data: st.DataObject) -> None:
    stream = bytearray(data.draw(st.sampled_from(STREAMS)))
    for _ in range(data.draw(st.integers(1, 5))):
        position = data.draw(st.integers(0, len(stream) - 1))
        stream[position : position + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=3))
    events = read_stream(bytes(stream))
    assert sum(isinstance(event, ReplyEnd | Failure) for event in events) <= 1
    assert sum(isinstance(event, ReplyStart) for event in events) <= 1
    if not any(isinstance(event, Failure) for event in events):
        fold(events, OWN)  # raises KeyError for a delta of a block that is not open
        encoder = CODEC.stream_encoder(foreign())
        for event in events:
            encoder.encode(event)
    half = len(stream) // 2
    decoder = CODEC.stream_decoder(DIALECT)
    again = [*decoder.feed(bytes(stream[:half])), *decoder.feed(bytes(stream[half:])), *decoder.finish()]
    assert [type(event) for event in again] == [type(event) for event in events]


def test_arguments_are_given_as_they_came() -> None:
    pieces = [delta("input_json_delta", partial_json=piece) for piece in ("", '{"a', '":1}')]
    events = read_stream(sse(START, CALL, *pieces, stop(), END, LAST))
    assert [event.text for event in events if isinstance(event, ArgumentsDelta)] == ['{"a', '":1}']
