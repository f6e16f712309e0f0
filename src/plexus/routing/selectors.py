"""Selectors: one function each, ordering a route's targets. The order is also the order of failover."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from plexus.domain.route import SelectorName, Target

Selector = Callable[[Sequence[Target], Random], list[Target]]


def in_order(targets: Sequence[Target], _: Random) -> list[Target]:
    """As configured."""
    return list(targets)


def random(targets: Sequence[Target], rng: Random) -> list[Target]:
    """A weighted shuffle: drawn without replacement, each draw in proportion to the weights that are left.

    Efraimidis and Spirakis (2006): ordering by ``u ** (1 / weight)`` gives exactly that.
    """
    if len(targets) == 1:
        return list(targets)
    draws = [(rng.random() ** (1 / target.weight), target) for target in targets]
    draws.sort(key=lambda draw: draw[0], reverse=True)
    return [target for _, target in draws]


SELECTORS: dict[SelectorName, Selector] = {"random": random, "in_order": in_order}
