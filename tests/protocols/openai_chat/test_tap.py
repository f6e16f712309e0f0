from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.openai_chat.making import DIALECT, delta, raw, sse

from plexus.canonical.errors import ErrorKind
from plexus.canonical.response import FinishReason
from plexus.protocols.openai_chat.tap import ChatTap

CALL = {"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}


def watching(*chunks: dict[str, Any] | str) -> ChatTap:
    tap = ChatTap(DIALECT)
    for chunk in chunks:
        tap.watch(sse(chunk))
    return tap


@pytest.mark.parametrize(
    ("members", "meaningful"),
    [
        ({"role": "assistant", "content": ""}, False),
        ({"content": None, "tool_calls": [], "refusal": None}, False),
        ({"function_call": {"name": "", "arguments": ""}, "audio": {"data": "", "transcript": ""}}, False),
        ({"content": "Hi"}, True),
        ({"content": [{"type": "thinking"}]}, True),
        ({"reasoning": "Hm"}, True),
        ({"reasoning_content": "Hm"}, True),
        ({"reasoning_details": [{}]}, True),
        ({"refusal": "No"}, True),
        ({"tool_calls": [CALL]}, True),
        ({"function_call": {"name": "f"}}, True),
        ({"audio": {"data": "AA"}}, True),
        ({"images": [{}]}, True),
    ],
)
def test_what_a_client_would_see(members: dict[str, Any], meaningful: bool) -> None:
    tap = watching(delta(**members))
    assert tap.meaningful is meaningful
    assert not tap.ended


def test_ends() -> None:
    tap = watching(delta(content="Hi"), delta("stop"))
    assert [tap.ended, tap.terminated, tap.empty] == [True, False, False]
    tap.watch(sse({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}, "[DONE]"))
    assert (tap.ended, tap.terminated, tap.empty) == (True, True, False)
    assert tap.usage is not None
    assert tap.usage.input == 3
    assert tap.finish is not None
    assert tap.finish.raw == "stop"


def test_several_choices_end_together() -> None:
    chunks = [delta(index=0, content="a"), delta(index=1, content="b"), delta("stop", index=1)]
    assert not watching(*chunks).ended
    tap = watching(*chunks, delta("length", index=0))
    assert tap.ended
    assert tap.finish is not None
    assert tap.finish.reason is FinishReason.LENGTH


def test_an_empty_reply() -> None:
    assert watching(delta(content=""), delta("stop"), "[DONE]").empty
    assert watching("[DONE]").empty
    counted = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
    assert not watching(delta("stop"), counted, "[DONE]").empty


def test_a_finish_is_inferred_at_done() -> None:
    tap = watching(delta(tool_calls=[CALL]), "[DONE]")
    assert tap.finish is not None
    assert (tap.finish.reason, tap.finish.inferred) == (FinishReason.TOOL_CALLS, True)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (sse({"error": {"message": "m", "type": "overloaded_error"}}), ErrorKind.OVERLOADED),
        (sse({"error": {"message": "m", "code": 429}}), ErrorKind.RATE_LIMIT),
        (sse({**delta("error"), "error": {"message": "m"}}), ErrorKind.UPSTREAM_ERROR),
        (sse(delta("error")), ErrorKind.UPSTREAM_ERROR),
        (sse({"error": "m"}), ErrorKind.UPSTREAM_ERROR),
        (b'event: error\ndata: {"error":{"message":"m","status_code":400}}\n\n', ErrorKind.BAD_REQUEST),
        (b"event: error\ndata: broken\n\n", ErrorKind.UPSTREAM_ERROR),
    ],
)
def test_failures_inside_a_stream(frame: bytes, kind: ErrorKind) -> None:
    tap = ChatTap(DIALECT)
    tap.watch(sse(delta(content="Hi")) + frame + sse("[DONE]"))
    assert tap.failure is not None
    assert tap.failure.kind is kind
    assert not tap.ended


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"message":"m","code":"rate_limit_exceeded"}}', ErrorKind.RATE_LIMIT),
        (b'{"choices":[]}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"id":"x"}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"detail":"m"}', ErrorKind.UPSTREAM_ERROR),
        (b'{"choices":[{"mess', ErrorKind.UPSTREAM_MALFORMED),
        (b"<html>", ErrorKind.UPSTREAM_MALFORMED),
    ],
)
def test_failures_in_place_of_a_reply(body: bytes, kind: ErrorKind) -> None:
    tap = ChatTap(DIALECT)
    tap.read(body)
    assert tap.failure is not None
    assert tap.failure.kind is kind


def test_an_empty_whole_reply() -> None:
    tap = ChatTap(DIALECT)
    tap.read(
        bytes(raw({"choices": [{"message": {"content": ""}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1}}))
    )
    assert tap.empty
    assert tap.ended


@given(st.binary(max_size=80))
def test_any_bytes_pass(data: bytes) -> None:
    tap = ChatTap(DIALECT)
    tap.watch(data + b"\n\n")
    tap.watch(b"data: " + data + b"\n\n")
    tap.read(data)
