"""How an attempt carries the body."""

from __future__ import annotations

from typing import Literal, TypeAlias

Lane: TypeAlias = Literal["pass", "edit", "translate"]


def choose_lane(*, same_protocol: bool, edited: bool, decoded: bool) -> Lane:
    """``decoded``: the body cannot stay even where both sides speak the same protocol, since it carries reasoning state in
    our envelope, which no provider understands, or words that this provider reads otherwise."""
    if not same_protocol or decoded:
        return "translate"
    return "edit" if edited else "pass"
