from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.anthropic_messages.making import raw

from plexus.canonical.usage import usage
from plexus.protocols.anthropic_messages.usage import decode_usage, encode_usage, merge_usage

COUNT = st.integers(0, 10**7)


def test_cached_input_is_counted_into_the_input() -> None:
    counts = decode_usage(
        raw(
            {
                "input_tokens": 10,
                "cache_read_input_tokens": 200,
                "cache_creation_input_tokens": 30,
                "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
                "output_tokens": 7,
                "output_tokens_details": {"thinking_tokens": 3},
                "server_tool_use": {"web_search_requests": 2},
            }
        )
    )
    assert counts is not None
    assert (counts.input, counts.cached_input, counts.cache_write_5m, counts.cache_write_1h) == (240, 200, 10, 20)
    assert (counts.output, counts.reasoning, counts.web_searches, counts.fresh_input) == (7, 3, 2, 10)


@pytest.mark.parametrize(
    ("split", "short", "long"),
    [
        (None, 30, 0),
        ({"ephemeral_1h_input_tokens": 30}, 0, 30),
        ({"ephemeral_1h_input_tokens": 50}, 0, 30),
        ({}, 30, 0),
    ],
)
def test_the_sum_of_cache_writes_is_what_counts(split: object, short: int, long: int) -> None:
    counts = decode_usage(raw({"input_tokens": 1, "cache_creation_input_tokens": 30, "cache_creation": split}))
    assert counts is not None
    assert (counts.cache_write_5m, counts.cache_write_1h, counts.input) == (short, long, 31)


@given(fresh=COUNT, read=COUNT, short=COUNT, long=COUNT, output=COUNT)
def test_what_is_encoded_decodes_to_the_same(fresh: int, read: int, short: int, long: int, output: int) -> None:
    counts = usage(
        input=fresh + read + short + long,
        cached_input=read,
        cache_write_5m=short,
        cache_write_1h=long,
        output=output,
        reasoning=output // 2,
        web_searches=short % 5,
    )
    again = decode_usage(msgspec.json.encode(encode_usage(counts)))
    assert again is not None
    assert msgspec.structs.replace(again, raw=None) == counts


def test_nothing_known_is_zeros() -> None:
    wire = encode_usage(None, "standard")
    assert wire["input_tokens"] == wire["output_tokens"] == 0
    assert wire["service_tier"] == "standard"


@pytest.mark.parametrize("body", [b"[]", b"7", b'{"input_tokens": "x"}', b'{"input_tokens": 1.5}'])
def test_what_is_no_usage_gives_none(body: bytes) -> None:
    assert decode_usage(body) is None


def test_later_counts_win_and_are_never_added() -> None:
    first = raw({"input_tokens": 10, "output_tokens": 1, "service_tier": "standard"})
    merged = merge_usage(first, raw({"output_tokens": 5, "input_tokens": None}))
    merged = merge_usage(merged, raw({"output_tokens": 9}))
    assert json.loads(bytes(merged)) == {"input_tokens": 10, "output_tokens": 9, "service_tier": "standard"}
    assert merge_usage(first, b"7") == first
    assert bytes(merge_usage(None, b"{}")) == b"{}"
