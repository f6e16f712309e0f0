"""What the families differ in, by their names."""

from __future__ import annotations

import pytest
from tests.protocols.bedrock_converse.making import CLAUDE, LLAMA, NOVA, OPUS

from plexus.protocols.bedrock_converse.dialect import ConverseDialect, cache_points_of, thinking_of, top_k_of


@pytest.mark.parametrize(
    ("model", "way"),
    [
        (CLAUDE, "budget"),
        (OPUS, "adaptive"),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "budget"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "none"),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "none"),
        ("global.anthropic.claude-sonnet-5-v1:0", "adaptive"),
        ("us.amazon.nova-2-lite-v1:0", "nova"),
        (NOVA, "none"),
        ("openai.gpt-oss-120b-1:0", "effort"),
        (LLAMA, "none"),
    ],
)
def test_how_a_family_is_told_to_think(model: str, way: str) -> None:
    assert thinking_of(model, ConverseDialect()) == way
    assert thinking_of(model, ConverseDialect(thinking="budget")) == "budget"


@pytest.mark.parametrize(
    ("model", "points", "top_k"), [(CLAUDE, "all", "top_k"), (NOVA, "prompt", "nova"), (LLAMA, "none", "none")]
)
def test_cache_points_and_top_k(model: str, points: str, top_k: str) -> None:
    assert cache_points_of(model, ConverseDialect()) == points
    assert top_k_of(model, ConverseDialect()) == top_k
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    answers = ConverseDialect(cache_points=points, top_k=top_k)
    assert (cache_points_of(profile, answers), top_k_of(profile, answers)) == (points, top_k)
