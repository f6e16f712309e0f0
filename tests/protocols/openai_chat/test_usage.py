from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import raw

from plexus.canonical.usage import usage
from plexus.protocols.openai_chat.usage import decode_usage, encode_usage

COUNTS = st.integers(0, 10**9)


def decoded(**members: Any) -> dict[str, Any]:
    """The counts that are not nothing."""
    found = decode_usage(raw(members))
    assert found is not None
    counts = {name: getattr(found, name) for name in found.__struct_fields__ if name != "raw"}
    return {name: count for name, count in counts.items() if count}


BASE = {"prompt_tokens": 100, "completion_tokens": 20}


@pytest.mark.parametrize(
    ("members", "more"),
    [
        ({}, {}),
        ({"prompt_tokens_details": None, "completion_tokens_details": None}, {}),
        ({"prompt_tokens_details": {"cached_tokens": 64}}, {"cached_input": 64}),
        ({"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}, {"cached_input": 64}),  # DeepSeek
        ({"cached_tokens": 64}, {"cached_input": 64}),  # Moonshot
        ({"cache_read_input_tokens": 64, "cache_creation_input_tokens": 9}, {"cached_input": 64, "cache_write_5m": 9}),
        ({"prompt_tokens_details": {"cached_tokens": 0}, "prompt_cache_hit_tokens": 64}, {}),
        ({"prompt_tokens_details": {"cache_write_tokens": 9}}, {"cache_write_5m": 9}),
        ({"prompt_tokens_details": {"audio_tokens": 5, "image_tokens": 6}}, {"audio_input": 5, "image_input": 6}),
        ({"completion_tokens_details": {"reasoning_tokens": 7}}, {"reasoning": 7}),
        ({"completion_tokens_details": {"audio_tokens": 5, "image_tokens": 6}}, {"audio_output": 5, "image_output": 6}),
        (
            {"completion_tokens_details": {"accepted_prediction_tokens": 1, "rejected_prediction_tokens": 2}},
            {"accepted_prediction": 1, "rejected_prediction": 2},
        ),
        ({"server_tool_use_details": {"web_search_requests": 3}}, {"web_searches": 3}),
        ({"cost": 0.00012}, {"reported_cost_nanos": 120_000}),
        ({"cost": "0.5"}, {"reported_cost_nanos": 500_000_000}),
        ({"cost": "free"}, {}),
        ({"cost": -1}, {}),  # no bill is negative
        ({"cost_in_usd_ticks": -10}, {}),
        ({"cost": "nan"}, {}),
        ({"cost": "1e999"}, {}),
        ({"cost_in_usd_ticks": 37756000}, {"reported_cost_nanos": 3_775_600}),  # xAI: 1e-10 dollars
    ],
    ids=str,
)
def test_every_providers_words_for_its_counts(members: dict[str, Any], more: dict[str, int]) -> None:
    assert decoded(**BASE, **members) == {"input": 100, "output": 20, **more}


@pytest.mark.parametrize("document", [None, {}, [], "12", {"prompt_tokens": "many"}, {"total_tokens": 5}])
def test_what_says_nothing_is_no_usage(document: Any) -> None:
    assert decode_usage(raw(document)) is None


def test_one_side_is_enough() -> None:
    assert decoded(prompt_tokens=3) == {"input": 3}
    assert decoded(completion_tokens=3) == {"output": 3}


def test_a_part_never_exceeds_its_whole() -> None:
    assert decoded(prompt_tokens=-5, completion_tokens=2, completion_tokens_details={"reasoning_tokens": 9}) == {
        "output": 9,
        "reasoning": 9,
    }


def test_the_providers_own_object_is_kept() -> None:
    found = decode_usage(raw({**BASE, "queue_time": 0.1}))
    assert found is not None
    assert found.raw == '{"prompt_tokens": 100, "completion_tokens": 20, "queue_time": 0.1}'


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
@settings(deadline=None)
def test_counts_survive_the_wire(fresh: int, cached: int, written: int, said: int, thought: int) -> None:
    counts = usage(
        input=fresh + cached + written, cached_input=cached, cache_write_5m=written, output=said + thought, reasoning=thought
    )  # fmt: skip
    wire = encode_usage(counts)
    assert wire["total_tokens"] == counts.total
    again = decode_usage(raw(wire))
    assert again is not None
    for name in ("input", "cached_input", "cache_write", "output", "reasoning"):
        assert getattr(again, name) == getattr(counts, name)
