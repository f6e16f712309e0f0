"""``thoughtSignature``: a field of base64, so that a sealed state of ours (``plx1.…``) stands in it encoded once more.

Gemini's clients give back the signature of a call, but many drop thoughts (Gemini CLI does). A sealed state therefore also
travels on the call behind its thought, together with the words that it signs; ``MOVED`` stands between the two, and the
signature becomes a thought again. One without words (a redacted thought, an encrypted reasoning) travels there alone.

The other way, Gemini signs calls, where the other protocols have a place for state on thoughts only. Gemini's own signature
of a call is therefore read as a thought without words before that call (``apart``), so that it survives in every protocol
that keeps thoughts; for Gemini it is written back onto the call. The signature of a text stays on the text: it need not come
back, and a reply must not end in a thought.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import NamedTuple

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


class Signature(NamedTuple):
    """What a signature says. ``words``: of the thought that it was moved from, to the call behind it; None where it was not."""

    state: ReasoningState | None
    words: str | None = None


def decode_signature(text: str | None) -> Signature:
    """The state behind a signature."""
    if not text:
        return Signature(None)
    if text.startswith(SEALED):
        try:
            sealed, moved, words = _unpacked(text).decode("ascii").partition(MOVED)
            if sealed.startswith(PREFIX):
                return Signature(ReasoningState(PROTOCOL, sealed), _unpacked(words).decode() if moved else None)
        except (binascii.Error, ValueError):
            pass
    return Signature(ReasoningState(PROTOCOL, text))


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)


def encode_signature(state: ReasoningState | None, *, words: str | None = None) -> str | None:
    """The signature of ``state``; None for none, and for a state in another protocol's words. ``words`` as in Signature."""
    if state is None or state.protocol != PROTOCOL:
        return None
    if not state.value.startswith(PREFIX):
        return state.value
    moved = "" if words is None else MOVED + base64.b64encode(words.encode()).decode()
    return base64.b64encode((state.value + moved).encode()).decode()


APART = "signs"
"""The twin of a thought that is nothing but the signature of the call behind it."""

STAND_IN = "skip_thought_signature_validator"
"""What Gemini 3 takes for a call that it did not make (https://ai.google.dev/gemini-api/docs/thought-signatures, FAQ)."""
STAND_INS = frozenset({STAND_IN, "context_engineering_is_the_way_to_go"})
"""Clients write these themselves (Gemini CLI does): they sign nothing, so elsewhere nothing is lost without them."""


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
