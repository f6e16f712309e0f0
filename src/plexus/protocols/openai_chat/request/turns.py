"""Turns as Chat wants them: instructions as turns, each tool result a turn of its own that holds text only.

A client of Chat gets its own turns back as they were. From other protocols, tool results come among a user turn's blocks;
here they become ``tool`` turns ahead of it, and the pictures within them move into the user turn (``reordered``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plexus.canonical.content import Block, Document, Image, Text, ToolCall, ToolResult
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, Message
from plexus.protocols.openai_chat.calls import is_legacy
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.members import PROTOCOL, foreign_names, own_members
from plexus.protocols.openai_chat.request.parts import Part, PartWriter
from plexus.protocols.openai_chat.request.said import write_assistant


def write_messages(request: GenerateRequest, dialect: ChatDialect, losses: Losses) -> list[dict[str, Any]]:
    """The ``messages`` member. Raises ClientError for content that Chat has no form for."""
    turns = _Turns(request, dialect, losses)
    for index, message in enumerate(request.messages):
        turns.add(message, f"messages[{index}]")
    turns.flush()
    return turns.written


class _Turns:
    """The turns written so far, and what is to follow the tool results that are being written."""

    def __init__(self, request: GenerateRequest, dialect: ChatDialect, losses: Losses) -> None:
        self.native = request.origin == PROTOCOL
        self.dialect = dialect
        self.losses = losses
        self.parts = PartWriter(dialect, losses, native=self.native)
        self.written: list[dict[str, Any]] = []
        self._moved: list[Part] = []
        self._names: dict[str, str] = {}
        if request.system:
            content = self._content(request.system, "system", plain=request.system_plain)
            self.written.append({"role": "system", "content": content})

    def add(self, message: Message, path: str) -> None:
        """One turn of the request; it may become several."""
        for name in foreign_names(message.extras):
            self.losses.add(f"{path}.{name}", "foreign")
        if message.role == "assistant":
            self.flush()
            self._names.update({block.id: block.name for block in message.content if isinstance(block, ToolCall)})
            self._append(message, write_assistant(message, f"{path}.content", self.parts))
            return
        rest: list[tuple[Block, str]] = []
        for index, block in enumerate(message.content):
            at = f"{path}.content[{index}]"
            if isinstance(block, ToolResult):
                if rest:
                    self.losses.add(at, "reordered")
                self._result(block, message, at)
            else:
                rest.append((block, at))
        if message.role != "tool" and (rest or not message.content):
            self._turn(message, rest, path)
        elif rest:  # a tool turn that holds other things than results
            self._moved += [part for block, at in rest for part in self.parts.write(block, at)]

    def _turn(self, message: Message, blocks: list[tuple[Block, str]], path: str) -> None:
        role = message.role
        if role == "developer" and not self.dialect.supports_developer_role:
            self.losses.add(f"{path}.role", "approximated")
            role = "system"
        if role != "user":
            self.flush()
        content: object
        if self._moved:
            content = [*self._moved, *(part for block, at in blocks for part in self.parts.write(block, at))]
            self._moved = []
        else:
            content = self._content([block for block, _ in blocks], f"{path}.content", plain=message.plain)
        self._append(message, {"role": role, "content": content})

    def _append(self, message: Message, turn: dict[str, Any]) -> None:
        if message.name is not None:
            turn["name"] = message.name
        turn.update(own_members(message.extras))
        self.written.append(turn)

    def flush(self) -> None:
        """A user turn for what was moved out of tool results, where none follows."""
        if self._moved:
            self.written.append({"role": "user", "content": self._moved})
            self._moved = []

    def _content(self, blocks: Sequence[Block], path: str, *, plain: bool) -> object:
        """A string where it stood as one, or where that is all there is to say; else a list of parts."""
        parts = self.parts.write_all(blocks, path)
        bare = [part["text"] for part in parts if isinstance(part, dict) and part.keys() == {"type", "text"}]
        if len(bare) == len(parts) and (plain or not self.dialect.text_parts or (not self.native and len(bare) < 2)):
            return "\n\n".join(bare)
        return parts

    def _result(self, result: ToolResult, message: Message, path: str) -> None:
        """One tool turn."""
        if result.is_error:
            self.losses.add(f"{path}.is_error", "unsupported")
        for name in foreign_names(result.extras):
            self.losses.add(f"{path}.{name}", "foreign")
        kept: list[Block] = []
        for index, block in enumerate(result.content):
            if isinstance(block, Image | Document) and not self.native:
                self._move(block, result, f"{path}.content[{index}]")
            else:
                kept.append(block)
        content = self._content(kept, f"{path}.content", plain=result.plain)
        if result.cache is not None:
            self._mark(content, result, path)
        name = result.name or self._names.get(result.call_id, "")
        if is_legacy(result.call_id):
            turn: dict[str, Any] = {"role": "function", "name": name, "content": content}
        else:
            turn = {"role": "tool", "tool_call_id": result.call_id, "content": content}
            if self.native and result.name is not None:
                turn["name"] = result.name
        turn.update(own_members(message.extras))
        self.written.append(turn)

    def _move(self, block: Block, result: ToolResult, path: str) -> None:
        self.losses.add(path, "reordered")
        label = Text(text=f"From the result of tool call {result.call_id}:")
        self._moved += [*self.parts.write(label, path), *self.parts.write(block, path)]

    def _mark(self, content: object, result: ToolResult, path: str) -> None:
        """A result's cache mark stands on its last part."""
        last = content[-1] if isinstance(content, list) and content else None
        if isinstance(last, dict):
            self.parts.finish(last, path, result.cache, None)
        else:
            self.losses.add(f"{path}.cache", "unsupported")
