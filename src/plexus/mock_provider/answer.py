"""What the mock model says, before any protocol writes it down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Json = dict[str, object]
"""A JSON object."""

Finish = Literal["stop", "length", "tool_calls", "stop_sequence", "content_filter", "refusal"]
"""Why an answer ended; each protocol has its own word for it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A web page that an answer rests on."""

    title: str
    url: str
    quote: str
    """The words of the page that are meant."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words for the user, with the page that they cite, if they do."""

    text: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A web search that the vendor itself does. Messages shows it and its result, Chat only what is cited from it."""

    query: str
    found: Source


@dataclass(frozen=True, slots=True)
class Thinking:
    """Reasoning before the answer. ``signature`` is made from the text unless one is given; ``redacted`` hides the text."""

    text: str
    signature: str | None = None
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of one of the offered tools. ``id`` is made up unless given; ``input`` is what a custom tool gets."""

    name: str
    arguments: Json = field(default_factory=dict)
    id: str | None = None
    input: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model declines, with an explanation. A reply, not a fault."""

    text: str


Part = Text | Thinking | ToolCall | Refusal | Search


@dataclass(frozen=True, slots=True)
class Answer:
    """One candidate: its parts in order, why it ended, and the stop sequence that ended it, if one did."""

    parts: tuple[Part, ...]
    finish: Finish
    stop_sequence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageNumbers:
    """Token counts that replace the computed ones where they are not None."""

    input: int | None = None
    """The whole input, cached tokens included."""
    output: int | None = None
    """The whole output, reasoning included."""
    cached: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts of one reply. ``cached`` and ``cache_write`` are part of ``input``, ``reasoning`` of ``output``."""

    input: int
    output: int
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
