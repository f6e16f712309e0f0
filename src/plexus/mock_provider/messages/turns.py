"""The conversation as Anthropic reads it: turns of one role joined, blocks checked, calls and answers paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.messages import schema as messages
from plexus.mock_provider.messages.rules import refusal
from plexus.mock_provider.signature import is_genuine, is_hidden_by
from plexus.mock_provider.strictness import is_base64

IMAGES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""The media types of images that the vendor reads."""


@dataclass(slots=True)
class Turn:
    """All that one side said before the other did. Blocks that are not checked are kept as they came."""

    role: Literal["user", "assistant"]
    first: int
    """Its (first) message's place in the request."""
    blocks: list[messages.Block | Json] = field(default_factory=list)
    raw: list[Json] = field(default_factory=list)
    """The same blocks as they came."""

    def of(self, kind: type[messages.Block]) -> list[messages.Block]:
        """Its blocks of one kind."""
        return [block for block in self.blocks if isinstance(block, kind)]


def turns_of(request: messages.Prompted, issuer: str) -> list[Turn]:
    """The conversation. ``issuer`` is who must have signed the thinking in it. Raises Refused."""
    turns: list[Turn] = []
    for index, message in enumerate(request.messages):
        if message.role == "system":
            _instruct(turns, message, index)
            continue
        if not turns or turns[-1].role != message.role:
            turns.append(Turn(message.role, index))
        last = index == len(request.messages) - 1
        for raw, block in _blocks(message, index, last=last):
            turns[-1].blocks.append(block)
            turns[-1].raw.append(raw)
    if turns[0].role != "user":
        raise Refused('messages: first message must use the "user" role')
    _check_pairs(turns)
    _check_signatures(turns, issuer)
    _check_thinking_leads(turns, request)
    _check_prefill(turns, request)
    return turns


def _instruct(turns: Sequence[Turn], message: messages.Message, index: int) -> None:
    """Instructions in the middle belong to the turn before them, and are no part of what the user says."""
    if not turns:
        raise Refused(
            'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not "system" as'
            " the first input message's role."
        )
    for raw, _ in _blocks(message, index, last=False):
        turns[-1].blocks.append(raw)
        turns[-1].raw.append(raw)


def _blocks(message: messages.Message, index: int, *, last: bool) -> list[tuple[Json, messages.Block | Json]]:
    content = message.content
    raw: list[Json] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not content:
        if last and message.role == "assistant":
            return []
        raise Refused(
            f"messages.{index}: all messages must have non-empty content except for the optional final assistant message"
        )
    return [(one, _block(one, f"messages.{index}.content.{number}", message.role)) for number, one in enumerate(raw)]


def _block(raw: Json, where: str, role: str) -> messages.Block | Json:
    kind = raw.get("type")
    if kind in messages.OPAQUE_BLOCKS:
        return raw
    known = messages.BLOCKS.get(str(kind))
    if known is None:
        verdict = "Field required" if kind is None else f"Input tag '{kind}' does not match any of the expected tags"
        raise Refused(f"{where}.type: {verdict}")
    try:
        block = msgspec.convert(raw, known)
    except msgspec.ValidationError as error:
        raise refusal(error, f"{where}.{kind}") from None
    _check_block(block, where, role)
    return block


_OF_THE_USER = (messages.ImageBlock, messages.DocumentBlock, messages.SearchResultBlock, messages.ToolResultBlock)
_OF_THE_MODEL = (messages.ToolUseBlock, messages.ThinkingBlock, messages.RedactedThinkingBlock)


def _check_block(block: messages.Block, where: str, role: str) -> None:
    if role == "system" and not isinstance(block, messages.TextBlock):
        raise Refused(f"{where}.type: Input tag '{block.type}' does not match any of the expected tags")
    if isinstance(block, _OF_THE_USER if role == "assistant" else _OF_THE_MODEL):
        raise Refused(f"{where}: `{block.type}` blocks can only be in `{_other(role)}` messages")
    if isinstance(block, messages.TextBlock):
        if not block.text:
            raise Refused("messages: text content blocks must be non-empty")
        if not block.text.strip():
            raise Refused("messages: text content blocks must contain non-whitespace text")
    elif isinstance(block, (messages.ImageBlock, messages.DocumentBlock)):
        _check_source(block, where)
    elif isinstance(block, messages.ToolResultBlock):
        _check_result(block, where)


def _other(role: str) -> str:
    return "user" if role == "assistant" else "assistant"


def _check_source(block: messages.ImageBlock | messages.DocumentBlock, where: str) -> None:
    source = block.source
    path = f"{where}.{block.type}.source"
    if source.type == "url" and not (source.url or "").startswith(("http://", "https://")):
        raise Refused(f"{path}.url: Only HTTPS URLs are supported.")
    if source.type == "text" and (block.type == "image" or source.media_type != "text/plain" or source.data is None):
        raise Refused(f"{path}: Input should be text of the type 'text/plain'")
    if source.type != "base64":
        return
    allowed = IMAGES if block.type == "image" else {"application/pdf"}
    if source.media_type not in allowed:
        wanted = " or ".join(f"'{one}'" for one in sorted(allowed))
        raise Refused(f"{path}.base64.media_type: Input should be {wanted}")
    if not is_base64(source.data or ""):
        raise Refused(f"{path}.base64.data: Invalid base64 data")


def _check_result(block: messages.ToolResultBlock, where: str) -> None:
    for number, one in enumerate(block.content if isinstance(block.content, list) else ()):
        path = f"{where}.tool_result.content.{number}"
        if one.get("type") not in messages.RESULT_BLOCKS:
            raise Refused(f"{path}.type: Input tag '{one.get('type')}' does not match any of the expected tags")
        if one["type"] in messages.BLOCKS:
            _block(one, path, "user")


def _check_pairs(turns: Sequence[Turn]) -> None:
    """Each call is answered at the beginning of the next turn, each answer belongs to a call of the turn before."""
    seen: set[str] = set()
    for place, turn in enumerate(turns):
        called = _calls(turns[place - 1]) if place else []
        answered = _answers(turn)
        for number, block in enumerate(turn.blocks):
            if isinstance(block, messages.ToolResultBlock) and block.tool_use_id not in called:
                raise Refused(
                    f"messages.{turn.first}.content.{number}: unexpected `tool_use_id` found in `tool_result` blocks:"
                    f" {block.tool_use_id}. Each `tool_result` block must have a corresponding `tool_use` block in the"
                    " previous message."
                )
        missing = [one for one in called if one not in answered]
        if missing:
            raise _unanswered(turns[place - 1], missing)
        if len(set(answered)) < len(answered):
            raise Refused(f"messages.{turn.first}: each tool_use must have a single result")
        fresh = _calls(turn)
        if len(set(fresh)) < len(fresh) or seen.intersection(fresh):
            raise Refused("messages: `tool_use` ids must be unique")
        seen.update(fresh)
    if _calls(turns[-1]):
        raise _unanswered(turns[-1], _calls(turns[-1]))


def _unanswered(turn: Turn, missing: Sequence[str]) -> Refused:
    return Refused(
        f"messages.{turn.first}: `tool_use` ids were found without `tool_result` blocks immediately after:"
        f" {', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    )


def _calls(turn: Turn) -> list[str]:
    return [block.id for block in turn.blocks if isinstance(block, messages.ToolUseBlock)]


def _answers(turn: Turn) -> list[str]:
    """The calls that the turn answers before it says anything else."""
    found = []
    for block in turn.blocks:
        if not isinstance(block, messages.ToolResultBlock):
            break
        found.append(block.tool_use_id)
    return found


def _check_signatures(turns: Sequence[Turn], issuer: str) -> None:
    """Stricter than the vendor, which may ignore old thinking: whatever comes back must be genuine."""
    for turn in turns:
        for number, block in enumerate(turn.blocks):
            where = f"messages.{turn.first}.content.{number}"
            if isinstance(block, messages.ThinkingBlock) and not is_genuine(issuer, block.thinking, block.signature):
                raise Refused(f"{where}: Invalid `signature` in `thinking` block")
            if isinstance(block, messages.RedactedThinkingBlock) and not is_hidden_by(issuer, block.data):
                raise Refused(f"{where}: Invalid `data` in `redacted_thinking` block")


def _check_thinking_leads(turns: Sequence[Turn], request: messages.Prompted) -> None:
    """With a thinking budget, the turn whose calls are being answered must begin with its thinking."""
    if not isinstance(request.thinking, messages.Enabled) or len(turns) < 2 or not _answers(turns[-1]):
        return
    turn = turns[-2]
    first = turn.raw[0].get("type") if turn.raw else None
    if first not in ("thinking", "redacted_thinking"):
        raise Refused(
            f"messages.{turn.first}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{first}`. When"
            " `thinking` is enabled, a final `assistant` message must start with a thinking block. To avoid this"
            " requirement, disable `thinking`."
        )


def _check_prefill(turns: Sequence[Turn], request: messages.Prompted) -> None:
    """Words put into the model's mouth: the last turn is the assistant's."""
    turn = turns[-1]
    if turn.role != "assistant":
        return
    thinks = isinstance(request.thinking, (messages.Enabled, messages.Adaptive))
    if thinks or output_is_json(request) or request.model.startswith("mock-no-prefill"):
        raise Refused(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    last = turn.blocks[-1] if turn.blocks else None
    if isinstance(last, messages.TextBlock) and last.text != last.text.rstrip():
        raise Refused("messages: final assistant content cannot end with trailing whitespace")


def output_is_json(request: messages.Prompted) -> bool:
    """Whether structured output is asked for, which does not go with prefill."""
    return request.output_format is not None or (
        request.output_config is not None and request.output_config.format is not None
    )
