"""What is known of the model families: a wrong setting of thinking is a 400 there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.properties import inbound

from plexus.protocols.gemini import CODEC
from plexus.protocols.gemini.dialect import (
    GeminiDialect,
    always_thinks,
    insists_on_signatures,
    never_thinks,
    thinks_by_level,
)
from plexus.protocols.registry import CODECS


@pytest.mark.parametrize(
    ("model", "never", "always", "level", "signed"),
    [
        ("gemini-1.5-pro", True, False, False, False),
        ("gemini-2.0-flash", True, False, False, False),
        ("gemini-2.5-flash", False, False, False, False),
        ("gemini-2.5-pro", False, True, False, False),
        ("gemini-2.5-flash-image", True, False, False, False),
        ("gemini-2.5-pro-preview-tts", True, True, False, False),
        ("gemini-3-pro-preview", False, False, True, True),
        ("google/gemini-3.5-flash", False, False, True, True),
        ("gemini-flash-latest", False, False, True, True),
    ],
)
def test_families(model: str, never: bool, always: bool, level: bool, signed: bool) -> None:
    assert (never_thinks(model), always_thinks(model)) == (never, always)
    assert thinks_by_level(model, GeminiDialect()) == level
    assert insists_on_signatures(model) == signed


def test_the_operator_has_the_last_word() -> None:
    assert thinks_by_level("gemini-2.5-flash", GeminiDialect(thinking="level"))
    assert not thinks_by_level("gemini-3-pro", GeminiDialect(thinking="budget"))


OFF: dict[str, Any] = {"thinking": {"type": "disabled"}}
ON: dict[str, Any] = {"thinking": {"type": "enabled", "budget_tokens": 2000}}


@pytest.mark.parametrize(
    ("model", "asked", "wanted", "lost"),
    [
        ("gemini-2.0-flash", OFF, None, []),
        ("gemini-2.0-flash", ON, None, ["unsupported"]),
        ("gemini-2.5-flash", OFF, {"thinkingBudget": 0}, []),
        ("gemini-2.5-pro", OFF, {"thinkingBudget": 128}, ["approximated"]),
        ("gemini-2.5-pro", ON, {"thinkingBudget": 2000, "includeThoughts": True}, []),
        ("gemini-3-flash-preview", OFF, {"thinkingLevel": "minimal"}, ["approximated"]),
        ("gemini-3-pro-preview", OFF, {"thinkingLevel": "low"}, ["approximated"]),
        ("gemini-3-pro-preview", ON, {"thinkingLevel": "medium", "includeThoughts": True}, ["approximated"]),
    ],
)
def test_thinking_is_asked_for_in_words_that_the_model_takes(
    model: str, asked: dict[str, Any], wanted: dict[str, Any] | None, lost: list[str]
) -> None:
    document = {"model": model, "max_tokens": 9000, "messages": [{"role": "user", "content": "hi"}], **asked}
    request = CODECS["anthropic_messages", "generate"].decode_request(inbound(document))
    outbound, losses = CODEC.encode_request(request, CODEC.default_dialect)
    config = json.loads(outbound.body).get("generationConfig", {})
    assert config.get("thinkingConfig") == wanted
    assert [loss.reason for loss in losses] == lost
