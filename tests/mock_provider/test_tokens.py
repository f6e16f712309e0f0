"""The counting rule, as its docstring states it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plexus.mock_provider.tokens import PromptCache, count, count_json, prefixes, split_tokens


def test_the_example_of_the_rule() -> None:
    assert split_tokens("Hello, world") == ["Hell", "o,", " worl", "d"]
    assert split_tokens("end \n") == ["end", " \n"]
    assert count("") == 0
    assert count_json({"a": 1}) == 2


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(split_tokens(text)) == text


def test_the_cache_reads_the_longest_known_prefix_and_writes_the_rest() -> None:
    cache = PromptCache()
    first = prefixes("m", [("system", 10), ("hello", 5)])
    assert cache.use(first) == (0, 15)
    assert cache.use(prefixes("m", [("system", 10), ("hello", 5), ("more", 7)])) == (15, 7)
    assert cache.use(prefixes("m", [("system", 10), ("other", 5)])) == (10, 5)
    assert cache.use(prefixes("another model", [("system", 10)])) == (0, 10)
    assert cache.use([]) == (0, 0)


def test_the_cache_forgets_what_was_not_used_for_longest() -> None:
    cache = PromptCache(size=2)
    for word in ("a", "b", "c"):
        cache.use(prefixes("m", [(word, 1)]))
    assert cache.use(prefixes("m", [("c", 1)])) == (1, 0)
    assert cache.use(prefixes("m", [("a", 1)])) == (0, 1)
