"""What is read off a reply in passing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.making import frames

from plexus.canonical.errors import ErrorKind
from plexus.canonical.response import FinishReason
from plexus.protocols.openai_chat import CODEC
from plexus.protocols.openai_chat.tap import ChatTap, withholds

USAGE = {"prompt_tokens": 3, "completion_tokens": 2}


def chunk(delta: Any = None, finish: str | None = None, **members: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}], **members}


def watched(*documents: Any) -> ChatTap:
    tap = CODEC.tap(CODEC.default_dialect)
    assert isinstance(tap, ChatTap)
    for document in documents:
        tap.watch(frames(document))
    return tap


@pytest.mark.parametrize(
    ("delta", "meaningful"),
    [
        ({"role": "assistant", "content": ""}, False),
        ({"content": None}, False),
        ({"tool_calls": []}, False),
        ({"content": "a"}, True),
        ({"content": [{"type": "text", "text": "a"}]}, True),
        ({"reasoning": "a"}, True),
        ({"reasoning_content": "a"}, True),
        ({"reasoning_details": [{"type": "reasoning.text"}]}, True),
        ({"refusal": "a"}, True),
        ({"tool_calls": [{"index": 0}]}, True),
        ({"function_call": {"name": "f"}}, True),
        ({"audio": {"id": "a"}}, True),
    ],
)
def test_what_a_client_would_see(delta: dict[str, Any], meaningful: bool) -> None:
    tap = watched(chunk(delta))
    assert tap.meaningful == meaningful
    assert not tap.ended


def test_the_end_step_by_step() -> None:
    tap = watched(chunk({"content": "a"}))
    assert (tap.ended, tap.terminated) == (False, False)
    tap.watch(frames(chunk(None, "stop")))
    assert (tap.ended, tap.terminated) == (True, False)
    tap.watch(frames({"choices": [], "usage": USAGE}, b"data: [DONE]\n\n"))
    assert (tap.ended, tap.terminated, tap.empty) == (True, True, False)
    assert tap.usage is not None
    assert tap.usage.total == 5


def test_many_events_in_one_run() -> None:
    tap = watched(
        frames(chunk({"content": "a"}), b": comment\n\n", chunk(None, "length", usage=USAGE), b"data: [DONE]\n\n")
    )
    assert tap.finish is not None
    assert tap.finish.reason is FinishReason.LENGTH
    assert tap.terminated


@pytest.mark.parametrize(
    ("documents", "empty"),
    [
        ([chunk(None, "stop"), b"data: [DONE]\n\n"], True),
        ([b"data: [DONE]\n\n"], True),
        ([chunk(None, "stop", usage={"prompt_tokens": 3, "completion_tokens": 0})], True),
        ([chunk(None, "stop", usage=USAGE)], False),
        ([chunk({"content": "a"}, "stop")], False),
        ([chunk({"content": ""})], False),
    ],
    ids=["finish", "done", "no output", "output counted", "text", "no end"],
)
def test_an_empty_reply(documents: list[Any], empty: bool) -> None:
    assert watched(*documents).empty == empty


def test_the_first_finish_counts_and_calls_explain_a_stop() -> None:
    tap = watched(chunk({"tool_calls": [{"index": 0, "id": "a"}]}), chunk(None, "stop"), chunk(None, "length"))
    assert tap.finish is not None
    assert (tap.finish.reason, tap.finish.raw) == (FinishReason.TOOL_CALLS, "stop")


def test_the_last_usage_counts() -> None:
    tap = watched(chunk({"content": "a"}, usage=USAGE), chunk(None, "stop", usage={**USAGE, "completion_tokens": 9}))
    assert tap.usage is not None
    assert tap.usage.output == 9
    tap.watch(frames({"choices": [], "usage": {"odd": 1}}))
    assert tap.usage.output == 9


@pytest.mark.parametrize(
    "document",
    [{"error": {"message": "m", "code": 429}}, b'event: error\ndata: {"message":"m","code":"rate_limit_exceeded"}\n\n'],
)
def test_an_error_inside_a_stream(document: Any) -> None:
    tap = watched(chunk({"content": "a"}), document)
    assert tap.failure is not None
    assert tap.failure.kind is ErrorKind.RATE_LIMIT


def test_what_cannot_be_read_is_between_provider_and_client() -> None:
    tap = watched(b"data: {\n\n", b"data: ping\n\n", chunk({"content": "a"}, "stop"))
    assert tap.failure is None
    assert tap.ended


# --- JSON


def read(document: Any) -> ChatTap:
    tap = CODEC.tap(CODEC.default_dialect)
    assert isinstance(tap, ChatTap)
    tap.read(document if isinstance(document, bytes) else json.dumps(document).encode())
    return tap


def reply(message: dict[str, Any], finish: str | None = "stop", **members: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], **members}


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"content": "a"}, True),
        ({"content": [{"type": "text", "text": "a"}]}, True),
        ({"content": ""}, False),
        ({"content": None, "refusal": None, "tool_calls": None}, False),
        ({"content": []}, False),
        ({}, False),
        ({"refusal": "a"}, True),
        ({"tool_calls": [{"id": "a", "function": {"name": "f"}}]}, True),
        ({"function_call": {"name": "f"}}, True),
        ({"audio": {"id": "a"}}, True),
        ({"reasoning_content": "a"}, True),
        ({"reasoning": "a"}, True),
        ({"content": {"answer": 42}}, True),
    ],
    ids=str,
)
def test_whether_a_whole_reply_says_something(message: dict[str, Any], says: bool) -> None:
    tap = read(reply(message))
    assert tap.failure is None
    assert tap.empty != says
    assert tap.ended
    assert tap.terminated


def test_finish_and_usage_of_a_whole_reply() -> None:
    tap = read(reply({"content": "a"}, "length", usage=USAGE))
    assert tap.finish is not None
    assert tap.finish.reason is FinishReason.LENGTH
    assert tap.usage is not None
    assert tap.usage.input == 3


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"error": {"message": "m", "code": 429}}, ErrorKind.RATE_LIMIT),
        ({"error": {"message": "m"}, "choices": []}, ErrorKind.UPSTREAM_ERROR),
        ({"choices": []}, ErrorKind.UPSTREAM_MALFORMED),
        ({}, ErrorKind.UPSTREAM_MALFORMED),
        ([], ErrorKind.UPSTREAM_MALFORMED),
        (b"<html>", ErrorKind.UPSTREAM_MALFORMED),
        (b"", ErrorKind.UPSTREAM_MALFORMED),
    ],
    ids=str,
)
def test_a_200_that_is_no_reply(document: Any, kind: ErrorKind) -> None:
    tap = read(document)
    assert tap.failure is not None
    assert tap.failure.kind is kind
    assert not tap.ended


def test_an_unusual_shape_is_read_by_the_full_decoder() -> None:
    tap = read({"choices": [{"finish_reason": "stop", "message": {"content": "a", "tool_calls": {}}}]})
    assert tap.failure is not None
    odd = read({"choices": [{"text": "a", "finish_reason": "stop"}], "usage": USAGE})
    assert odd.failure is None
    assert odd.usage is not None
    assert odd.empty is False


# --- the frame that we asked for


@pytest.mark.parametrize(
    ("document", "withheld"),
    [
        ({"choices": [], "usage": USAGE}, True),
        ({"usage": USAGE}, True),
        ({"choices": [], "usage": None}, False),
        ({"choices": []}, False),
        (chunk({"content": "a"}, usage=USAGE), False),
        (chunk({"content": '"usage"'}), False),
        (b"data: [DONE]\n\n", False),
        (b': "usage"\n\n', False),
        (b'data: "usage"\n\n', False),
    ],
)
def test_only_the_trailer_of_usage_is_withheld(document: Any, withheld: bool) -> None:
    assert withholds(frames(document)) == withheld
