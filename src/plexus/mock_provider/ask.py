"""What a request asks for, read from any protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from plexus.mock_provider.answer import Json
from plexus.mock_provider.tokens import PER_REPLY, Prefix, prefixes

ThinkingWish = Literal["default", "off", "shown", "omitted", "hidden"]
"""Whether to think: as the model does, not at all, with its text, with a signature but no text, or only in the usage."""


@dataclass(frozen=True, slots=True)
class Tool:
    """An offered tool that the model can call."""

    name: str
    schema: Json
    custom: bool = False
    """Its input is free text."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool answered."""

    name: str
    text: str
    is_error: bool = False


@dataclass(slots=True)
class Prompt:
    """The input in pieces, in order, for counting and for the cache: the JSON value of each, and its tokens."""

    pieces: list[tuple[object, int]] = field(default_factory=list)
    marked: int = 0
    """How many pieces stand before the last cache marker."""

    def add(self, value: object, tokens: int, *, mark: bool = False) -> None:
        """One more piece; ``mark`` puts a cache marker behind it."""
        self.pieces.append((value, tokens))
        if mark:
            self.marked = len(self.pieces)

    @property
    def tokens(self) -> int:
        """Input tokens of the whole prompt."""
        return sum(tokens for _, tokens in self.pieces) + PER_REPLY

    def cacheable(self, scope: str) -> list[Prefix]:
        """The prefixes up to the last marker."""
        return prefixes(scope, self.pieces[: self.marked])


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request that the vendor would accept."""

    model: str
    stream: bool
    prompt: Prompt
    text: str
    """What the user wrote last."""
    results: tuple[Result, ...] = ()
    """What tools answered since then, in order."""
    rounds: int = 0
    """How often tools were called since then."""
    media: tuple[str, ...] = ()
    """The images, documents and sounds of the whole conversation, a word each."""
    tools: tuple[Tool, ...] = ()
    choice: Literal["auto", "none", "required"] = "auto"
    named: str | None = None
    """The tool that must be called."""
    parallel: bool = True
    output_schema: Json | None = None
    """What the answer's JSON must fit."""
    thinking: ThinkingWish = "default"
    stops: tuple[str, ...] = ()
    max_tokens: int | None = None
    n: int = 1
    include_usage: bool = False
    obfuscation: bool = True
    logprobs: bool = False
    top_logprobs: int = 0
    cache_scope: str | None = None
    """Which prompts share a cache; None for no cache."""
    legacy_function: bool = False
    """Chat's ``functions`` instead of ``tools``."""
    service_tier: str | None = None
    echo: Mapping[str, object] = field(default_factory=dict)
    """What the reply repeats or obeys beyond that, by the protocol's own names."""
    history: tuple[Json, ...] = ()
    """The items of a conversation that is kept, up to this call's own."""
    given: tuple[Json, ...] = ()
    """This call's own items, as they are kept."""
