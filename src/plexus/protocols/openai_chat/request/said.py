"""An assistant turn on its way to a provider."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.content import Audio, Block, Opaque, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.request import Message
from plexus.protocols.openai_chat.calls import OPAQUE_CALL, is_legacy, write_call, write_function_call
from plexus.protocols.openai_chat.members import PROTOCOL, foreign_names, own_members
from plexus.protocols.openai_chat.reasoning import DETAIL, IN_CONTENT, write_thoughts
from plexus.protocols.openai_chat.request.parts import Part, PartWriter


def write_assistant(message: Message, path: str, parts: PartWriter) -> dict[str, Any]:
    """The turn without its name and extras. Raises ClientError."""
    turn = _Said(path, parts)
    for index, block in enumerate(message.content):
        turn.add(block, f"{path}[{index}]")
    return turn.finish(message)


class _Said:
    """The turn while its blocks are sorted into their places."""

    def __init__(self, path: str, parts: PartWriter) -> None:
        self.path = path
        self.parts = parts
        self.content: list[Part] = []
        self.thoughts: list[Block] = []
        self.calls: list[object] = []
        self.members: dict[str, Any] = {}

    def add(self, block: Block, path: str) -> None:
        """Sort one block."""
        match block:
            case Reasoning() if block.slot != IN_CONTENT:
                self._think(block, path)
            case Opaque(origin=origin, kind=kind) if origin == PROTOCOL and kind.startswith(DETAIL):
                self.thoughts.append(block)
            case Opaque(origin=origin, kind=kind) if origin == PROTOCOL and kind.startswith(OPAQUE_CALL):
                self.calls.append(block.raw)
            case ToolCall():
                self._call(block, path)
            case Refusal():
                self.members["refusal"] = self.members.get("refusal", "") + block.text
            case Audio():
                self._audio(block, path)
            case Text() | Opaque() | Reasoning():
                self._text(block, path)
            case _:
                what = f"a {type(block).__name__.lower()} in an assistant turn"
                raise self.parts.cannot(path, what, "Put it into a user turn.")

    def _text(self, block: Block, path: str) -> None:
        if self.calls:
            self.parts.losses.add(path, "reordered")
        if isinstance(block, Text):
            state = self._state(block.state, path)
            if state is not None:
                self.members["extra_content"] = {"google": {"thought_signature": state.value}}
        self.content += self.parts.write(block, path)

    def _think(self, block: Reasoning, path: str) -> None:
        losses, state = self.parts.losses, self._state(block.state, path)
        for name in foreign_names(block.extras):
            losses.add(f"{path}.{name}", "foreign")
        if state is None and block.slot is None and self.parts.dialect.reasoning_field is None:
            if block.text:
                losses.add(path, "unsupported")
            return
        if block.redacted and state is None and block.state is not None:
            return
        self.thoughts.append(msgspec.structs.replace(block, state=state))

    def _state(self, state: ReasoningState | None, path: str) -> ReasoningState | None:
        """The state where this protocol wrote it; that of another is a loss."""
        if state is not None and state.protocol != PROTOCOL:
            self.parts.losses.add(f"{path}.state", "unsupported")
            return None
        return state

    def _call(self, block: ToolCall, path: str) -> None:
        state = self._state(block.state, path)
        for name in foreign_names(block.extras):
            self.parts.losses.add(f"{path}.{name}", "foreign")
        if block.cache is not None and not self.parts.dialect.supports_cache_marks:
            self.parts.losses.add(f"{path}.cache", "unsupported")
        if is_legacy(block.id) and "function_call" not in self.members:
            self.members["function_call"] = write_function_call(block)
            return
        call = msgspec.structs.replace(block, state=state)
        self.calls.append(write_call(call, call.id, cache=self.parts.dialect.supports_cache_marks))

    def _audio(self, block: Audio, path: str) -> None:
        """Earlier sound is named by its id; sound of another provider leaves its transcript."""
        if block.id is not None and self.parts.native:
            self.members["audio"] = {"id": block.id}
        elif block.transcript:
            self.parts.losses.add(path, "approximated")
            self._text(Text(text=block.transcript), path)
        else:
            raise self.parts.cannot(path, "sound in an assistant turn", "Send its transcript as text.")

    def finish(self, message: Message) -> dict[str, Any]:
        """The members in OpenAI's order."""
        dialect = self.parts.dialect
        turn: dict[str, Any] = {"role": "assistant", "content": self._content(message), **self.members}
        turn.update(write_thoughts(self.thoughts, dialect.reasoning_field, dialect.reasoning_field))
        if self.calls:
            turn["tool_calls"] = self.calls
        if "extra_content" in own_members(message.extras):
            turn.pop("extra_content", None)
        return turn

    def _content(self, message: Message) -> object:
        """A string, a list of parts, or null where there is something else."""
        texts = [part["text"] for part in self.content if isinstance(part, dict) and part.keys() == {"type", "text"}]
        if not self.content:
            return "" if message.plain or not (self.calls or self.members or self.thoughts) else None
        one = message.plain or not self.parts.dialect.text_parts or (not self.parts.native and len(texts) == 1)
        return "".join(texts) if one and len(texts) == len(self.content) else self.content
