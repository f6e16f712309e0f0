from __future__ import annotations

import pytest

from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.openai_chat.finish import OFFICIAL, decode_finish, encode_finish


@pytest.mark.parametrize(
    ("word", "called", "reason"),
    [
        ("stop", False, FinishReason.STOP),
        ("stop", True, FinishReason.TOOL_CALLS),
        ("length", True, FinishReason.LENGTH),
        ("tool_calls", True, FinishReason.TOOL_CALLS),
        ("function_call", True, FinishReason.TOOL_CALLS),
        ("content_filter", False, FinishReason.CONTENT_FILTER),
        ("end_turn", False, FinishReason.STOP),
        ("repetition", False, FinishReason.OTHER),
    ],
)
def test_words_of_providers(word: str, called: bool, reason: FinishReason) -> None:
    finish = decode_finish(word, called=called)
    assert (finish.reason, finish.raw, finish.inferred) == (reason, word, False)


@pytest.mark.parametrize("word", [None, ""])
def test_without_a_word_it_is_inferred(word: str | None) -> None:
    assert decode_finish(word, called=False).reason is FinishReason.STOP
    assert decode_finish(word, called=True).reason is FinishReason.TOOL_CALLS
    assert decode_finish(word, called=True).inferred


@pytest.mark.parametrize("reason", list(FinishReason))
@pytest.mark.parametrize("called", [True, False])
def test_clients_are_told_openai_words_only(reason: FinishReason, called: bool) -> None:
    foreign = encode_finish(Finish(reason=reason, origin="anthropic_messages", raw="x"), called=called)
    assert foreign in OFFICIAL
    assert encode_finish(Finish(reason=reason, origin="openai_chat", raw="odd"), called=called) == foreign
    assert foreign != "stop" or not called


def test_own_words_and_the_older_form() -> None:
    assert encode_finish(decode_finish("content_filter", called=False), called=False) == "content_filter"
    assert encode_finish(decode_finish("function_call", called=True), called=True) == "function_call"
    assert encode_finish(None, called=True, legacy=True) == "function_call"
    assert encode_finish(None, called=False) == "stop"
