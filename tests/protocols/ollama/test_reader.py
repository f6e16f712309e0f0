from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.canonical.content import Reasoning, Text, ToolCall
from plexus.canonical.events import Failure, StreamEvent, fold
from plexus.canonical.response import FinishReason, GenerateResponse
from plexus.protocols.ollama.reader import Reader, finish_of

F = FinishReason
DONE = {"done": True, "done_reason": "stop"}


def read(*chunks: dict[str, Any]) -> list[StreamEvent]:
    out: list[StreamEvent] = []
    reader = Reader()
    for chunk in chunks:
        reader.chunk(json.dumps(chunk).encode(), out)
    return out


def reply(*chunks: dict[str, Any]) -> GenerateResponse:
    return fold(read(*chunks), "ollama")


def said(**message: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": "", **message}, "done": False}


@pytest.mark.parametrize(("word", "called", "reason", "inferred"), [
    ("stop", False, F.STOP, False), ("stop", True, F.TOOL_CALLS, False), ("length", False, F.LENGTH, False),
    ("length", True, F.LENGTH, False), ("load", False, F.OTHER, False), (None, False, F.STOP, True),
    ("", True, F.TOOL_CALLS, True),
])  # fmt: skip
def test_why_it_ended(word: str | None, called: bool, reason: FinishReason, inferred: bool) -> None:
    finish = finish_of(word, called=called)
    assert (finish.reason, finish.inferred, finish.raw) == (reason, inferred, word or None)


def test_blocks_follow_the_kinds_of_what_is_said() -> None:
    blocks = reply(
        said(thinking="a"), said(thinking="b"), said(content="c"), said(content="d"),
        said(tool_calls=[{"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}]), said(content="e"), DONE,
    ).candidates[0].blocks  # fmt: skip
    assert [type(block) for block in blocks] == [Reasoning, Text, ToolCall, Text]
    assert [block.text for block in blocks if isinstance(block, Reasoning | Text)] == ["ab", "cd", "e"]


def test_calls_without_an_id_get_one_each_that_depends_on_the_reply() -> None:
    call = {"function": {"name": "f", "arguments": {}}}
    first = said(tool_calls=[call, call]) | {"created_at": "2026-01-01T00:00:00Z"}
    ids = [
        block.id
        for block in reply(first, said(tool_calls=[call]), DONE).candidates[0].blocks
        if isinstance(block, ToolCall)
    ]
    assert len(set(ids)) == 3
    again = [block.id for block in reply(first, DONE).candidates[0].blocks if isinstance(block, ToolCall)]
    assert again == ids[:2]
    other = reply(first | {"created_at": "2026-01-01T00:00:01Z"}, DONE).candidates[0].blocks
    assert not {block.id for block in other if isinstance(block, ToolCall)} & set(ids)


@pytest.mark.parametrize(("arguments", "text"), [
    ({"a": [1]}, '{"a": [1]}'), ('{"a":1}', '{"a":1}'), (None, ""), ({}, "{}"),
])  # fmt: skip
def test_arguments_are_the_json_of_the_object(arguments: Any, text: str) -> None:
    (call,) = reply(said(tool_calls=[{"function": {"name": "f", "arguments": arguments}}]), DONE).candidates[0].blocks
    assert isinstance(call, ToolCall)
    assert call.arguments == text


def test_a_call_that_says_nothing() -> None:
    (call,) = reply(said(tool_calls=[{}]), DONE).candidates[0].blocks
    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments) == ("", "")


def test_log_probabilities_are_lists_by_tokens() -> None:
    token = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}
    found = reply(said(content="a") | {"logprobs": [token]}, said(content="b") | {"logprobs": [token]}, DONE)
    logprobs = found.candidates[0].logprobs
    assert logprobs is not None
    assert json.loads(bytes(logprobs)) == {"content": [token, token]}


@pytest.mark.parametrize(("moment", "seconds"), [
    ("2026-08-07T06:08:11.017589Z", 1786082891), ("2024-05-24T20:57:43.35235Z", 1716584263),
    ("2024-05-24T20:57:43.352358123Z", 1716584263), ("2024-05-24T22:57:43+02:00", 1716584263), ("yesterday", None), ("", None),
])  # fmt: skip
def test_when_it_was_made(moment: str, seconds: int | None) -> None:
    assert reply({"created_at": moment, **DONE}).created == seconds


def test_an_error_is_the_end() -> None:
    reader, out = Reader(), list[StreamEvent]()
    reader.chunk(b'{"error":"broken"}', out)
    assert reader.failed
    (failure,) = out
    assert isinstance(failure, Failure)
    assert failure.error.message == "broken"
