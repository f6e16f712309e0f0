"""Reasoning state in the id of a tool call, for clients that send nothing else back (DESIGN section 4).

Most clients of Chat drop ``reasoning_details`` but must send each tool call's id back, in the call and in its result. So
a call that was thought about carries the sealed state behind its own id: ``call_1--plx1-`` + base64url, without padding,
of one line for each state: a letter that says what it belongs to, then its value. It is cut off before a provider sees it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal, NamedTuple, TypeAlias

MARK = "--plx1-"
MAX_SUFFIX = 4096
"""Characters that a suffix may have; a longer state travels in ``reasoning_details`` only."""

Owner: TypeAlias = Literal["thought", "redacted", "call"]

_LETTERS: dict[Owner, str] = {"thought": "r", "redacted": "x", "call": "t"}
_OWNERS: dict[str, Owner] = {letter: owner for owner, letter in _LETTERS.items()}


class CarriedState(NamedTuple):
    """One state within an id: whose it is, and its value."""

    owner: Owner
    value: str


def append(call_id: str, states: list[CarriedState]) -> str:
    """``call_id`` with ``states`` behind it; as it is where there are none, or where they are too long."""
    if not states:
        return call_id
    lines = "\n".join(_LETTERS[state.owner] + state.value for state in states)
    suffix = MARK + base64.urlsafe_b64encode(lines.encode()).rstrip(b"=").decode()
    return call_id + suffix if len(suffix) <= MAX_SUFFIX else call_id


def split(call_id: str) -> tuple[str, list[CarriedState]]:
    """The provider's own id and the states behind it. A suffix that is not ours to read is cut off all the same."""
    own, mark, text = call_id.partition(MARK)
    if not mark:
        return call_id, []
    try:
        lines = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return own, []
    found = [CarriedState(_OWNERS[line[0]], line[1:]) for line in lines.split("\n") if line[:1] in _OWNERS]
    return own, found
