"""``thoughtSignature``: a field of base64, so that a sealed state of ours (``plx1.…``) stands in it encoded once more.

Gemini's clients give back the signature of a call, but many drop thoughts. A state without words (a redacted thought, an
encrypted reasoning) therefore travels on the call behind it; ``MOVED`` marks it, so that it becomes a thought again.
"""

from __future__ import annotations

import base64
import binascii

from plexus.canonical.content import ReasoningState
from plexus.protocols.reasoning_state import PREFIX

PROTOCOL = "gemini"
MOVED = "#"
SEALED = base64.b64encode(PREFIX[:3].encode()).decode()
"""How every sealed state begins here."""


def is_sealed(state: ReasoningState) -> bool:
    """Whether we sealed it, since it belongs to a provider that speaks another protocol."""
    return state.value.startswith(PREFIX)


def decode_signature(text: str | None) -> tuple[ReasoningState | None, bool]:
    """The state behind a signature, and whether it was moved from a thought to the call behind it."""
    if not text:
        return None, False
    if text.startswith(SEALED):
        try:
            inner = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            inner = ""
        if inner.startswith(PREFIX):
            return ReasoningState(PROTOCOL, inner.removesuffix(MOVED)), inner.endswith(MOVED)
    return ReasoningState(PROTOCOL, text), False


def encode_signature(state: ReasoningState | None, *, moved: bool = False) -> str | None:
    """The signature of ``state``; None for none, and for a state in another protocol's words."""
    if state is None or state.protocol != PROTOCOL:
        return None
    if not state.value.startswith(PREFIX):
        return state.value
    return base64.b64encode((state.value + (MOVED if moved else "")).encode()).decode()
