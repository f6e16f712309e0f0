"""thoughtSignature there and back: the provider's own, ours, and ours that moved to a call."""

from __future__ import annotations

import base64

import pytest

from plexus.canonical.content import ReasoningState
from plexus.exchange.seal import is_sealed as body_is_sealed
from plexus.protocols import reasoning_state
from plexus.protocols.gemini.signature import decode_signature, encode_signature, is_sealed

KEY = b"k" * 32
SEALED = reasoning_state.seal(ReasoningState("anthropic_messages", "sig", "p"), KEY)


def test_googles_own_stays_as_it_is() -> None:
    state, moved = decode_signature("c2lnbmF0dXJl")
    assert (state, moved) == (ReasoningState("gemini", "c2lnbmF0dXJl"), False)
    assert encode_signature(state) == "c2lnbmF0dXJl"


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("urlsafe", [False, True])
def test_a_sealed_one_is_base64_on_the_wire(moved: bool, urlsafe: bool) -> None:
    written = encode_signature(ReasoningState("gemini", SEALED), moved=moved)
    assert written is not None
    base64.b64decode(written, validate=True)
    assert body_is_sealed(b'{"thoughtSignature":"%b"}' % written.encode())
    state, came_moved = decode_signature(written.replace("+", "-").replace("/", "_") if urlsafe else written)
    assert state is not None
    assert is_sealed(state)
    assert came_moved is moved
    assert reasoning_state.unseal(state.value, KEY) == ReasoningState("anthropic_messages", "sig", "p")


def test_a_state_in_other_words_and_none_are_nothing() -> None:
    assert encode_signature(ReasoningState("anthropic_messages", "x")) is None
    assert encode_signature(None) is None
    assert decode_signature(None) == decode_signature("") == (None, False)


@pytest.mark.parametrize("text", ["cGx4", "cGx4?", "cGx4MS4", "cGx4/////w=="])
def test_what_only_looks_sealed_is_googles(text: str) -> None:
    state, moved = decode_signature(text)
    assert state is not None
    assert (state.value, moved) == (text, False)
