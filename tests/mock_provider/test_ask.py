"""The prompt in pieces."""

from __future__ import annotations

from plexus.mock_provider.ask import Prompt


def test_pieces_add_up_and_the_marker_divides_them() -> None:
    prompt = Prompt()
    prompt.add("system", 10, mark=True)
    prompt.add("hello", 5)
    assert prompt.tokens == 18
    assert [one.tokens for one in prompt.cacheable("m")] == [10]
    assert Prompt().cacheable("m") == []


def test_the_same_beginning_has_the_same_digest() -> None:
    short, long = Prompt(), Prompt()
    short.add({"a": 1}, 1, mark=True)
    long.add({"a": 1}, 1)
    long.add("more", 2, mark=True)
    assert short.cacheable("m")[0] == long.cacheable("m")[0]
    assert short.cacheable("other") != short.cacheable("m")
