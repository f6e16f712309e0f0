from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.openai_chat.making import raw

from plexus.canonical.usage import Usage
from plexus.protocols.openai_chat.usage import decode_usage, encode_usage


def read(**members: Any) -> Usage | None:
    counts = decode_usage(raw(members))
    return None if counts is None else msgspec.structs.replace(counts, raw=None)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}, Usage(input=9, output=3)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 3,
                "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 1},
            },
            Usage(input=9, output=3, cached_input=4, audio_input=1),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 3, "prompt_cache_hit_tokens": 5},
            Usage(input=9, output=3, cached_input=5),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 3, "cached_tokens": 2}, Usage(input=9, output=3, cached_input=2)),
        (
            {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cache_write_tokens": 6}},
            Usage(input=9, output=3, cache_write_5m=6),
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 8,
                "completion_tokens_details": {
                    "reasoning_tokens": 5,
                    "accepted_prediction_tokens": 1,
                    "rejected_prediction_tokens": 2,
                },
            },
            Usage(input=9, output=8, reasoning=5, accepted_prediction=1, rejected_prediction=2),
        ),
        (  # xAI counts reasoning beside the completion
            {
                "prompt_tokens": 9,
                "completion_tokens": 20,
                "total_tokens": 34,
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            Usage(input=9, output=25, reasoning=5),
        ),
        (  # more reasoning than completion: it can only be beside it
            {
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "total_tokens": 11,
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            Usage(input=9, output=7, reasoning=5),
        ),
        ({"prompt_tokens": 66, "completion_tokens": 6, "total_tokens": 100}, Usage(input=66, output=34, reasoning=28)),
        (
            {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.0035611},
            Usage(input=1, output=1, reported_cost_nanos=3561100),
        ),
        (
            {"prompt_tokens": 1, "completion_tokens": 1, "cost_in_usd_ticks": 1660500},
            Usage(input=1, output=1, reported_cost_nanos=166050),
        ),
        ({"prompt_tokens": 5, "completion_tokens": None, "total_tokens": None}, Usage(input=5)),
        ({"prompt_tokens": -5, "completion_tokens": -1}, Usage()),
        ({}, None),
    ],
)
def test_counts(members: dict[str, Any], expected: Usage | None) -> None:
    assert read(**members) == expected


@pytest.mark.parametrize("body", [b"null", b"[]", b"7", b'{"prompt_tokens":"many"}', b'{"prompt'])
def test_what_is_no_usage_counts_nothing(body: bytes) -> None:
    assert decode_usage(msgspec.Raw(body)) is None


counts = st.integers(0, 10**9)


@given(input=counts, output=counts, part=st.floats(0, 1), cached=st.floats(0, 0.5))
def test_what_is_written_reads_the_same(input: int, output: int, part: float, cached: float) -> None:
    known = Usage(input=input, output=output, reasoning=int(output * part), cached_input=int(input * cached))
    assert read(**encode_usage(known)) == known
