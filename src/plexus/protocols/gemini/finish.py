"""Why a candidate ended, both ways (https://ai.google.dev/api/generate-content#FinishReason)."""

from __future__ import annotations

from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.gemini.signature import PROTOCOL

F = FinishReason
FINISHES: dict[str, FinishReason] = {
    "STOP": F.STOP,
    "MAX_TOKENS": F.LENGTH,
    **dict.fromkeys(
        (
            "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
            "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR",
        ),
        F.CONTENT_FILTER,
    ),
}  # fmt: skip
"""Every other word (LANGUAGE, OTHER, MALFORMED_FUNCTION_CALL, NO_IMAGE …) is OTHER; ``raw`` keeps it."""
WORDS: dict[FinishReason, str] = {
    F.LENGTH: "MAX_TOKENS", F.CONTEXT_LENGTH: "MAX_TOKENS", F.CONTENT_FILTER: "SAFETY", F.REFUSAL: "SAFETY",
    F.OTHER: "OTHER",
}  # fmt: skip


NUMBERS = (
    "FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "BLOCKLIST",
    "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL",
)  # fmt: skip
"""The words by their numbers, which come with ``enum-encoding=int`` (google/cloud/aiplatform/v1, FinishReason)."""


def finish_word(value: str | int) -> str:
    """The word of a finishReason, which may be a number."""
    if isinstance(value, str):
        return value
    return NUMBERS[value] if 0 <= value < len(NUMBERS) else "OTHER"


def finish_of(word: str | None, *, calls: bool = False) -> Finish:
    """The canonical finish. Gemini says STOP also behind function calls; a candidate without a word is taken to have ended."""
    if word is None or word == "FINISH_REASON_UNSPECIFIED":
        return Finish(reason=F.TOOL_CALLS if calls else F.STOP, origin=PROTOCOL, inferred=True)
    reason = FINISHES.get(word, F.OTHER)
    return Finish(reason=F.TOOL_CALLS if calls and reason is F.STOP else reason, origin=PROTOCOL, raw=word)


def blocked(word: str) -> Finish:
    """The finish of a prompt that was refused for ``promptFeedback.blockReason``."""
    return Finish(reason=F.CONTENT_FILTER, origin=PROTOCOL, raw=word)


def word_of(finish: Finish | None) -> str:
    """The finishReason."""
    if finish is None:
        return "STOP"
    if finish.origin == PROTOCOL and finish.raw:
        return finish.raw
    return WORDS.get(finish.reason, "STOP")
