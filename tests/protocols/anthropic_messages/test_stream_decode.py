"""A streamed message to events, as Anthropic sends it and as others do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import frames, value
from tests.protocols.properties import cuts, decode_stream, plain

from plexus.canonical.content import Block, Opaque, Reasoning, ReasoningState, Text, ToolCall
from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import BlockEnd, BlockStart, Failure, ReplyEnd, ReplyStart, StreamEvent, UsageSeen, fold
from plexus.canonical.response import FinishReason
from plexus.protocols.anthropic_messages import CODEC

OWN = "anthropic_messages"
MESSAGE: dict[str, Any] = {
    "id": "m1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 10, "output_tokens": 1},
}
START = {"type": "message_start", "message": MESSAGE}
STOP = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
    "usage": {"output_tokens": 5},
}
END = {"type": "message_stop"}


def opened(index: int = 0, **block: Any) -> dict[str, Any]:
    """A block's start, of empty text by default."""
    if "type" not in block:
        block = {"type": "text", "text": "", **block}
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(kind: str, index: int = 0, **members: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **members}}


def closed(index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def written(*documents: Any) -> bytes:
    """Events with their names, as Anthropic writes them."""
    return b"".join(
        document if isinstance(document, bytes) else b"event: %b\n" % document["type"].encode() + frames(document)
        for document in documents
    )


def events(*documents: Any) -> list[StreamEvent]:
    return decode_stream(CODEC, [written(*documents)])


def blocks(*documents: Any) -> tuple[Block, ...]:
    return fold(events(START, *documents, STOP, END), OWN).candidates[0].blocks


def test_a_text_in_pieces() -> None:
    said = events(
        START,
        {"type": "ping"},
        opened(),
        delta("text_delta", text="a"),
        delta("text_delta", text="b"),
        closed(),
        STOP,
        END,
    )
    assert [type(event).__name__ for event in said] == [
        "ReplyStart",
        "BlockStart",
        "TextDelta",
        "TextDelta",
        "BlockEnd",
        "UsageSeen",
        "FinishSeen",
        "ReplyEnd",
    ]
    reply = fold(said, OWN)
    assert (reply.id, reply.model, reply.candidates[0].blocks) == ("m1", "m", (Text(text="ab"),))


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([opened(text="a"), delta("text_delta", text="b"), closed()], Text(text="ab")),
        (
            [
                opened(type="thinking", thinking="", signature=""),
                delta("thinking_delta", thinking="h"),
                delta("thinking_delta", thinking="m"),
                delta("signature_delta", signature="S"),
                closed(),
            ],
            Reasoning(text="hm", state=ReasoningState(OWN, "S")),
        ),
        (
            [
                opened(type="thinking", thinking=""),
                delta("thinking_delta", thinking="h"),
                delta("signature_delta", signature=""),
                closed(),
            ],
            Reasoning(text="h"),
        ),
        (
            [opened(type="redacted_thinking", data="D"), closed()],
            Reasoning(redacted=True, state=ReasoningState(OWN, "D", form="hidden")),
        ),
        (
            [
                opened(type="tool_use", id="t", name="f", input={}),
                delta("input_json_delta", partial_json=""),
                delta("input_json_delta", partial_json='{"x"'),
                delta("input_json_delta", partial_json=":1}"),
                closed(),
            ],
            ToolCall(id="t", name="f", arguments='{"x":1}'),
        ),
        ([opened(type="tool_use", id="t", name="f", input={}), closed()], ToolCall(id="t", name="f", arguments="{}")),
        (
            [opened(type="tool_use", id="t", name="f", input={"x": 1}), closed()],
            ToolCall(id="t", name="f", arguments='{"x": 1}'),
        ),
    ],
    ids=["text at the start", "thought", "unsigned", "redacted", "call", "call without input", "call at once"],
)
def test_each_block_in_pieces(documents: list[Any], expected: Block) -> None:
    assert blocks(*documents) == (expected,)


def test_citations_come_one_by_one() -> None:
    cited = {"type": "char_location", "cited_text": "c", "document_index": 0}
    (text,) = blocks(opened(), delta("citations_delta", citation=cited), delta("text_delta", text="a"), closed())
    assert isinstance(text, Text)
    assert [value(each.raw) for each in text.citations] == [cited]


def opaque(*documents: Any) -> dict[str, Any]:
    (block,) = blocks(*documents)
    assert isinstance(block, Opaque)
    whole: dict[str, Any] = json.loads(bytes(block.raw))
    return whole


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (['{"query"', ':"q"}'], {"query": "q"}),
        ([], {}),
        (["", " "], {}),
        (['{"query"'], {"INVALID_JSON": '{"query"'}),
        (["[1]"], {"INVALID_JSON": "[1]"}),
    ],
)
def test_a_server_tools_input_is_put_together(pieces: list[str], expected: Any) -> None:
    deltas = [delta("input_json_delta", partial_json=piece) for piece in pieces]
    block = opaque(opened(type="server_tool_use", id="s", name="web_search", input={}), *deltas, closed())
    assert block == {"type": "server_tool_use", "id": "s", "name": "web_search", "input": expected}


def test_members_that_a_delta_adds_to_a_block_of_the_future() -> None:
    block = opaque(opened(type="compaction", content=None), delta("compaction_delta", content="short"), closed())
    assert block == {"type": "compaction", "content": "short"}


def test_counts_are_merged_and_the_last_ones_count() -> None:
    said = events(START, opened(), closed(), STOP, {**STOP, "usage": {"output_tokens": 7}}, END)
    counts = [event.usage for event in said if isinstance(event, UsageSeen)]
    assert [(each.input, each.output) for each in counts] == [(10, 5), (10, 7)]
    start = next(event for event in said if isinstance(event, ReplyStart))
    assert start.usage is not None
    assert start.usage.input == 10


def test_what_a_message_delta_says_beside_is_kept() -> None:
    more = {
        **STOP,
        "delta": {"stop_reason": "end_turn", "container": {"id": "c"}},
        "context_management": {"applied_edits": []},
    }
    reply = fold(events(START, opened(), closed(), more, END), OWN)
    assert reply.extras is not None
    assert {name: value(raw) for name, raw in reply.extras.members.items()} == {
        "container": {"id": "c"},
        "context_management": {"applied_edits": []},
    }


@pytest.mark.parametrize(
    ("documents", "proper"),
    [
        ([START, opened(), closed(), STOP, END], True),
        ([START, opened(), closed(), STOP], True),
        ([START, opened(), closed(), STOP, b'event: message_stop\ndata: {"type":"message_stop"}'], True),
        ([START, opened(), closed(), END], True),
        ([START, opened(), delta("text_delta", text="a"), STOP, END], True),
        ([START, opened(), delta("text_delta", text="a"), closed()], False),
        ([START, opened(), b'event: content_block_delta\ndata: {"type":"content_bl'], False),
        ([], False),
        ([{"type": "ping"}], False),
    ],
    ids=["whole", "no stop", "no blank line", "no finish", "open block", "cut", "cut in a frame", "nothing", "ping"],
)
def test_what_is_a_proper_end(documents: list[Any], proper: bool) -> None:
    said = events(*documents)
    assert [isinstance(event, ReplyEnd) for event in said].count(True) == proper
    if proper:
        starts = [event.index for event in said if isinstance(event, BlockStart)]
        assert [event.index for event in said if isinstance(event, BlockEnd)] == starts


def test_the_first_stop_reason_counts() -> None:
    later = {**STOP, "delta": {"stop_reason": "max_tokens"}}
    finish = fold(events(START, STOP, later, END), OWN).candidates[0].finish
    assert finish is not None
    assert finish.reason is FinishReason.STOP


def test_nothing_is_said_behind_the_end() -> None:
    decoder = CODEC.stream_decoder(CODEC.default_dialect)
    decoder.feed(written(START, STOP, END))
    assert decoder.feed(written(opened())) == []
    assert decoder.finish() == []


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}, ErrorKind.OVERLOADED),
        (
            {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long"}},
            ErrorKind.CONTEXT_LENGTH,
        ),
        ({"type": "error", "error": "m"}, ErrorKind.UPSTREAM_ERROR),
        ({"type": "error"}, ErrorKind.UPSTREAM_ERROR),
    ],
)
def test_an_error_event_ends_it(document: Any, kind: ErrorKind) -> None:
    last = events(START, opened(), document, closed(), STOP, END)[-1]
    assert isinstance(last, Failure)
    assert last.error.kind is kind


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "from_the_future", "x": 1},
        delta("from_the_future", text="x"),
        delta("text_delta", 9, text="x"),  # of a block that is not open
        closed(9),
        START,  # a second one
        opened(0, text="again"),  # already open
        {"type": "content_block_delta", "index": 0},
        b": comment\n\n",
        b"event: ping\ndata: {}\n\n",
        b"data: hello\n\n",
    ],
    ids=str,
)
def test_what_means_nothing_changes_nothing(odd: Any) -> None:
    head, tail = [START, opened(), delta("text_delta", text="a")], [delta("text_delta", text="b"), closed(), STOP, END]
    assert plain(events(*head, odd, *tail)) == plain(events(*head, *tail))


@pytest.mark.parametrize(
    "damage", [b"data: {\n\n", b'data: {"type": 5}\n\n', b"event: content_block_start\ndata: {}\n\n"]
)
def test_one_unreadable_event_is_passed_over_a_second_is_a_failure(damage: bytes) -> None:
    whole = [START, opened(), delta("text_delta", text="a"), damage, closed(), STOP, END]
    assert isinstance(events(*whole)[-1], ReplyEnd)
    broken = [START, b"data: {\n\n", opened(), b'data: {"type": 5}\n\n', STOP, END]
    last = events(*broken)[-1]
    assert isinstance(last, Failure)
    assert last.error.kind is ErrorKind.UPSTREAM_MALFORMED


def test_blocks_may_interleave() -> None:
    said = blocks(
        opened(0),
        opened(1, type="tool_use", id="t", name="f", input={}),
        delta("input_json_delta", 1, partial_json="{}"),
        delta("text_delta", 0, text="a"),
        closed(1),
        closed(0),
    )
    assert isinstance(said[0], Text)
    assert said[0].text == "a"
    assert isinstance(said[1], ToolCall)
    assert said[1].arguments == "{}"


PIECES = st.sampled_from(
    [
        opened(0),
        opened(1, type="thinking", thinking=""),
        opened(2, type="tool_use", id="t", name="f", input={}),
        opened(3, type="server_tool_use", id="s", name="w", input={}),
        delta("text_delta", 0, text="é"),
        delta("thinking_delta", 1, thinking="t"),
        delta("signature_delta", 1, signature="S"),
        delta("input_json_delta", 2, partial_json="{}"),
        delta("input_json_delta", 3, partial_json="{"),
        closed(0),
        closed(1),
        closed(2),
        closed(3),
        {"type": "ping"},
        STOP,
    ]
)


@given(st.lists(PIECES, max_size=14), st.lists(st.integers(0, 4000), max_size=5), st.booleans())
@settings(max_examples=80)
def test_any_order_of_events_in_any_chunks_keeps_the_grammar(pieces: list[Any], places: list[int], done: bool) -> None:
    data = written(START, *pieces, *([END] if done else []))
    said = decode_stream(CODEC, cuts(data, places))
    assert plain(said) == plain(decode_stream(CODEC, [data]))
    fold(said, OWN)  # raises for a delta of a block that is not open
    assert isinstance(said[-1], ReplyEnd) == (done or STOP in pieces)


def test_an_index_that_is_used_again_is_another_block() -> None:
    said = [opened(), delta("text_delta", text="a"), closed(), opened(), delta("text_delta", text="b"), closed()]
    events = decode_stream(CODEC, [written(START, *said, STOP, END)])
    assert [event.index for event in events if isinstance(event, BlockStart)] == [0, 1]
    assert [block.text for block in fold(events, OWN).candidates[0].blocks if isinstance(block, Text)] == ["a", "b"]
