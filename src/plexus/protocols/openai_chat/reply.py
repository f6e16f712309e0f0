"""What a client is told of a reply's blocks: the message of a whole reply, and the pieces that streams share with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plexus.canonical.content import (
    Audio,
    Block,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
    Url,
)
from plexus.canonical.losses import Losses
from plexus.protocols.openai_chat import tool_call_id
from plexus.protocols.openai_chat.calls import OPAQUE_CALL, write_call, write_function_call
from plexus.protocols.openai_chat.citations import write_annotations
from plexus.protocols.openai_chat.content import write_thinking
from plexus.protocols.openai_chat.media import write_url
from plexus.protocols.openai_chat.members import PROTOCOL, foreign_names, own_members
from plexus.protocols.openai_chat.reasoning import (
    DETAIL,
    DETAILS,
    IN_CONTENT,
    ON_CONTENT,
    state_entry,
    write_thoughts,
)
from plexus.protocols.openai_chat.tool_call_id import CarriedState
from plexus.protocols.reasoning_state import PREFIX

THOUGHTS = "reasoning_content"
"""Where a client finds the thoughts of models of other protocols."""


def is_sealed(state: ReasoningState | None) -> bool:
    """Whether a state is one that Plexus sealed, and that this client is to carry."""
    return state is not None and state.value.startswith(PREFIX)


class IdWriter:
    """Ids of one candidate's tool calls, with the sealed state behind them that clients would else drop."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending: list[CarriedState] = []

    def thought(self, block: Reasoning) -> None:
        """A thought is complete: the next call carries its state."""
        if block.state is not None and is_sealed(block.state):
            self._pending.append(CarriedState("redacted" if block.redacted else "thought", block.state.value))

    def call(self, block: ToolCall) -> str:
        """The id of a call for the client."""
        states, self._pending = self._pending, []
        if block.state is not None and is_sealed(block.state):
            states.append(CarriedState("call", block.state.value))
        return tool_call_id.append(block.id, states)


def write_message(blocks: Sequence[Block], losses: Losses, *, legacy: bool) -> dict[str, Any]:
    """The ``message`` of a choice. ``legacy``: the client asked with ``functions``."""
    message = _Message(losses, legacy=legacy)
    for index, block in enumerate(blocks):
        message.add(block, f"content[{index}]")
    return message.finish()


class _Message:
    """A message while its blocks are sorted into their places."""

    def __init__(self, losses: Losses, *, legacy: bool) -> None:
        self.losses = losses
        self.legacy = legacy
        self.ids = IdWriter()
        self.texts: list[Text] = []
        self.parts: list[object] = []
        """The content as a list, for what Mistral puts there."""
        self.thoughts: list[Block] = []
        self.states: list[tuple[str, str]] = []
        self.refusals: list[str] = []
        self.calls: list[Any] = []
        self.images: list[dict[str, Any]] = []
        self.members: dict[str, Any] = {}

    def add(self, block: Block, path: str) -> None:
        """Sort one block."""
        match block:
            case Text():
                self._text(block, path)
            case Reasoning():
                self._think(block, path)
            case ToolCall():
                self._call(block, path)
            case Refusal():
                self.refusals.append(block.text)
            case Audio():
                self.members["audio"] = write_audio(block)
            case Image(source=InlineData() | Url() as source):
                self.images.append(write_image(source, len(self.images)))
            case Opaque(origin=origin) if origin == PROTOCOL:
                self._opaque(block)
            case _:
                self.losses.add(path, "unsupported")

    def _text(self, block: Text, path: str) -> None:
        note_foreign(block, path, self.losses)
        self.texts.append(block)
        self.parts.append({"type": "text", "text": block.text, **own_members(block.extras)})
        if block.state is not None and is_sealed(block.state):
            self.states.append((ON_CONTENT, block.state.value))

    def _think(self, block: Reasoning, path: str) -> None:
        note_foreign(block, path, self.losses)
        self.ids.thought(block)
        if block.slot == IN_CONTENT:
            self.parts.append({**write_thinking(block), **own_members(block.extras)})
        else:
            self.thoughts.append(block)

    def _call(self, block: ToolCall, path: str) -> None:
        note_foreign(block, path, self.losses)
        if self.legacy and not self.calls:
            self.members["function_call"] = write_function_call(block)
            self.legacy = False
            return
        call_id = self.ids.call(block)
        self.calls.append(write_reply_call(block, call_id))
        if block.state is not None and is_sealed(block.state):
            self.states.append((block.id, block.state.value))

    def _opaque(self, block: Opaque) -> None:
        if block.kind.startswith(DETAIL):
            self.thoughts.append(block)
        elif block.kind.startswith(OPAQUE_CALL):
            self.calls.append(block.raw)
        else:
            self.parts.append(block.raw)

    def finish(self) -> dict[str, Any]:
        """The members in OpenAI's order; content and refusal are always there."""
        message: dict[str, Any] = {
            "role": "assistant",
            "content": self._content(),
            "refusal": "".join(self.refusals) if self.refusals else None,
            **write_thoughts(self.thoughts, THOUGHTS),
        }
        if self.states:
            entries = message.setdefault(DETAILS, [])
            for owner, value in self.states:
                entries.append(state_entry(owner, value, len(entries)))
        annotations = write_annotations(self.texts, "content", self.losses)
        if annotations:
            message["annotations"] = annotations
        if self.images:
            message["images"] = self.images
        if self.calls:
            message["tool_calls"] = self.calls
        return {**message, **self.members}

    def _content(self) -> object:
        if len(self.parts) > len(self.texts):
            return self.parts
        return "".join(text.text for text in self.texts) if self.texts else None


def note_foreign(block: Text | Reasoning | ToolCall, path: str, losses: Losses) -> None:
    """Losses for a block's members of another protocol."""
    for name in foreign_names(block.extras):
        losses.add(f"{path}.{name}", "foreign")


def write_reply_call(block: ToolCall, call_id: str) -> dict[str, Any]:
    """One entry of ``tool_calls``; its sealed state stands elsewhere."""
    call = write_call(block, call_id, cache=True)
    if is_sealed(block.state):
        call.pop("extra_content", None)
    return call


def write_audio(block: Audio) -> dict[str, Any]:
    """Sound, with all members that OpenAI's has."""
    return {
        "id": block.id or "",
        "data": block.source.base64 if isinstance(block.source, InlineData) else "",
        "expires_at": block.expires_at or 0,
        "transcript": block.transcript or "",
    }


def write_image(source: InlineData | Url, index: int) -> dict[str, Any]:
    """A picture that the model made. OpenAI's schema has no place for one; OpenRouter's ``images`` is the usual one."""
    return {"type": "image_url", "image_url": {"url": write_url(source)}, "index": index}
