"""How an attempt carries the body."""

from __future__ import annotations

from collections.abc import Container
from typing import Literal, TypeAlias

from plexus.domain.route import Target

Lane: TypeAlias = Literal["pass", "edit", "translate"]


def choose_protocol(client_protocol: str, target: Target, spoken: Container[str]) -> str | None:
    """The protocol to speak with ``target``: the client's own where the target has it, else the target's first that we
    speak. None where there is none."""
    if client_protocol in target.protocols:
        return client_protocol
    return next((protocol for protocol in target.protocols if protocol in spoken), None)


def choose_lane(*, same_protocol: bool, edited: bool, sealed: bool) -> Lane:
    """``sealed``: the body carries reasoning state in our envelope, which no provider understands; it must be decoded
    even when both sides speak the same protocol."""
    if not same_protocol or sealed:
        return "translate"
    return "edit" if edited else "pass"
