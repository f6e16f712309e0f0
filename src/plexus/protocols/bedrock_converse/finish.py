"""Why a reply ended (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, ``stopReason``)."""

from __future__ import annotations

from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.bedrock_converse.content import PROTOCOL

F = FinishReason
FINISHES: dict[str, FinishReason] = {
    "end_turn": F.STOP,
    "stop_sequence": F.STOP_SEQUENCE,
    "max_tokens": F.LENGTH,
    "model_context_window_exceeded": F.CONTEXT_LENGTH,
    "tool_use": F.TOOL_CALLS,
    "guardrail_intervened": F.CONTENT_FILTER,
    "content_filtered": F.CONTENT_FILTER,
    "refusal": F.REFUSAL,
}
"""``malformed_model_output`` and ``malformed_tool_use`` have no like elsewhere: OTHER."""


def finish_of(word: str) -> Finish:
    """The canonical finish for a stopReason."""
    return Finish(reason=FINISHES.get(word, F.OTHER), origin=PROTOCOL, raw=word)
