from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plexus.protocols.openai_chat.tool_call_id import MARKER, MAX_STATE, attach, detach
from plexus.protocols.reasoning_state import PREFIX

IDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=40)
SEALED = st.text("abcXYZ019_-", min_size=1, max_size=80).map(lambda text: PREFIX + text)


@given(IDS, SEALED)
@settings(deadline=None)
def test_what_was_attached_is_detached(call_id: str, state: str) -> None:
    assert detach(attach(call_id, state)) == (call_id, state)


@given(IDS)
@settings(deadline=None)
def test_an_id_without_state_is_left_alone(call_id: str) -> None:
    assert attach(call_id, None) == call_id
    assert detach(call_id) == (call_id, None)


@pytest.mark.parametrize("state", ["EqRkCkgIARAB", "", PREFIX[:-1] + "x"])
def test_only_what_we_sealed_travels(state: str) -> None:
    assert attach("call_1", state) == "call_1"


def test_state_up_to_the_limit_travels() -> None:
    fits = PREFIX + "a" * (MAX_STATE - len(PREFIX))
    assert attach("call_1", fits) == "call_1" + MARKER + "a" * (MAX_STATE - len(PREFIX))
    assert attach("call_1", fits + "a") == "call_1"


def test_an_id_with_state_keeps_to_the_characters_that_others_allow() -> None:
    carried = attach("call_1", PREFIX + "Az09_-")
    assert set(carried) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
