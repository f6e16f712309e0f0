from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import raw

from plexus.canonical.usage import usage
from plexus.protocols.anthropic_messages.usage import decode_usage, encode_usage, merge_usage

COUNTS = st.integers(0, 10**9)
BASE = {"input_tokens": 10, "output_tokens": 5}


def decoded(**members: Any) -> dict[str, int]:
    found = decode_usage(raw(members))
    assert found is not None
    counts = {name: getattr(found, name) for name in found.__struct_fields__ if name != "raw"}
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, {"input": 10}),
        ({"cache_read_input_tokens": 7}, {"input": 17, "cached_input": 7}),
        ({"cache_creation_input_tokens": 7}, {"input": 17, "cache_write_5m": 7}),
        (
            {
                "cache_creation_input_tokens": 7,
                "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
            },
            {"input": 17, "cache_write_5m": 3, "cache_write_1h": 4},
        ),
        ({"cache_creation": {"ephemeral_1h_input_tokens": 4}}, {"input": 14, "cache_write_1h": 4}),
        (
            {"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 4}},
            {"input": 19, "cache_write_5m": 5, "cache_write_1h": 4},
        ),
        ({"cache_creation": None, "server_tool_use": None, "output_tokens_details": None}, {"input": 10}),
        ({"server_tool_use": {"web_search_requests": 2}}, {"input": 10, "web_searches": 2}),
        ({"output_tokens_details": {"thinking_tokens": 3}}, {"input": 10, "reasoning": 3}),
        ({"service_tier": "standard", "inference_geo": "us"}, {"input": 10}),
    ],
)
def test_cached_input_stands_beside_and_is_counted_in(members: dict[str, Any], expected: dict[str, int]) -> None:
    assert decoded(**BASE, **members) == {"output": 5, **expected}


@pytest.mark.parametrize("document", [None, {}, [], "x", {"input_tokens": "many"}, {"cache_read_input_tokens": 5}])
def test_what_says_nothing_is_no_usage(document: Any) -> None:
    assert decode_usage(raw(document)) is None


def test_negative_counts_are_nothing() -> None:
    assert decoded(input_tokens=-5, output_tokens=-1, cache_read_input_tokens=-7) == {}


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
@settings(deadline=None)
def test_counts_survive_the_wire(fresh: int, cached: int, short: int, long: int, said: int) -> None:
    counts = usage(
        input=fresh + cached + short + long,
        cached_input=cached,
        cache_write_5m=short,
        cache_write_1h=long,
        output=said,
        reasoning=said // 2,
        web_searches=said % 3,
    )
    again = decode_usage(raw(encode_usage(counts)))
    assert again is not None
    assert encode_usage(counts)["input_tokens"] == fresh
    for name in ("input", "cached_input", "cache_write_5m", "cache_write_1h", "output", "reasoning", "web_searches"):
        assert getattr(again, name) == getattr(counts, name)


@pytest.mark.parametrize(
    ("first", "later", "merged"),
    [
        (b'{"input_tokens":10,"output_tokens":1}', b'{"output_tokens":5}', {"input_tokens": 10, "output_tokens": 5}),
        (b'{"input_tokens":10}', b'{"input_tokens":12,"output_tokens":5}', {"input_tokens": 12, "output_tokens": 5}),
        (b'{"input_tokens":10}', b'{"input_tokens":null,"output_tokens":5}', {"input_tokens": 10, "output_tokens": 5}),
        (b"", b'{"output_tokens":5}', {"output_tokens": 5}),
        (b'{"input_tokens":10}', b"{}", {"input_tokens": 10}),
    ],
)
def test_later_counts_win_over_earlier_ones(first: bytes, later: bytes, merged: dict[str, int]) -> None:
    assert json.loads(merge_usage(first, later)) == merged


@pytest.mark.parametrize(
    ("first", "later", "kept"), [(b"[", b"{}", b"{}"), (b'{"a":1}', b"5", b"5"), (b"5", b"", b"5")]
)
def test_what_cannot_be_merged_is_the_later_one(first: bytes, later: bytes, kept: bytes) -> None:
    assert merge_usage(first, later) == kept
