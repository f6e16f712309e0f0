"""Writing the blocks of a reply for a client, whole. The stream writes the same blocks in pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from plexus.canonical.content import (
    Audio,
    Block,
    Citation,
    Extras,
    Opaque,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
)
from plexus.canonical.losses import Losses
from plexus.protocols.anthropic_messages.calls import tool_input
from plexus.protocols.anthropic_messages.citations import encode_citation
from plexus.protocols.anthropic_messages.content import STATE_OF_PREVIOUS, own_members
from plexus.protocols.anthropic_messages.members import PROTOCOL, WireBlock

PART_BORDER = "\n\n"
"""Between two summaries that another protocol keeps apart."""


def write_reply_blocks(blocks: Iterable[Block], losses: Losses, *, native: bool) -> list[WireBlock]:
    """The ``content`` of a Message. ``native``: the blocks came from Messages and keep all that they had."""
    written: list[WireBlock] = []
    for index, block in enumerate(blocks):
        path = f"content[{index}]"
        note_foreign(getattr(block, "extras", None), path, losses)
        wire = _write(block, path, losses, native=native)
        if wire is not None:
            written.append(wire)
        state = block.state if isinstance(block, Text | ToolCall) else None
        if state is not None:
            carrier = carry_state(state, path, losses)
            written += [carrier] if carrier is not None else []
    return written


def _write(block: Block, path: str, losses: Losses, *, native: bool) -> WireBlock | None:
    match block:
        case Text():
            return _text(block, path, losses) if block.text or native else None
        case Refusal(text=text):
            return {"type": "text", "text": text} if text else None
        case Reasoning():
            return _reasoning(block, path, losses, native=native)
        case ToolCall():
            return tool_use(block, path, losses)
        case Audio(transcript=transcript) if transcript:
            losses.add(path, "approximated")
            return {"type": "text", "text": transcript}
        case Opaque(origin=origin, raw=raw) if origin == PROTOCOL:
            return raw
        case _:
            losses.add(path, "unsupported")
            return None


def _text(block: Text, path: str, losses: Losses) -> WireBlock:
    wire: dict[str, Any] = {"type": "text", "text": block.text}
    cited = write_citations(block.citations, path, losses)
    if cited:
        wire["citations"] = cited
    return {**wire, **own_members(block.extras)}


def write_citations(citations: Sequence[Citation], path: str, losses: Losses) -> list[object]:
    """What clients can be shown; the rest is a loss."""
    written = [wire for citation in citations if (wire := encode_citation(citation)) is not None]
    if len(written) < len(citations):
        losses.add(f"{path}.citations", "unsupported")
    return written


def _reasoning(block: Reasoning, path: str, losses: Losses, *, native: bool) -> WireBlock | None:
    signature = own_state(block.state, path, losses)
    if block.redacted:
        if not signature:
            losses.add(path, "unsupported")
        return redacted(block, signature)
    if not (block.text or signature or native):
        return None  # nothing was thought aloud
    text = PART_BORDER.join(block.parts) if block.parts else block.text
    return {"type": "thinking", "thinking": text, "signature": signature, **own_members(block.extras)}


def redacted(block: Reasoning, data: str) -> WireBlock | None:
    """A thought that may not be read; None where its sealed form, all that it consists of, is missing."""
    return {"type": "redacted_thinking", "data": data, **own_members(block.extras)} if data else None


def own_state(state: ReasoningState | None, path: str, losses: Losses) -> str:
    """The signature that a client sends back; "" where there is none that it may carry."""
    if state is None:
        return ""
    if state.protocol != PROTOCOL:  # the exchange seals foreign state; what comes here unsealed has no envelope
        losses.add(f"{path}.signature", "other_provider")
        return ""
    return state.value


def carry_state(state: ReasoningState, path: str, losses: Losses) -> dict[str, str] | None:
    """The block behind a text or a tool call that carries its sealed state (``content.STATE_OF_PREVIOUS``)."""
    value = own_state(state, path, losses)
    return {"type": "redacted_thinking", "data": STATE_OF_PREVIOUS + value} if value else None


def tool_use(block: ToolCall, path: str, losses: Losses) -> dict[str, Any]:
    """A tool call with its whole input. The id stays as it is: the client sends it back to its provider."""
    arguments, fits = tool_input(block)
    if not fits:
        losses.add(f"{path}.arguments", "approximated")
    return {"type": "tool_use", "id": block.id, "name": block.name, "input": arguments, **own_members(block.extras)}


def note_foreign(extras: Extras | None, path: str, losses: Losses) -> None:
    """Losses for members of another protocol."""
    if extras is not None and extras.origin != PROTOCOL:
        for name in extras.members:
            losses.add(f"{path}.{name}" if path else name, "foreign")
