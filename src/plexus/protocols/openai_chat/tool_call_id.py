"""Reasoning state inside a tool call's id.

Many clients keep nothing of an assistant turn but its text and tool calls. So that the sealed state of the thoughts behind a
call survives with them, it also travels as a suffix of the first call's id (DESIGN section 4), up to 4 kB, and is cut off
before any provider sees it.
"""

from __future__ import annotations

from plexus.protocols.reasoning_state import PREFIX

MARKER = "--plx1-"
MAX_STATE = 4096


def attach(call_id: str, state: str | None) -> str:
    """``call_id`` with a sealed state behind it; unchanged for any other state and for long ones."""
    if state is None or not state.startswith(PREFIX) or len(state) > MAX_STATE:
        return call_id
    return call_id + MARKER + state[len(PREFIX) :]


def detach(call_id: str) -> tuple[str, str | None]:
    """The provider's own id, and the sealed state that came with it, if any."""
    own, marker, sealed = call_id.partition(MARKER)
    return (own, PREFIX + sealed) if marker else (call_id, None)
