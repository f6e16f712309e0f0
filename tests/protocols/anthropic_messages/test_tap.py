"""What is read off a reply in passing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.making import frames

from plexus.canonical.errors import ErrorKind
from plexus.canonical.response import FinishReason
from plexus.protocols.anthropic_messages import CODEC
from plexus.protocols.anthropic_messages.tap import MessagesTap

START = {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 10, "output_tokens": 1}}}
STOP = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}
END = {"type": "message_stop"}
TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}


def opened(kind: str, **members: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": 0, "content_block": {"type": kind, **members}}


def named(document: Any) -> bytes:
    if isinstance(document, bytes):
        return document
    return b"event: %b\n" % document["type"].encode() + frames(document)


def watched(*documents: Any, names: bool = True) -> MessagesTap:
    tap = CODEC.tap(CODEC.default_dialect)
    assert isinstance(tap, MessagesTap)
    for document in documents:
        tap.watch(named(document) if names else frames(document))
    return tap


@pytest.mark.parametrize("names", [True, False], ids=["with names", "without"])
@pytest.mark.parametrize(
    ("documents", "meaningful"),
    [
        ([START, {"type": "ping"}], False),
        ([START, opened("text", text="")], False),
        ([START, opened("thinking", thinking="")], False),
        ([START, opened("tool_use", id="t", name="f", input={})], True),
        ([START, opened("redacted_thinking", data="D")], True),
        ([START, opened("server_tool_use", id="s", name="w", input={})], True),
        ([START, opened("text", text=""), TEXT], True),
        ([START, STOP], True),
        ([START, END], True),
    ],
    ids=["ping", "text", "thinking", "call", "redacted", "server tool", "delta", "finish", "end"],
)
def test_what_a_client_would_see(documents: list[Any], meaningful: bool, names: bool) -> None:
    assert watched(*documents, names=names).meaningful == meaningful


def test_the_end_step_by_step() -> None:
    tap = watched(START, opened("text", text=""), TEXT)
    assert (tap.ended, tap.terminated, tap.empty) == (False, False, False)
    tap.watch(named(STOP))
    assert (tap.ended, tap.terminated) == (True, False)
    tap.watch(named(END))
    assert (tap.ended, tap.terminated, tap.empty) == (True, True, False)
    assert tap.usage is not None
    assert (tap.usage.input, tap.usage.output) == (10, 5)
    assert tap.finish is not None
    assert tap.finish.reason is FinishReason.STOP


def test_nothing_behind_the_end_is_read() -> None:
    tap = watched(START, STOP, END, {**STOP, "usage": {"output_tokens": 99}})
    assert tap.usage is not None
    assert tap.usage.output == 5


def test_many_events_in_one_run() -> None:
    tap = watched(b"".join(named(each) for each in [START, opened("text", text=""), TEXT, TEXT, STOP, END]))
    assert tap.terminated
    assert tap.usage is not None
    assert tap.usage.total == 15


@pytest.mark.parametrize(
    ("documents", "empty"),
    [
        ([START, {**STOP, "usage": {"output_tokens": 0}}, END], True),
        ([{"type": "message_start", "message": {"id": "m"}}, END], True),
        ([START, STOP, END], False),
        ([START, opened("text", text=""), TEXT, {**STOP, "usage": {"output_tokens": 0}}, END], False),
        ([START], False),
    ],
    ids=["no output", "no counts", "output counted", "text", "no end"],
)
def test_an_empty_reply(documents: list[Any], empty: bool) -> None:
    assert watched(*documents).empty == empty


def test_the_first_finish_counts_and_the_last_usage() -> None:
    tap = watched(
        START, STOP, {"type": "message_delta", "delta": {"stop_reason": "refusal"}, "usage": {"output_tokens": 8}}
    )
    assert tap.finish is not None
    assert tap.finish.raw == "end_turn"
    assert tap.usage is not None
    assert (tap.usage.input, tap.usage.output) == (10, 8)


def test_an_error_event() -> None:
    tap = watched(START, TEXT, {"type": "error", "error": {"type": "overloaded_error", "message": "m"}})
    assert tap.failure is not None
    assert tap.failure.kind is ErrorKind.OVERLOADED
    assert not tap.ended


def test_what_cannot_be_read_is_between_provider_and_client() -> None:
    tap = watched(START, b"event: content_block_start\ndata: {\n\n", b"data: hello\n\n", STOP, END)
    assert tap.failure is None
    assert tap.terminated


# --- JSON


def read(document: Any) -> MessagesTap:
    tap = CODEC.tap(CODEC.default_dialect)
    assert isinstance(tap, MessagesTap)
    tap.read(document if isinstance(document, bytes) else json.dumps(document).encode())
    return tap


def test_a_whole_reply() -> None:
    reply = {
        "content": [{"type": "text", "text": "a"}],
        "stop_reason": "max_tokens",
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    tap = read(reply)
    assert tap.usage is not None
    assert tap.usage.total == 3
    assert tap.finish is not None
    assert tap.finish.reason is FinishReason.LENGTH
    assert (tap.ended, tap.terminated, tap.meaningful, tap.empty) == (True, True, True, False)


@pytest.mark.parametrize(
    ("reply", "empty"),
    [
        ({"content": []}, True),
        ({"content": [], "usage": {"input_tokens": 1, "output_tokens": 0}}, True),
        ({"content": [], "usage": {"input_tokens": 1, "output_tokens": 3}}, False),
    ],
)
def test_an_empty_whole_reply(reply: dict[str, Any], empty: bool) -> None:
    assert read(reply).empty == empty


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "m"}}, ErrorKind.RATE_LIMIT),
        ({"content": [], "error": {"type": "api_error", "message": "m"}}, ErrorKind.UPSTREAM_ERROR),
        ({"id": "x"}, ErrorKind.UPSTREAM_MALFORMED),
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


def test_content_as_a_bare_string_is_read_by_the_full_decoder() -> None:
    tap = read({"content": "a", "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 2}})
    assert tap.failure is None
    assert tap.ended
    assert not tap.empty
    assert tap.usage is not None
    assert tap.usage.total == 3
