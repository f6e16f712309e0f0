from __future__ import annotations

from collections import Counter
from random import Random

from tests.builders import target

from plexus.routing.selectors import SELECTORS

HEAVY, LIGHT = target(model="heavy", weight=3.0), target(model="light", weight=1.0)


def test_in_order_keeps_the_configured_order() -> None:
    assert SELECTORS["in_order"]([LIGHT, HEAVY], Random(1)) == [LIGHT, HEAVY]


def test_random_leads_with_each_target_in_proportion_to_its_weight() -> None:
    rng = Random(7)
    firsts = Counter(SELECTORS["random"]([LIGHT, HEAVY], rng)[0].model for _ in range(4000))
    assert 0.70 < firsts["heavy"] / 4000 < 0.80


def test_random_keeps_every_target_for_failover() -> None:
    for seed in range(20):
        assert sorted(one.model for one in SELECTORS["random"]([LIGHT, HEAVY], Random(seed))) == ["heavy", "light"]
