"""Why a reply ended, in Anthropic's words and ours."""

from __future__ import annotations

from collections.abc import Sequence

from plexus.canonical.content import Block, Extras, Refusal, ToolCall
from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.anthropic_messages.members import PROTOCOL, Members

_DECODED = {
    "end_turn": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "stop_sequence": FinishReason.STOP_SEQUENCE,
    "tool_use": FinishReason.TOOL_CALLS,
    "pause_turn": FinishReason.PAUSE,
    "refusal": FinishReason.REFUSAL,
    "model_context_window_exceeded": FinishReason.CONTEXT_LENGTH,
}
_ENCODED = {
    **{reason: word for word, reason in _DECODED.items()},
    FinishReason.CONTENT_FILTER: "refusal",
    FinishReason.OTHER: "end_turn",
}


def decode_finish(members: Members) -> Finish | None:
    """Takes stop_reason, stop_sequence and stop_details off a Message or a message_delta; None while it goes on."""
    reason = members.take("stop_reason", str)
    sequence = members.take("stop_sequence", str)
    details = members.take_raw("stop_details")
    if reason is None:
        return None
    return Finish(
        reason=_DECODED.get(reason, FinishReason.OTHER),
        origin=PROTOCOL,
        raw=reason,
        stop_sequence=sequence,
        extras=Extras(PROTOCOL, {"stop_details": details}) if details is not None else None,
    )


def encode_finish(finish: Finish | None, *, called: bool, refused: bool) -> dict[str, object]:
    """The members stop_reason, stop_sequence (and stop_details, where Anthropic gave any).

    ``called`` and ``refused``: the reply holds a tool call, a refusal. Clients run tools only after ``tool_use``, and some
    providers say "stop" behind a call.
    """
    if finish is not None and finish.origin == PROTOCOL and finish.raw is not None:
        members: dict[str, object] = {"stop_reason": finish.raw, "stop_sequence": finish.stop_sequence}
        if finish.extras is not None and finish.extras.origin == PROTOCOL:
            members.update(finish.extras.members)
        return members
    reason = finish.reason if finish is not None else FinishReason.STOP
    word = _ENCODED[reason]
    if word == "end_turn":
        word = "refusal" if refused else "tool_use" if called else word
    sequence = finish.stop_sequence if finish is not None and word == "stop_sequence" else None
    return {"stop_reason": word, "stop_sequence": sequence}


def holds_call(blocks: Sequence[Block]) -> bool:
    """Whether the model called a tool of the client."""
    return any(isinstance(block, ToolCall) for block in blocks)


def holds_refusal(blocks: Sequence[Block]) -> bool:
    """Whether the model declined in words of its own."""
    return any(isinstance(block, Refusal) for block in blocks)
