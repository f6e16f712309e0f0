"""When two replies mean the same, up to what one protocol says more coarsely than the other."""

from __future__ import annotations

import json
from typing import Any

from tests.protocols.properties import meaning

from plexus.canonical.content import Refusal, ToolCall
from plexus.canonical.response import FinishReason, GenerateResponse

COARSER = {
    FinishReason.STOP_SEQUENCE: FinishReason.STOP,
    FinishReason.CONTEXT_LENGTH: FinishReason.LENGTH,
    FinishReason.PAUSE: FinishReason.STOP,
    FinishReason.REFUSAL: FinishReason.CONTENT_FILTER,
    FinishReason.OTHER: FinishReason.STOP,
}
"""Finishes that the other protocol says with a wider word."""


def comparable(parts: list[Any]) -> list[Any]:
    """Meaning up to what the declared table says is coarser on the other side."""
    thoughts, text, calls, finish, counts = parts
    finish = COARSER.get(finish, finish)
    if calls and finish is FinishReason.STOP:
        finish = FinishReason.TOOL_CALLS  # Chat has no other word beside calls
    return [thoughts, text, calls, finish, counts]


def same(again: GenerateResponse, response: GenerateResponse) -> None:
    found, wanted = comparable(meaning(again)), comparable(meaning(response))
    blocks = response.candidates[0].blocks
    if any(isinstance(block, Refusal) for block in blocks):
        assert found[3] in (
            FinishReason.CONTENT_FILTER,
            FinishReason.STOP,
        )  # Messages says a refusal by its stop_reason
        found[3] = wanted[3]
    if any(isinstance(block, ToolCall) and not is_object(block.arguments) for block in blocks):
        assert [call[1] for call in found[2]] == [call[1] for call in wanted[2]]  # broken arguments are kept as text
        found[2] = wanted[2]
    if response.usage is None:
        found[4] = wanted[4]  # zeros, where the protocol demands numbers
    assert found == wanted


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text or "{}"), dict)
    except json.JSONDecodeError:
        return False
