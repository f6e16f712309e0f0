"""A reply to a generate request: candidates, each with its blocks and its finish."""

from __future__ import annotations

import enum

import msgspec

from plexus.canonical.content import Block, Extras
from plexus.canonical.usage import Usage


class FinishReason(enum.Enum):
    """Why a candidate ended. ``raw`` on the finish keeps the vendor's own word."""

    STOP = "stop"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    CONTEXT_LENGTH = "context_length"
    """The context window was full (Anthropic ``model_context_window_exceeded``)."""
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    """A long server-tool turn paused; the client sends it back to go on (Anthropic ``pause_turn``)."""
    OTHER = "other"


class Finish(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one candidate. ``origin`` is the protocol in whose words ``raw`` is written."""

    reason: FinishReason
    origin: str | None = None
    raw: str | None = None
    stop_sequence: str | None = None
    inferred: bool = False
    """The provider ended properly but never said why."""
    extras: Extras | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. ``logprobs`` is the vendor's raw object."""

    index: int = 0
    blocks: tuple[Block, ...] = ()
    finish: Finish | None = None
    logprobs: msgspec.Raw | None = None
    extras: Extras | None = None


class GenerateResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A whole reply. ``created`` is in unix seconds. ``model`` is what the provider named, never rewritten."""

    origin: str
    id: str
    model: str
    created: int | None = None
    candidates: tuple[Candidate, ...] = ()
    usage: Usage | None = None
    service_tier: str | None = None
    extras: Extras | None = None
