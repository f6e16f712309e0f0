"""Turns as Messages wants them: user and assistant in turn, tool results ahead of all else in a user turn.

A client of Messages gets its own turns back as they were. Other protocols put instructions among the turns, give each tool
result a turn of its own, and repeat roles; here that is lifted, joined and reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from plexus.canonical.content import Block, Refusal, Text
from plexus.canonical.errors import bad_request
from plexus.canonical.request import GenerateRequest, Message
from plexus.protocols.anthropic_messages.content import own_members
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.members import PROTOCOL, WireBlock
from plexus.protocols.anthropic_messages.request.blocks import BlockWriter

_INSTRUCTING = ("system", "developer")


class Conversation(msgspec.Struct):
    """``system`` and ``messages`` on their way out."""

    system: list[WireBlock]
    turns: list[dict[str, Any]]
    system_plain: bool = False

    def instruct(self, text: str) -> None:
        """One more instruction behind the others."""
        self.system.append({"type": "text", "text": text})
        self.system_plain = False

    def write_system(self) -> object | None:
        """The ``system`` member; None where there is none."""
        if self.system_plain and len(self.system) == 1 and isinstance(self.system[0], dict):
            return str(self.system[0]["text"])
        return self.system or None

    def lacks_thinking(self) -> bool:
        """Whether the model is in the middle of a tool loop whose turn does not begin with its thoughts."""
        if len(self.turns) < 2 or not _has(self.turns[-1], "tool_result"):
            return False
        turn = self.turns[-2]
        content = turn["content"]
        first = content[0] if isinstance(content, list) and content else None
        kind = first.get("type") if isinstance(first, dict) else None
        return turn["role"] == "assistant" and kind not in ("thinking", "redacted_thinking")


def _has(turn: dict[str, Any], kind: str) -> bool:
    content = turn["content"]
    return isinstance(content, list) and any(isinstance(b, dict) and b.get("type") == kind for b in content)


def write_conversation(request: GenerateRequest, writer: BlockWriter, dialect: MessagesDialect) -> Conversation:
    """The system prompt and the turns. Raises ClientError for content that Messages has no form for."""
    if writer.native:
        turns = [_native_turn(message, f"messages[{index}]", writer) for index, message in enumerate(request.messages)]
        kept = [turn for turn in turns if turn["content"] or not writer.dropped_reasoning]
        return Conversation(writer.write(request.system, "system"), kept, request.system_plain)
    system = writer.write(_only_text(request.system, "system"), "system")
    leading = _count_leading(request.messages)
    for index, message in enumerate(request.messages[:leading]):
        path = f"messages[{index}]"
        _note_hangers_on(message, path, writer)
        system += writer.write(_only_text(message.content, f"{path}.content"), f"{path}.content")
    joined = _Joined(request.messages, writer, dialect)
    for index in range(leading, len(request.messages)):
        joined.add(index)
    turns = joined.finish()
    if not turns and system:  # nothing but instructions: Messages needs a user turn to answer to
        writer.losses.add("messages[0].role", "approximated")
        turns = [{"role": "user", "content": system}]
        system = []
    return Conversation(system, turns)


def _native_turn(message: Message, path: str, writer: BlockWriter) -> dict[str, Any]:
    content: object
    if message.plain and len(message.content) == 1 and isinstance(message.content[0], Text):
        content = message.content[0].text
    else:
        content = writer.write(message.content, f"{path}.content")
    return {"role": message.role, "content": content, **own_members(message.extras)}


def _count_leading(messages: Sequence[Message]) -> int:
    for index, message in enumerate(messages):
        if message.role not in _INSTRUCTING:
            return index
    return len(messages)


def _only_text(blocks: Sequence[Block], path: str) -> Sequence[Block]:
    for index, block in enumerate(blocks):
        if not isinstance(block, Text | Refusal):
            raise bad_request(
                f"{path}[{index}]: Messages takes only text in instructions. Move the rest into a user turn.",
                param=f"{path}[{index}]",
            )
    return blocks


def _note_hangers_on(message: Message, path: str, writer: BlockWriter) -> None:
    if message.name is not None:
        writer.losses.add(f"{path}.name", "unsupported")
    if message.extras is not None and message.extras.origin != PROTOCOL:
        for name in message.extras.members:
            writer.losses.add(f"{path}.{name}", "foreign")


class _Joined:
    """Turns of another protocol, joined as they come."""

    def __init__(self, messages: Sequence[Message], writer: BlockWriter, dialect: MessagesDialect) -> None:
        self._messages = messages
        self._writer = writer
        self._system_turns = dialect.mid_conversation_system
        self._turns: list[dict[str, Any]] = []

    def add(self, index: int) -> None:
        message, path = self._messages[index], f"messages[{index}]"
        _note_hangers_on(message, path, self._writer)
        blocks = self._writer.write(message.content, f"{path}.content")
        if message.role in _INSTRUCTING:
            role = self._place_system(index, path)
        else:
            role = "assistant" if message.role == "assistant" else "user"
        if not blocks:
            return  # nothing was said: Anthropic refuses empty turns
        if self._turns and self._turns[-1]["role"] == role:
            self._turns[-1]["content"] += blocks
        else:
            self._turns.append({"role": role, "content": blocks})

    def _place_system(self, index: int, path: str) -> str:
        """A later instruction stays a system turn where the provider takes one: behind a user turn, before an answer."""
        after_user = bool(self._turns) and self._turns[-1]["role"] == "user"
        follower = self._messages[index + 1].role if index + 1 < len(self._messages) else "assistant"
        if self._system_turns and after_user and follower == "assistant":
            return "system"
        self._writer.losses.add(f"{path}.role", "approximated")
        return "user"

    def finish(self) -> list[dict[str, Any]]:
        for turn in self._turns:
            if turn["role"] == "user":
                turn["content"].sort(key=_behind_results)
        return self._turns


def _behind_results(block: WireBlock) -> bool:
    return not (isinstance(block, dict) and block["type"] == "tool_result")
