from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.content import ToolCall
from plexus.protocols.anthropic_messages.calls import tool_id, tool_input


@given(st.text())
def test_tool_ids_fit_the_alphabet_and_stay_apart(written: str) -> None:
    made = tool_id(written)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", made)
    assert made == tool_id(written)
    assert tool_id(written + ".") != tool_id(written + ":")
    assert tool_id(made) == made


def test_free_text_becomes_an_object() -> None:
    assert tool_input(ToolCall(id="t", name="f", arguments="x", custom=True)) == ({"input": "x"}, True)
    assert tool_input(ToolCall(id="t", name="f", arguments="x")) == ({"input": "x"}, False)
    assert tool_input(ToolCall(id="t", name="f", arguments=" ")) == ({}, True)
