"""Which call a response answers."""

from __future__ import annotations

import re

from plexus.protocols.gemini.calls import Calls, is_made, made_id


def test_calls_without_an_id_get_one_that_every_protocol_takes() -> None:
    calls = Calls("resp/id.with+odd_characters-and-more-than-enough-of-them")
    ids = [calls.call("f", None), calls.call("f", None), calls.call("g", "theirs")]
    assert ids[2] == "theirs"
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,40}", each) for each in ids)
    assert [is_made(each) for each in ids] == [True, True, False]


def test_responses_find_their_call_by_name_in_order() -> None:
    calls = Calls()
    first, other, second = calls.call("f", None), calls.call("g", None), calls.call("f", None)
    assert [calls.response(name, None) for name in ("f", "f", "g")] == [first, second, other]


def test_an_id_wins_over_the_order() -> None:
    calls = Calls()
    calls.call("f", "a")
    calls.call("f", "b")
    assert calls.response("f", "b") == "b"
    assert calls.response("f", None) == "a"


def test_a_response_to_nothing_has_an_id_all_the_same() -> None:
    calls = Calls()
    assert calls.response("f", "x") == "x"
    assert is_made(calls.response("f", None))
    assert made_id("a", 0) != made_id("a", 1)
