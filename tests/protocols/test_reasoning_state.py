from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.content import ReasoningState
from plexus.protocols.reasoning_state import PREFIX, seal, unseal

KEY = b"k" * 32


@given(st.text(), st.text(min_size=1), st.text())
def test_a_sealed_state_opens_with_its_key_only(protocol: str, provider: str, value: str) -> None:
    state = ReasoningState(protocol=protocol, value=value, provider=provider)
    sealed = seal(state, KEY)
    assert unseal(sealed, KEY) == state
    assert unseal(sealed, b"other" * 8) is None
    assert set(sealed[len(PREFIX) :]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.data())
def test_a_changed_envelope_is_refused(data: st.DataObject) -> None:
    sealed = seal(ReasoningState(protocol="p", value="v", provider="x"), KEY)
    place = data.draw(st.integers(len(PREFIX), len(sealed) - 2))
    changed = "A" if sealed[place] != "A" else "B"
    assert unseal(sealed[:place] + changed + sealed[place + 1 :], KEY) is None


@given(st.text())
def test_any_text_is_either_ours_or_nothing(text: str) -> None:
    assert unseal(text, KEY) is None
    assert unseal(PREFIX + text, KEY) is None
