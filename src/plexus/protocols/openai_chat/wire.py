"""The shapes that are read at speed: the chunks of a stream. They name what is needed and ignore the rest.

What is null in nearly every chunk is read as ``Loose``, so that a null costs nothing; ``Seldom`` has it as raw JSON.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from plexus.protocols.openai_chat.members import ABSENT

Loose: TypeAlias = dict[str, msgspec.Raw] | list[msgspec.Raw] | str | float | bool | None
"""Any JSON value, one level deep."""


class FunctionDelta(msgspec.Struct, gc=False):
    """A piece of a function call."""

    name: str | None = None
    arguments: str | None = None


class CustomDelta(msgspec.Struct, gc=False):
    """A piece of a custom tool's call."""

    name: str | None = None
    input: str | None = None


class CallDelta(msgspec.Struct, gc=False):
    """A piece of a tool call. Many providers leave out the index, the id or both."""

    index: int | None = None
    id: str | None = None
    function: FunctionDelta | None = None
    custom: CustomDelta | None = None
    extra_content: Loose = None


class AudioPiece(msgspec.Struct, gc=False):
    """A piece of sound or of its transcript."""

    id: str | None = None
    data: str | None = None
    transcript: str | None = None
    expires_at: int | None = None


class Delta(msgspec.Struct, gc=False):
    """What one chunk adds to a choice."""

    content: str | list[msgspec.Raw] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[CallDelta] | None = None
    reasoning_details: list[msgspec.Raw] | None = None
    refusal: str | None = None
    function_call: FunctionDelta | None = None
    audio: AudioPiece | None = None
    annotations: list[msgspec.Raw] | None = None
    images: list[msgspec.Raw] | None = None
    extra_content: Loose = None


class Choice(msgspec.Struct, gc=False):
    """One choice within a chunk."""

    delta: Delta | None = None
    index: int | None = None
    finish_reason: str | None = None
    logprobs: Loose = None


class Chunk(msgspec.Struct, gc=False):
    """One chunk."""

    choices: list[Choice] | None = None
    id: str | None = None
    model: str | None = None
    created: int | float | None = None
    usage: Loose = None
    error: Loose = None
    x_groq: Loose = None
    service_tier: str | None = None


class Seldom(msgspec.Struct):
    """Of the same chunk: what few of them say, whole."""

    usage: msgspec.Raw = ABSENT
    x_groq: msgspec.Raw = ABSENT


DONE = b"[DONE]"
EMPTY_DELTA = Delta()
"""What a choice without a delta adds. Never changed."""
