from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from plexus.protocols.openai_chat.tool_call_id import MAX_LENGTH, MAX_STATE, attach, detach, fit
from plexus.protocols.reasoning_state import PREFIX

IDS = st.text(st.characters(codec="utf-8"), max_size=90)


@given(IDS)
def test_an_id_is_made_to_fit_and_stays_itself_from_then_on(call_id: str) -> None:
    nine = fit(call_id, "nine_alphanumerics")
    assert re.fullmatch(r"[A-Za-z0-9]{9}", nine)
    assert fit(nine, "nine_alphanumerics") == nine
    short = fit(call_id, "short")
    assert len(short) <= MAX_LENGTH
    assert fit(short, "short") == short
    assert fit(call_id, "any") == call_id


@given(st.sets(IDS, min_size=2, max_size=8))
def test_different_ids_stay_different(ids: set[str]) -> None:
    assert len({fit(call_id, "nine_alphanumerics") for call_id in ids}) == len(ids)
    assert len({fit(call_id, "short") for call_id in ids}) == len(ids)


def test_an_id_that_fits_is_left_alone() -> None:
    assert fit("call_1", "short") == "call_1"
    assert fit("x" * MAX_LENGTH, "short") == "x" * MAX_LENGTH
    assert fit("x" * (MAX_LENGTH + 1), "short") != "x" * (MAX_LENGTH + 1)


@given(st.text(alphabet="abc_019", max_size=20), st.text(alphabet="AZaz09-_", max_size=40))
def test_a_sealed_state_travels_in_the_id(call_id: str, sealed: str) -> None:
    assert detach(attach(call_id, PREFIX + sealed)) == (call_id, PREFIX + sealed)


def test_what_is_no_state_of_ours_or_too_long_stays_away() -> None:
    assert attach("call_1", None) == "call_1"
    assert attach("call_1", "signature") == "call_1"
    assert attach("call_1", PREFIX + "x" * MAX_STATE) == "call_1"
    assert detach("call_1") == ("call_1", None)
