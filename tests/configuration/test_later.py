from __future__ import annotations

import pytest
from tests.configuration.support import mistakes

from plexus.configuration.later import NOT_IN_EFFECT

PINNED = {
    "providers.*.disable_cooldown",
    "providers.*.discount",
    "providers.*.estimate_tokens",
    "providers.*.quota_checker",
    "providers.*.models.*.pricing",
    "providers.*.models.*.type",
    "models.*.selector=cost",
    "models.*.selector=latency",
    "models.*.selector=performance",
    "models.*.selector=usage",
    "models.*.type",
    "models.*.advanced",
    "models.*.metadata",
    "keys.*.quota",
    "user_quotas",
    "failover.retryable_errors",
    "cooldown",
    "performance_exploration_rate",
    "latency_exploration_rate",
    "mcp_servers",
}
"""What may stand in the file without effect. When a feature comes, its row goes, here and in the table. None is added."""


def test_the_list_only_shrinks() -> None:
    paths = [".".join(pending.path) for pending in NOT_IN_EFFECT]
    assert len(paths) == len(set(paths))
    rows = {
        f"{path}={value}" if value else path
        for pending, path in zip(NOT_IN_EFFECT, paths, strict=True)
        for value in (pending.values or {""})
    }
    assert rows - PINNED == set()
    assert PINNED - rows == set(), "these are in effect now: take them out of PINNED"


@pytest.mark.parametrize(
    ("pricing", "right"),
    [
        ("{}", True),
        ("{ input: 1, output: 2 }", True),
        ("{ source: simple, input: 1, output: 2, cached: 0.5, cache_write: 1.25 }", True),
        ("{ source: simple, input: -1 }", False),
        ("{ source: openrouter, slug: a/b }", True),
        ("{ source: openrouter }", False),
        ("{ source: per_request, amount: 0.01 }", True),
        ("{ source: per_request }", False),
        ("{ source: defined, range: [{ input_per_m: 1, output_per_m: 2 }] }", True),
        ("{ source: defined, range: [] }", False),
        ("{ source: defined, range: [{ upper_bound: .inf, input_per_m: 1, output_per_m: 2 }] }", True),
        ("5", False),
    ],
)
def test_what_has_no_effect_is_checked_all_the_same(pricing: str, right: bool) -> None:
    text = f"providers: {{ acme: {{ base_url: https://a.example, models: {{ m: {{ pricing: {pricing} }} }} }} }}"
    assert (mistakes(text) == ()) is right
