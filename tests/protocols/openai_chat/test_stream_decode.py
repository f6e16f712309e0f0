"""Chunks to events, in every way in which providers write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import frames, value
from tests.protocols.properties import cuts, decode_stream, plain

from plexus.canonical.content import Audio, InlineData, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import (
    BlockEnd,
    BlockStart,
    Failure,
    FinishSeen,
    ReplyEnd,
    ReplyStart,
    StreamEvent,
    UsageSeen,
    fold,
)
from plexus.canonical.response import Candidate, FinishReason
from plexus.protocols.openai_chat import CODEC

DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 3, "completion_tokens": 2}


def chunk(delta: Any = None, finish: str | None = None, index: int = 0, **members: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    return {"id": "c1", "model": "m", "created": 7, "choices": [choice], **members}


def events(*documents: Any) -> list[StreamEvent]:
    return decode_stream(CODEC, [frames(*documents)])


def answer(*documents: Any) -> Candidate:
    """The first candidate that the stream spells."""
    return fold(events(*documents), "openai_chat").candidates[0]


def call(
    index: int | None, call_id: str | None = None, name: str | None = None, arguments: Any = None
) -> dict[str, Any]:
    function = {key: item for key, item in (("name", name), ("arguments", arguments)) if item is not None}
    entry = {"index": index, "id": call_id, "function": function}
    return {"tool_calls": [{key: item for key, item in entry.items() if item is not None}]}


def calls(*documents: Any) -> list[tuple[str, str, str]]:
    return [
        (block.id, block.name, block.arguments) for block in answer(*documents).blocks if isinstance(block, ToolCall)
    ]


def test_a_text_in_pieces() -> None:
    said = events(
        chunk({"role": "assistant", "content": ""}), chunk({"content": "a"}), chunk({"content": "b"}, "stop"), DONE
    )
    assert [type(event).__name__ for event in said] == [
        "ReplyStart", "BlockStart", "TextDelta", "TextDelta", "BlockEnd", "FinishSeen", "ReplyEnd",
    ]  # fmt: skip
    assert said[0] == ReplyStart(id="c1", model="m", created=7)


def test_empty_deltas_open_nothing() -> None:
    said = events(
        chunk({"content": ""}), chunk({"content": None, "tool_calls": [], "reasoning": ""}), chunk(None, "stop")
    )
    assert not any(isinstance(event, BlockStart) for event in said)


@pytest.mark.parametrize("member", ["reasoning_content", "reasoning"])
def test_thoughts_then_text(member: str) -> None:
    blocks = answer(chunk({member: "hm"}), chunk({member: "m"}), chunk({"content": "yes"}), DONE).blocks
    assert blocks == (Reasoning(text="hmm"), Text(text="yes"))


def test_text_thought_text_are_three_blocks() -> None:
    blocks = answer(chunk({"content": "a"}), chunk({"reasoning": "b"}), chunk({"content": "c"}), DONE).blocks
    assert blocks == (Text(text="a"), Reasoning(text="b"), Text(text="c"))


def test_both_names_of_a_thought_count_once() -> None:
    details = [{"type": "reasoning.text", "text": "hm"}]
    said = answer(chunk({"reasoning_content": "hm", "reasoning": "hm", "reasoning_details": details}), DONE)
    assert said.blocks == (Reasoning(text="hm"),)


def test_details_alone_are_thoughts_with_their_signature() -> None:
    blocks = answer(
        chunk({"reasoning_details": [{"type": "reasoning.text", "text": "h"}]}),
        chunk({"reasoning_details": [{"type": "reasoning.summary", "summary": "m"}]}),
        chunk({"reasoning_details": [{"type": "reasoning.text", "signature": "SIG"}]}),
        DONE,
    ).blocks
    assert blocks == (Reasoning(text="hm", state=ReasoningState("openai_chat", "SIG")),)


def test_an_encrypted_thought_is_a_block_of_its_own() -> None:
    blocks = answer(
        chunk({"reasoning": "h"}),
        chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "DATA", "id": "r1"}]}),
        DONE,
    ).blocks
    assert blocks == (
        Reasoning(text="h"),
        Reasoning(redacted=True, state=ReasoningState("openai_chat", "DATA"), id="r1"),
    )


def test_content_in_parts() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "yes"}]
    assert answer(chunk({"content": parts}), DONE).blocks == (Reasoning(text="hm"), Text(text="yes"))


def test_a_refusal() -> None:
    assert answer(chunk({"refusal": "I "}), chunk({"refusal": "won't"}), DONE).blocks == (Refusal(text="I won't"),)


# --- calls


def test_calls_one_after_the_other() -> None:
    assert calls(
        chunk(call(0, "a", "f", "")), chunk(call(0, None, None, '{"x"')), chunk(call(0, None, None, ":1}")),
        chunk(call(1, "b", "g", "{}")), chunk(None, "tool_calls"), DONE,
    ) == [("a", "f", '{"x":1}'), ("b", "g", "{}")]  # fmt: skip


def test_calls_whose_arguments_interleave() -> None:
    assert calls(
        chunk(call(0, "a", "f")), chunk(call(1, "b", "g")), chunk(call(0, arguments="1")), chunk(call(1, arguments="2")),
        chunk(call(0, arguments="3")), chunk(None, "tool_calls"), DONE,
    ) == [("a", "f", "13"), ("b", "g", "2")]  # fmt: skip


@pytest.mark.parametrize("indices", [(0, 0), (None, None), (1, 1)], ids=str)
def test_a_new_id_is_a_new_call_whatever_the_index_says(indices: tuple[int | None, int | None]) -> None:
    first, second = indices
    assert calls(
        chunk(call(first, "a", "f", "1")),
        chunk(call(second, "b", "g", "2")),
        chunk(call(second, None, None, "3")),
        DONE,
    ) == [("a", "f", "1"), ("b", "g", "23")]


def test_an_id_that_is_repeated_goes_on_with_its_call() -> None:
    assert calls(chunk(call(0, "a", "f", "1")), chunk(call(0, "a", "f", "2")), DONE) == [("a", "f", "12")]
    assert calls(chunk(call(None, "a", "f", "1")), chunk(call(None, "a", None, "2")), DONE) == [("a", "f", "12")]


def test_without_index_and_id_a_name_begins_a_call() -> None:
    found = calls(
        chunk(call(None, None, "f", "1")), chunk(call(None, None, None, "2")), chunk(call(None, None, "g", "3")), DONE
    )
    assert [(name, arguments) for _, name, arguments in found] == [("f", "12"), ("g", "3")]
    assert len({call_id for call_id, _, _ in found}) == 2


def test_arguments_that_are_an_object_become_text() -> None:
    assert calls(chunk(call(0, "a", "f", {"x": 1})), DONE) == [("a", "f", '{"x":1}')]


def test_the_deprecated_function_call() -> None:
    found = calls(
        chunk({"function_call": {"name": "f", "arguments": ""}}), chunk({"function_call": {"arguments": "{}"}}),
        chunk(None, "function_call"), DONE,
    )  # fmt: skip
    assert [(name, arguments) for _, name, arguments in found] == [("f", "{}")]


def test_a_custom_call_takes_free_text() -> None:
    delta = {"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}]}
    (block,) = answer(chunk(delta), DONE).blocks
    assert block == ToolCall(id="a", name="sh", arguments="ls", custom=True)


def test_a_signature_of_gemini_stays_with_its_call() -> None:
    entry = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    signed = {**entry, "extra_content": {"google": {"thought_signature": "S"}}}
    (block,) = answer(chunk({"tool_calls": [signed]}), DONE).blocks
    assert isinstance(block, ToolCall)
    assert block.state == ReasoningState("openai_chat", "S")


def test_a_call_ends_the_open_text() -> None:
    said = events(chunk({"content": "a"}), chunk(call(0, "a", "f", "{}")), DONE)
    kinds = [type(event).__name__ for event in said]
    assert kinds.index("BlockEnd") < len(kinds) - 1 - kinds[::-1].index("BlockStart")


# --- rare members


def test_annotations_and_sound() -> None:
    cited = {"annotations": [{"type": "url_citation", "url_citation": {"url": "https://a.example", "title": "A"}}]}
    text = answer(chunk({"content": "see"}), chunk(cited), DONE).blocks[0]
    assert isinstance(text, Text)
    assert [(citation.url, citation.title) for citation in text.citations] == [("https://a.example", "A")]
    (sound,) = answer(
        chunk({"audio": {"id": "au", "transcript": "Hel"}}), chunk({"audio": {"transcript": "lo", "data": "QUJD"}}),
        chunk({"audio": {"expires_at": 99}}), DONE,
    ).blocks  # fmt: skip
    assert sound == Audio(source=InlineData("audio/wav", "QUJD"), id="au", transcript="Hello", expires_at=99)


def test_logprobs_are_joined() -> None:
    first, second = ({"content": [{"token": token}], "refusal": None} for token in "ab")
    one = chunk({"content": "a"})
    one["choices"][0]["logprobs"] = first
    two = chunk({"content": "b"})
    two["choices"][0]["logprobs"] = second
    assert value(answer(one, two, DONE).logprobs) == {"content": [{"token": "a"}, {"token": "b"}], "refusal": None}


def test_candidates_are_told_apart() -> None:
    reply = fold(
        events(
            chunk({"content": "a"}, index=0), chunk({"content": "x"}, index=1), chunk({"content": "b"}, index=0),
            chunk(None, "stop", index=1), chunk(None, "length", index=0), DONE,
        ),
        "openai_chat",
    )  # fmt: skip
    assert [candidate.blocks for candidate in reply.candidates] == [(Text(text="ab"),), (Text(text="x"),)]
    reasons = [candidate.finish.reason for candidate in reply.candidates if candidate.finish is not None]
    assert reasons == [FinishReason.LENGTH, FinishReason.STOP]


# --- usage, finish, end


@pytest.mark.parametrize(
    "documents",
    [
        [chunk({"content": "a"}, "stop"), {"id": "c1", "choices": [], "usage": USAGE}],
        [chunk({"content": "a"}, "stop", usage=USAGE)],
        [chunk({"content": "a"}, "stop"), {"choices": [], "usage": USAGE}, {"choices": [], "usage": None}],
        [chunk({"content": "a"}, usage={"prompt_tokens": 3, "completion_tokens": 1}), chunk(None, "stop", usage=USAGE)],
        [chunk({"content": "a"}, "stop", x_groq={"id": "r", "usage": USAGE})],
        [{"id": "c1", "usage": USAGE, "choices": []}, chunk({"content": "a"}, "stop")],
    ],
    ids=["trailer", "with finish", "null behind", "cumulative", "groq", "first"],
)
def test_usage_wherever_it_stands(documents: list[Any]) -> None:
    said = events(*documents, DONE)
    last = [event.usage for event in said if isinstance(event, UsageSeen)][-1]
    assert (last.input, last.output) == (3, 2)


def test_the_first_finish_counts_and_text_behind_it_is_kept() -> None:
    said = answer(chunk({"content": "a"}, "stop"), chunk({"content": "b"}, "length"), DONE)
    assert said.finish is not None
    assert said.finish.raw == "stop"
    assert [block.text for block in said.blocks if isinstance(block, Text)] == ["a", "b"]


@pytest.mark.parametrize(
    ("documents", "reason"),
    [([chunk({"content": "a"})], FinishReason.STOP), ([chunk(call(0, "a", "f"))], FinishReason.TOOL_CALLS)],
)
def test_a_stream_that_is_done_without_a_finish_has_one_inferred(documents: list[Any], reason: FinishReason) -> None:
    finish = answer(*documents, DONE).finish
    assert finish is not None
    assert (finish.reason, finish.inferred) == (reason, True)


@pytest.mark.parametrize(
    ("documents", "proper"),
    [
        ([chunk({"content": "a"}, "stop"), DONE], True),
        ([chunk({"content": "a"}, "stop")], True),
        ([chunk({"content": "a"}), DONE], True),
        ([chunk({"content": "a"}), b"data: [DONE]"], True),
        ([chunk({"content": "a"})], False),
        ([chunk({"content": "a"}), b'data: {"id":"c1","choi'], False),
        ([], False),
        ([b": keep-alive\n\n"], False),
    ],
    ids=["done", "finish only", "done only", "no blank line", "cut", "cut in a frame", "nothing", "comments"],
)
def test_what_is_a_proper_end(documents: list[Any], proper: bool) -> None:
    assert [isinstance(event, ReplyEnd) for event in events(*documents)].count(True) == proper


def test_nothing_is_said_behind_the_end() -> None:
    decoder = CODEC.stream_decoder(CODEC.default_dialect)
    decoder.feed(frames(chunk({"content": "a"}, "stop"), DONE))
    assert decoder.feed(frames(chunk({"content": "b"}))) == []
    assert decoder.finish() == []


def test_every_block_that_opens_is_closed_once() -> None:
    said = events(
        chunk({"content": "a"}), chunk(call(0, "a", "f")), chunk(call(0, "b", "g")), chunk({"reasoning": "x"}), DONE
    )
    opened = [event.index for event in said if isinstance(event, BlockStart)]
    closed = [event.index for event in said if isinstance(event, BlockEnd)]
    assert sorted(opened) == sorted(closed) == list(range(len(opened)))


def test_the_tier_of_a_later_chunk_counts() -> None:
    said = events(chunk({"content": "a"}, service_tier="auto"), chunk(None, "stop", service_tier="default"), DONE)
    assert fold(said, "openai_chat").service_tier == "default"


def test_a_first_chunk_without_a_name_is_not_the_start() -> None:
    said = events({"id": "", "model": "", "choices": [], "prompt_filter_results": []}, chunk({"content": "a"}, "stop"))
    assert [event.id for event in said if isinstance(event, ReplyStart)] == ["c1"]


# --- errors


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"error": {"message": "m", "code": "rate_limit_exceeded"}}, ErrorKind.RATE_LIMIT),
        ({"error": {"message": "m", "code": 429}, "choices": []}, ErrorKind.RATE_LIMIT),
        ({"error": "m"}, ErrorKind.UPSTREAM_ERROR),
        (b'event: error\ndata: {"message": "m", "code": "overloaded_error"}\n\n', ErrorKind.OVERLOADED),
    ],
    ids=["object", "beside choices", "text", "by its name"],
)
def test_an_error_in_the_stream_ends_it(document: Any, kind: ErrorKind) -> None:
    said = events(chunk({"content": "a"}), document, chunk({"content": "b"}, "stop"), DONE)
    assert isinstance(said[-1], Failure)
    assert said[-1].error.kind is kind
    assert not any(isinstance(event, ReplyEnd | FinishSeen) for event in said)


def test_a_null_error_is_none() -> None:
    assert isinstance(events(chunk({"content": "a"}, "stop", error=None), DONE)[-1], ReplyEnd)


@pytest.mark.parametrize(
    ("damage", "ends_well"),
    [
        ([b'data: {"cut": \n\n'], True),
        ([b'data: {"cut": \n\n', b'data: {"choices": 5}\n\n'], False),
        ([b"data: hello\n\n", b"data: \n\n", b"data: ping\n\n", b"data: 1\n\n"], True),
        ([b'data: {"type":"ping"}\n\n', b'event: thread\ndata: {"object":"other"}\n\n'], True),
    ],
    ids=["one", "two", "no objects", "unknown"],
)
def test_one_unreadable_event_is_passed_over(damage: list[bytes], ends_well: bool) -> None:
    last = events(chunk({"content": "a"}), *damage, chunk({"content": "b"}, "stop"), DONE)[-1]
    assert isinstance(last, ReplyEnd if ends_well else Failure)
    if isinstance(last, Failure):
        assert last.error.kind is ErrorKind.UPSTREAM_MALFORMED


DELTAS = st.sampled_from(
    [{"content": "é"}, {"content": ""}, {"reasoning": "t"}, {"refusal": "r"}, call(0, "a", "f", "1"), call(0, None, None, "2"),
     call(1, "b", "g", "3"), call(1, None, None, "4"), call(None, "c", "h"), {"audio": {"data": "QQ=="}}, {}]
)  # fmt: skip


@given(st.lists(DELTAS, max_size=8), st.lists(st.integers(0, 4000), max_size=5), st.booleans())
@settings(max_examples=80, deadline=None)
def test_any_order_of_deltas_in_any_chunks_keeps_the_grammar(deltas: list[Any], places: list[int], done: bool) -> None:
    data = frames(*(chunk(delta) for delta in deltas), *([DONE] if done else []))
    said = decode_stream(CODEC, cuts(data, places))
    assert plain(said) == plain(decode_stream(CODEC, [data]))
    reply = fold(said, "openai_chat")  # raises for a delta of a block that is not open
    texts = "".join(block.text for block in reply.candidates[0].blocks if isinstance(block, Text))
    assert texts == "".join(delta.get("content", "") for delta in deltas)
