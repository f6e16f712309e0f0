"""Ids of tool calls: the reasoning state that they carry for us, and what a provider takes as one.

Many clients keep nothing of an assistant turn but its text and tool calls. So that the sealed state of the thoughts behind a
call survives with them, it also travels as a suffix of the first call's id (DESIGN section 4), up to 4 kB, and is cut off
before any provider sees it.
"""

from __future__ import annotations

import hashlib
import re

from plexus.protocols.openai_chat.dialect import ToolCallIds
from plexus.protocols.reasoning_state import PREFIX

MARKER = "--plx1-"
MAX_STATE = 4096

MAX_LENGTH = 40
"""Characters. OpenAI: "string too long. Expected a string with maximum length 40" (langmanus/langmanus#119)."""
NINE = re.compile(r"[A-Za-z0-9]{9}")
"""Mistral: "Tool call id has to be defined and must be a-z, A-Z, 0-9, with a length of 9" (its API's own words)."""
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def attach(call_id: str, state: str | None) -> str:
    """``call_id`` with a sealed state behind it; unchanged for any other state and for long ones."""
    if state is None or not state.startswith(PREFIX) or len(state) > MAX_STATE:
        return call_id
    return call_id + MARKER + state[len(PREFIX) :]


def detach(call_id: str) -> tuple[str, str | None]:
    """The provider's own id, and the sealed state that came with it, if any."""
    own, marker, sealed = call_id.partition(MARKER)
    return (own, PREFIX + sealed) if marker else (call_id, None)


def fit(call_id: str, rule: ToolCallIds) -> str:
    """``call_id`` where the provider takes it, else one made of it. The same id becomes the same, so that a call and its
    result still belong together."""
    if rule == "any" or (rule == "short" and len(call_id) <= MAX_LENGTH):
        return call_id
    if rule == "short":
        return "call_" + hashlib.sha256(call_id.encode()).hexdigest()[: MAX_LENGTH - len("call_")]
    if NINE.fullmatch(call_id):
        return call_id
    number = int.from_bytes(hashlib.sha256(call_id.encode()).digest(), "big")
    made = ""
    for _ in range(9):
        number, place = divmod(number, len(ALPHABET))
        made += ALPHABET[place]
    return made
