"""Ids, groups, and the usage of a reply."""

from __future__ import annotations

from plexus.mock_provider.answer import Answer, Text, Thinking, ToolCall, Usage, UsageNumbers
from plexus.mock_provider.ask import Ask, Prompt
from plexus.mock_provider.saying import Ids, count_usage, grouped
from plexus.mock_provider.tokens import PromptCache


def test_ids_repeat_for_the_same_seed_and_differ_otherwise() -> None:
    one, same, other = Ids("a"), Ids("a"), Ids("b")
    made = [one.make("call_", 24), one.make("call_", 24)]
    assert [same.make("call_", 24), same.make("call_", 24)] == made
    assert len({*made, other.make("call_", 24)}) == 3
    assert all(len(ident) == 29 and ident[5:].isalnum() for ident in made)


def test_groups() -> None:
    assert grouped(list("abcde"), 2) == [["a", "b"], ["c", "d"], ["e"]]
    assert grouped(list("ab"), 0) == [["a"], ["b"]]
    assert grouped([], 3) == []


def test_usage_adds_up_over_all_candidates() -> None:
    prompt = Prompt()
    prompt.add("hello", 5, mark=True)
    ask = Ask(model="m", stream=False, prompt=prompt, text="", cache_scope="s")
    said = [Answer((Thinking("Hm. Hm."), Text("yes")), "stop"), Answer((ToolCall("f", {}),), "tool_calls")]
    cache = PromptCache()
    assert count_usage(ask, said, cache, UsageNumbers()) == Usage(input=8, output=5, reasoning=2, cache_write=5)
    assert count_usage(ask, said, cache, UsageNumbers()) == Usage(input=8, output=5, reasoning=2, cached=5)
    stated = UsageNumbers(input=1, output=2, cached=3, cache_write=4, reasoning=0)
    assert count_usage(ask, said, cache, stated) == Usage(input=1, output=2, cached=3, cache_write=4)
