"""The plan: which targets one exchange may use, in which order, and why."""

from __future__ import annotations

import msgspec

from plexus.domain.route import Route, Target


class Plan(msgspec.Struct, frozen=True):
    """``targets`` is never empty, the first is tried first. ``reason`` says how the order came about."""

    model: str
    """The public name after alias resolution, or ``direct/<provider>/<model>``."""
    route: Route
    targets: tuple[Target, ...]
    reason: str
