from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.protocols.openai_chat.tool_call_id import MARK, MAX_SUFFIX, CarriedState, append, split

states = st.lists(
    st.builds(
        CarriedState,
        st.sampled_from(["thought", "redacted", "call"]),
        st.text("abcXYZ019-_.=", min_size=1, max_size=40),
    ),
    max_size=3,
)


@given(call_id=st.text("abc_-012", max_size=20).filter(lambda text: MARK not in text + "--"), carried=states)
def test_states_come_back(call_id: str, carried: list[CarriedState]) -> None:
    written = append(call_id, carried)
    assert split(written) == (call_id, carried)
    assert re.fullmatch(r"[A-Za-z0-9_-]*", written)


def test_a_long_state_does_not_travel_in_the_id() -> None:
    assert append("call_1", [CarriedState("thought", "x" * MAX_SUFFIX)]) == "call_1"


@pytest.mark.parametrize("suffix", ["", "A", "!!", "AAAA", "====", "/w"])
def test_a_suffix_that_is_not_ours_is_cut_off(suffix: str) -> None:
    assert split(f"call_1{MARK}{suffix}") == ("call_1", [])


def test_other_ids_stay() -> None:
    assert split("toolu_01--plx") == ("toolu_01--plx", [])
