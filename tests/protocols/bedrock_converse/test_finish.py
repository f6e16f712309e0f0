"""Why a reply ended."""

from __future__ import annotations

import pytest

from plexus.canonical.response import FinishReason
from plexus.protocols.bedrock_converse.finish import finish_of


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP_SEQUENCE),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.CONTEXT_LENGTH),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("guardrail_intervened", FinishReason.CONTENT_FILTER),
        ("content_filtered", FinishReason.CONTENT_FILTER),
        ("refusal", FinishReason.REFUSAL),
        ("malformed_tool_use", FinishReason.OTHER),
        ("something_new", FinishReason.OTHER),
    ],
)
def test_every_word_has_its_class(word: str, reason: FinishReason) -> None:
    finish = finish_of(word)
    assert (finish.reason, finish.raw, finish.origin) == (reason, word, "bedrock_converse")
