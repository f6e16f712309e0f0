"""``thoughtSignature``: a field of base64, so that a sealed state of ours (``plx1.…``) stands in it encoded once more.

Gemini's clients give back the signature of a call, but many drop thoughts. A state without words (a redacted thought, an
encrypted reasoning) therefore travels on the call behind it; ``MOVED`` marks it, so that it becomes a thought again.

The other way, Gemini signs calls, where the other protocols have a place for state on thoughts only. Gemini's own signature
of a call is therefore read as a thought without words before that call (``apart``), so that it survives in every protocol
that keeps thoughts; for Gemini it is written back onto the call. The signature of a text stays on the text: it need not come
back, and a reply must not end in a thought.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import msgspec

from plexus.canonical.content import Block, Extras, Reasoning, ReasoningState, ToolCall
from plexus.protocols.members import NULL, own_members
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


APART = "signs"
"""The twin of a thought that is nothing but the signature of the call behind it."""

STAND_IN = "skip_thought_signature_validator"
"""What Gemini 3 takes for a call that it did not make (https://ai.google.dev/gemini-api/docs/thought-signatures, FAQ)."""


def apart(state: ReasoningState) -> Reasoning:
    """The thought without words that stands for the signature of the call behind it."""
    return Reasoning(redacted=True, state=state, extras=Extras(PROTOCOL, {}, {APART: NULL}))


def is_apart(block: Block) -> bool:
    """Whether ``block`` is nothing but such a signature."""
    return isinstance(block, Reasoning) and APART in own_members(block.extras, PROTOCOL)


def settle(blocks: Sequence[Block]) -> list[Block]:
    """A turn that another protocol's client gave back, with Gemini's signatures on its calls again.

    Where the thoughts stand differs (Chat sends them ahead of all text), so each goes to the first call behind it that has
    none. The words of such a thought stay, unsigned.
    """
    settled: list[Block] = list(blocks)
    for index, block in enumerate(blocks):
        if not isinstance(block, Reasoning) or block.state is None or block.state.protocol != PROTOCOL:
            continue
        for place, call in enumerate(settled[index + 1 :], index + 1):
            if isinstance(call, ToolCall) and call.state is None:
                settled[place] = msgspec.structs.replace(call, state=block.state)
                settled[index] = msgspec.structs.replace(block, state=None)
                break
    return [block for block in settled if not _is_spent(block)]


def _is_spent(block: Block) -> bool:
    return isinstance(block, Reasoning) and block.redacted and not block.text and block.state is None
