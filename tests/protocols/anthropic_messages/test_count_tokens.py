from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import MESSAGES_BODY, PIXEL, asked

from plexus.canonical.errors import ErrorKind
from plexus.protocols.anthropic_messages import CODEC, COUNT_CODEC
from plexus.protocols.anthropic_messages.count_tokens import IMAGE, PER_TURN, encode_count, estimate_tokens


def estimated(**members: Any) -> int:
    counts = estimate_tokens(asked(CODEC, {**MESSAGES_BODY, **members}))
    assert counts.estimated
    assert (counts.output, counts.cached_input) == (0, 0)
    return counts.input


def turn(*content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(content)}]}


EMPTY = estimated(**turn())


def test_turns_cost_something_even_when_empty() -> None:
    assert EMPTY == 2 * PER_TURN
    assert estimated(messages=[{"role": "user", "content": []}] * 3) == EMPTY + 2 * PER_TURN


@given(st.text(max_size=200), st.text(max_size=200))
@settings(deadline=None)
def test_more_text_is_never_less(one: str, more: str) -> None:
    assert estimated(**turn({"type": "text", "text": one})) <= estimated(**turn({"type": "text", "text": one + more}))


def test_text_counts_by_its_bytes_and_rather_high() -> None:
    prose = "The quick brown fox jumps over the lazy dog. " * 100
    found = estimated(**turn({"type": "text", "text": prose})) - EMPTY
    assert len(prose) / 4.3 < found < len(prose) / 3
    assert estimated(**turn({"type": "text", "text": "é" * 350})) - EMPTY == 201


@pytest.mark.parametrize(
    ("block", "least"),
    [
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}, IMAGE),
        ({"type": "image", "source": {"type": "url", "url": "https://a"}}, IMAGE),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "Q" * 4_000_000},
            },
            150_000,
        ),
        ({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x" * 3500}}, 1000),
        ({"type": "document", "source": {"type": "url", "url": "https://a"}}, IMAGE),
        ({"type": "thinking", "thinking": "x" * 350, "signature": "S"}, 100),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {"a": "x" * 350}}, 100),
        ({"type": "tool_result", "tool_use_id": "t", "content": "x" * 350}, 100),
        (
            {
                "type": "tool_result",
                "tool_use_id": "t",
                "content": [{"type": "image", "source": {"type": "url", "url": "u"}}],
            },
            IMAGE,
        ),
        ({"type": "search_result", "source": "u", "title": "t", "content": []}, IMAGE),
    ],
    ids=lambda each: str(each)[:60],
)
def test_each_block_by_its_size(block: dict[str, Any], least: int) -> None:
    found = estimated(**turn(block)) - EMPTY
    assert least <= found <= least * 1.5


def test_system_and_tools_count_too() -> None:
    assert estimated(**turn(), system="x" * 350) == EMPTY + 101
    tool = {"name": "f", "description": "d" * 349, "input_schema": {"type": "object"}}
    assert estimated(**turn(), tools=[tool]) > EMPTY + 100
    assert estimated(**turn(), tools=[{"type": "web_search_20250305", "name": "web_search"}]) > EMPTY


def test_the_reply_is_one_number() -> None:
    assert json.loads(encode_count(7)) == {"input_tokens": 7}


# --- the native reply


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"input_tokens": 7}', None),
        (b'{"input_tokens": 7, "context_management": {}}', None),
        (b'{"input_tokens": "many"}', ErrorKind.UPSTREAM_MALFORMED),
        (b"{}", ErrorKind.UPSTREAM_MALFORMED),
        (b"", ErrorKind.UPSTREAM_MALFORMED),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}', ErrorKind.OVERLOADED),
    ],
)
def test_a_native_count(body: bytes, kind: ErrorKind | None) -> None:
    tap = COUNT_CODEC.tap(COUNT_CODEC.default_dialect)
    tap.watch(b"data: {}\n\n")
    assert not tap.ended
    tap.read(body)
    assert (tap.failure.kind if tap.failure is not None else None) is kind
    assert (tap.ended, tap.terminated, tap.meaningful) == ((kind is None,) * 3)
    assert tap.usage is None, "counting is free"
    assert not tap.empty


def test_where_it_lives() -> None:
    assert (COUNT_CODEC.path, COUNT_CODEC.operation) == ("/messages/count_tokens", "count_tokens")
