from __future__ import annotations

import pytest

from plexus.protocols.openai_responses.dialect import ResponsesDialect, gives_encrypted_reasoning


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        ("gpt-4o", False),
        ("gpt-4.1-mini", False),
        ("gpt-5-chat-latest", False),
        ("o4-mini", True),
        ("gpt-5.6-sol", True),
        ("openai.gpt-5.6-luna", True),
        ("openai/gpt-5", True),
        ("grok-4.3", True),
        ("gpt-5.3-codex", True),
        ("mistral-large", False),
    ],
)
def test_which_models_give_sealed_thoughts(model: str, thinks: bool) -> None:
    assert gives_encrypted_reasoning(model, ResponsesDialect()) is thinks
    assert gives_encrypted_reasoning(model, ResponsesDialect(encrypted_reasoning="always"))
    assert not gives_encrypted_reasoning(model, ResponsesDialect(encrypted_reasoning="never"))
