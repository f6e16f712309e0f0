"""Why a choice ended, in the words of Chat's providers and ours."""

from __future__ import annotations

from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.openai_chat.members import PROTOCOL

OFFICIAL = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
"""OpenAI's own words; the only ones that a client is told."""

_DECODED = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
    # words that compatible providers let through from the protocol behind them
    "eos": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP_SEQUENCE,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.CONTEXT_LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.REFUSAL,
    "sensitive": FinishReason.CONTENT_FILTER,
}
_ENCODED = {
    FinishReason.STOP: "stop",
    FinishReason.STOP_SEQUENCE: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: "content_filter",
    FinishReason.REFUSAL: "content_filter",
    FinishReason.PAUSE: "stop",
    FinishReason.OTHER: "stop",
}


def decode_finish(word: str | None, *, called: bool) -> Finish:
    """The end of a choice. ``called``: it holds a tool call, behind which several providers say ``stop``.

    Without a word (None, or "" as some send) the finish is inferred.
    """
    if not word:
        reason = FinishReason.TOOL_CALLS if called else FinishReason.STOP
        return Finish(reason=reason, origin=PROTOCOL, raw=word, inferred=True)
    reason = _DECODED.get(word, FinishReason.OTHER)
    if called and reason is FinishReason.STOP:
        reason = FinishReason.TOOL_CALLS
    return Finish(reason=reason, origin=PROTOCOL, raw=word)


def encode_finish(finish: Finish | None, *, called: bool, legacy: bool = False) -> str:
    """The word for a client. ``called``: the reply holds a tool call, which clients run only after ``tool_calls``.

    ``legacy``: the client asked with ``functions`` and expects ``function_call``.
    """
    word = finish.raw if finish is not None and finish.origin == PROTOCOL else None
    if word not in OFFICIAL:
        word = _ENCODED[finish.reason] if finish is not None else "stop"
    if called and word == "stop":
        word = "tool_calls"
    if legacy and word == "tool_calls":
        return "function_call"
    return word
