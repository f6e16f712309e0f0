"""The chunks of a stream, decoded straight from bytes: only the members that matter.

https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import msgspec

from plexus.protocols.members import ABSENT


class FunctionDelta(msgspec.Struct):
    """``function`` or ``custom`` of a call: its name once, its arguments (or input) in pieces."""

    name: str | None = None
    arguments: str | dict[str, object] | None = None
    input: str | None = None

    def text(self) -> str:
        """The arguments as text; some servers send the object itself."""
        if isinstance(self.arguments, dict):
            return msgspec.json.encode(self.arguments).decode()
        return self.arguments or self.input or ""


class GoogleExtra(msgspec.Struct):
    """``extra_content.google``."""

    thought_signature: str | None = None


class ExtraContent(msgspec.Struct):
    """``extra_content`` of Gemini's compatible endpoint."""

    google: GoogleExtra | None = None


class ToolCallDelta(msgspec.Struct):
    """One entry of ``delta.tool_calls``."""

    index: int | None = None
    id: str | None = None
    function: FunctionDelta | None = None
    custom: FunctionDelta | None = None
    extra_content: ExtraContent | None = None

    def signature(self) -> str | None:
        """The thought signature on the call, if any."""
        extra = self.extra_content
        return extra.google.thought_signature if extra is not None and extra.google is not None else None


class ReasoningDetail(msgspec.Struct):
    """One entry of ``delta.reasoning_details`` (OpenRouter)."""

    type: str | None = None
    text: str | None = None
    summary: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None


class AudioPiece(msgspec.Struct):
    """``delta.audio``."""

    id: str | None = None
    data: str | None = None
    transcript: str | None = None
    expires_at: int | None = None


class Delta(msgspec.Struct):
    """``choices[].delta``."""

    content: str | list[dict[str, object]] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCallDelta] | None = None
    function_call: FunctionDelta | None = None
    annotations: list[msgspec.Raw] | None = None
    audio: AudioPiece | None = None


class Choice(msgspec.Struct):
    """``choices[]``."""

    index: int = 0
    delta: Delta | None = None
    finish_reason: str | None = None
    logprobs: msgspec.Raw = ABSENT


class GroqExtra(msgspec.Struct):
    """``x_groq``: Groq's usage stands there."""

    usage: msgspec.Raw = ABSENT


class Chunk(msgspec.Struct):
    """One ``chat.completion.chunk``."""

    id: str | None = None
    model: str | None = None
    created: float | None = None
    choices: list[Choice] | None = None
    usage: msgspec.Raw = ABSENT
    service_tier: str | None = None
    x_groq: GroqExtra | None = None
    error: msgspec.Raw = ABSENT
