"""What Anthropic refuses beyond the types: rules between members and between turns, in its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.messages import schema as wire
from plexus.mock_provider.messages.signature import is_genuine, is_hidden_by
from plexus.mock_provider.strictness import is_base64


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn with its blocks decoded; blocks of server tools stay as they came."""

    role: Literal["user", "assistant"]
    blocks: tuple[wire.Block | Json, ...]


def check(request: wire.Request, turns: Sequence[Turn], issuer: str) -> None:
    """Raises Refused for the first rule that ``request`` breaks."""
    check_prompt(turns)
    _check_choice(request)
    _check_thinking(request, turns)
    _check_signatures(turns, issuer)


def check_prompt(turns: Sequence[Turn]) -> None:
    """The rules of turns alone, which also hold for counting."""
    if turns[0].role != "user":
        raise Refused('messages.0: first message must use the "user" role')
    due: list[str] = []
    for index, turn in enumerate(turns):
        _check_blocks(turn, index)
        results = [block.tool_use_id for block in turn.blocks if isinstance(block, wire.ToolResultBlock)]
        unknown = [one for one in results if one not in due]
        if unknown:
            raise Refused(
                f"messages.{index}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {unknown[0]}. Each "
                "`tool_result` block must have a corresponding `tool_use` block in the previous message."
            )
        if set(due) - set(results) and turn.role == "user":
            raise Refused(
                f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(sorted(set(due) - set(results)))}."
            )
        if turn.role == "assistant" or index + 1 == len(turns) or turns[index + 1].role == "assistant":
            due = [block.id for block in turn.blocks if isinstance(block, wire.ToolUseBlock)]


def _check_blocks(turn: Turn, index: int) -> None:
    if not turn.blocks and turn.role == "user":
        raise Refused(f"messages.{index}: user messages must have non-empty content")
    for number, block in enumerate(turn.blocks):
        where = f"messages.{index}.content.{number}"
        if isinstance(block, wire.TextBlock) and not block.text.strip():
            raise Refused("messages: text content blocks must be non-empty")
        if isinstance(block, wire.ToolUseBlock | wire.ThinkingBlock) and turn.role == "user":
            raise Refused(f"{where}: `{block.type}` blocks can only be in `assistant` messages")
        if isinstance(block, wire.ToolResultBlock | wire.ImageBlock | wire.DocumentBlock):
            if turn.role == "assistant":
                raise Refused(f"{where}: `{block.type}` blocks can only be in `user` messages")
            _check_source(getattr(block, "source", None), where)


def _check_source(source: wire.Source | None, where: str) -> None:
    if source is not None and source.type == "base64" and not is_base64(source.data or ""):
        raise Refused(f"{where}.source.base64.data: The data is not valid base64")


def _check_choice(request: wire.Request) -> None:
    choice = request.tool_choice
    if choice is not None and not request.tools:
        raise Refused("tool_choice: may only be specified while providing tools")
    names = {tool.get("name") for tool in request.tools or ()}
    if isinstance(choice, wire.ToolChoice) and choice.name not in names:
        raise Refused(f"Tool '{choice.name}' not found in provided tools")


def _check_thinking(request: wire.Request, turns: Sequence[Turn]) -> None:
    thinking = request.thinking
    if not isinstance(thinking, wire.Enabled | wire.Adaptive):
        return
    if isinstance(thinking, wire.Enabled) and thinking.budget_tokens >= request.max_tokens:
        raise Refused("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if request.temperature not in (None, 1):
        raise Refused("`temperature` may only be set to 1 when thinking is enabled.")
    if request.top_k is not None:
        raise Refused("`top_k` must be unset when thinking is enabled.")
    if isinstance(request.tool_choice, wire.AnyChoice | wire.ToolChoice):
        raise Refused("Thinking may not be enabled when tool_choice forces tool use.")
    if turns[-1].role == "assistant":
        raise Refused("This model does not support assistant message prefill when thinking is enabled.")
    last = next((turn for turn in reversed(turns) if turn.role == "assistant"), None)
    if last is None or not isinstance(thinking, wire.Enabled):
        return
    calls = any(isinstance(block, wire.ToolUseBlock) for block in last.blocks)
    thought = isinstance(last.blocks[0], wire.ThinkingBlock | wire.RedactedThinkingBlock) if last.blocks else True
    answered = any(isinstance(block, wire.ToolResultBlock) for block in turns[-1].blocks)
    if calls and answered and not thought:
        raise Refused(
            "messages: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final "
            "`assistant` message must start with a thinking block."
        )


def _check_signatures(turns: Sequence[Turn], issuer: str) -> None:
    for index, turn in enumerate(turns):
        for number, block in enumerate(turn.blocks):
            where = f"messages.{index}.content.{number}"
            if isinstance(block, wire.ThinkingBlock) and not is_genuine(issuer, block.thinking, block.signature):
                raise Refused(f"{where}: Invalid `signature` in `thinking` block")
            if isinstance(block, wire.RedactedThinkingBlock) and not is_hidden_by(issuer, block.data):
                raise Refused(f"{where}: Invalid `data` in `redacted_thinking` block")
