from __future__ import annotations

import pytest

from plexus.protocols.openai_chat.response import finish_of, word_of


@pytest.mark.parametrize(
    ("word", "called", "written"),
    [
        ("stop", False, "stop"),
        ("stop", True, "tool_calls"),
        ("function_call", True, "function_call"),
        ("end_turn", False, "stop"),
        ("eos", False, "stop"),
        ("length", True, "length"),
    ],
)
def test_a_finish_is_written_as_clients_know_it(word: str, called: bool, written: str) -> None:
    assert word_of(finish_of(word, called=called)) == written
