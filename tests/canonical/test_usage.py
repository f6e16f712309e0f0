from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.usage import COUNTS, Usage, add, usage

COUNT = st.integers(min_value=-10, max_value=10_000)
CLAIMS = st.fixed_dictionaries(dict.fromkeys(COUNTS, COUNT))


@given(CLAIMS)
def test_whatever_a_provider_claims_the_invariants_hold(claims: dict[str, Any]) -> None:
    counted = usage(**claims)
    assert all(getattr(counted, name) >= 0 for name in COUNTS)
    assert counted.input >= counted.cached_input + counted.cache_write
    assert counted.fresh_input >= 0
    assert counted.output >= counted.reasoning
    assert counted.total == counted.input + counted.output


@given(CLAIMS, CLAIMS)
def test_adding_keeps_every_count_and_the_invariants(left: dict[str, Any], right: dict[str, Any]) -> None:
    one, two = usage(**left), usage(**right)
    both = add(one, two)
    assert all(getattr(both, name) == getattr(one, name) + getattr(two, name) for name in COUNTS)
    assert both.fresh_input >= 0


def test_adding_marks_estimates_and_sums_reported_costs() -> None:
    both = add(Usage(output=1, estimated=True), Usage(output=2, reported_cost_nanos=5))
    assert both.estimated
    assert both.reported_cost_nanos == 5
    assert add(Usage(), Usage()).reported_cost_nanos is None
