from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.anthropic_messages.making import sse

from plexus.canonical.errors import ErrorKind
from plexus.canonical.response import FinishReason
from plexus.protocols.anthropic_messages.tap import MessagesTap

START = {
    "type": "message_start",
    "message": {"id": "m", "content": [], "usage": {"input_tokens": 9, "output_tokens": 1}},
}
PING = {"type": "ping"}
TEXT = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
CALL = {
    "type": "content_block_start",
    "index": 0,
    "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
}
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}
STOP = {"type": "content_block_stop", "index": 0}
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}
LAST = {"type": "message_stop"}


def watch(*events: dict[str, Any], names: bool = True, together: bool = False) -> MessagesTap:
    tap = MessagesTap()
    chunks = [sse(event) if names else b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    for chunk in [b"".join(chunks)] if together else chunks:
        tap.watch(chunk)
    return tap


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_a_whole_reply(names: bool, together: bool) -> None:
    tap = watch(START, PING, TEXT, DELTA, STOP, END, LAST, names=names, together=together)
    assert tap.usage is not None
    assert (tap.usage.input, tap.usage.output) == (9, 4)
    assert tap.finish is not None
    assert tap.finish.reason is FinishReason.STOP
    assert (tap.meaningful, tap.ended, tap.terminated, tap.empty, tap.failure) == (True, True, True, False, None)


@pytest.mark.parametrize(
    ("events", "meaningful"),
    [
        ([START, PING, TEXT], False),
        ([START, TEXT, DELTA], True),
        ([START, CALL], True),
        ([START, END], True),
        ([START, TEXT, STOP], False),
    ],
)
def test_what_is_meaningful(events: list[dict[str, Any]], meaningful: bool) -> None:
    for names in (True, False):
        assert watch(*events, names=names).meaningful is meaningful


def test_the_end_is_known_before_the_last_frame() -> None:
    tap = watch(START, TEXT, DELTA, STOP, END)
    assert tap.ended
    assert not tap.terminated


def test_usage_is_never_summed_and_a_second_start_says_nothing() -> None:
    second = {"type": "message_start", "message": {"usage": {"input_tokens": 700}}}
    tap = watch(START, second, END, {**END, "usage": {"input_tokens": 9, "output_tokens": 6}})
    assert tap.usage is not None
    assert (tap.usage.input, tap.usage.output) == (9, 6)


def test_nothing_said_is_empty() -> None:
    silent = {**END, "usage": {"output_tokens": 0}}
    assert watch(START, silent, LAST).empty
    assert watch(START, TEXT, STOP, silent, LAST).empty
    assert not watch(START, END, LAST).empty
    assert not watch(START, TEXT, DELTA, STOP, silent, LAST).empty


def test_an_error_is_a_failure() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    for names in (True, False):
        tap = watch(START, TEXT, DELTA, error, names=names)
        assert tap.failure is not None
        assert tap.failure.kind is ErrorKind.OVERLOADED
        assert not tap.ended


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", ErrorKind.UPSTREAM_MALFORMED),
        (b"<html>", ErrorKind.UPSTREAM_MALFORMED),
        (b'{"type": "error", "error": {"type": "api_error", "message": "x"}}', ErrorKind.UPSTREAM_ERROR),
    ],
)
def test_a_body_that_is_no_message(body: bytes, kind: ErrorKind) -> None:
    tap = MessagesTap()
    tap.read(body)
    assert tap.failure is not None
    assert tap.failure.kind is kind
    assert not tap.ended


def test_an_empty_message() -> None:
    tap = MessagesTap()
    tap.read(b'{"content": [], "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 0}}')
    assert tap.empty
    assert tap.terminated


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([sse(e) for e in (START, PING, TEXT, DELTA, STOP, END, LAST)]) | st.binary(max_size=30))
)
def test_no_bytes_make_it_raise(pieces: list[bytes]) -> None:
    tap = MessagesTap()
    for piece in pieces:
        tap.watch(piece)
    assert not tap.terminated or tap.ended
