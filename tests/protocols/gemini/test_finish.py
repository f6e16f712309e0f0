"""finishReason both ways."""

from __future__ import annotations

import pytest

from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.gemini.finish import blocked, finish_of, finish_word, word_of
from plexus.protocols.gemini.signature import PROTOCOL

F = FinishReason


@pytest.mark.parametrize(
    ("word", "calls", "reason"),
    [
        ("STOP", False, F.STOP),
        ("STOP", True, F.TOOL_CALLS),
        ("MAX_TOKENS", True, F.LENGTH),
        ("SAFETY", False, F.CONTENT_FILTER),
        ("IMAGE_SAFETY", False, F.CONTENT_FILTER),
        ("RECITATION", False, F.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", False, F.OTHER),
        ("SOMETHING_NEW", False, F.OTHER),
    ],
)
def test_each_word_has_its_class_and_is_kept(word: str, calls: bool, reason: FinishReason) -> None:
    finish = finish_of(word, calls=calls)
    assert (finish.reason, finish.raw, finish.inferred) == (reason, word, False)
    assert word_of(finish) == word


@pytest.mark.parametrize("word", [None, "FINISH_REASON_UNSPECIFIED"])
def test_no_word_is_inferred(word: str | None) -> None:
    assert finish_of(word).inferred
    assert finish_of(word, calls=True).reason is F.TOOL_CALLS


def test_numbers_are_words() -> None:
    assert [finish_word(value) for value in (1, 2, 3, 99, -1, "SPII")] == [
        "STOP", "MAX_TOKENS", "SAFETY", "OTHER", "OTHER", "SPII",
    ]  # fmt: skip


def test_other_protocols_finishes_have_a_word() -> None:
    words = {reason: word_of(Finish(reason=reason, origin="openai_chat", raw="x")) for reason in F}
    assert words[F.TOOL_CALLS] == words[F.STOP] == words[F.STOP_SEQUENCE] == word_of(None) == "STOP"
    assert words[F.LENGTH] == words[F.CONTEXT_LENGTH] == "MAX_TOKENS"
    assert words[F.REFUSAL] == words[F.CONTENT_FILTER] == "SAFETY"
    assert blocked("BLOCKLIST") == Finish(reason=F.CONTENT_FILTER, origin=PROTOCOL, raw="BLOCKLIST")
