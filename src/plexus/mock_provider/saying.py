"""One reply about to be written: the answers with everything around them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from plexus.mock_provider.answer import Answer, Thinking, Usage, UsageNumbers
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.planner import tokens_of
from plexus.mock_provider.tokens import PromptCache

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Ids:
    """Makes ids that look like the vendors', the same for the same seed and order."""

    seed: str
    made: int = 0

    def make(self, prefix: str, size: int) -> str:
        """``prefix`` and ``size`` letters or digits."""
        self.made += 1
        digest = hashlib.shake_128(f"{self.seed}/{self.made}".encode()).digest(size)
        return prefix + "".join(_DIGITS[byte % len(_DIGITS)] for byte in digest)


@dataclass(frozen=True, slots=True)
class Saying:
    """What to write: the ``answers`` to an ``ask``, counted; ``created`` in epoch seconds; ``issuer`` signs thoughts."""

    ask: Ask
    answers: Sequence[Answer]
    usage: Usage
    created: int
    issuer: str
    ids: Ids = field(default_factory=lambda: Ids("mock"))
    chunk: int = 1
    """Tokens in one delta of a stream."""


def count_usage(ask: Ask, answers: Sequence[Answer], cache: PromptCache, numbers: UsageNumbers) -> Usage:
    """The usage of a reply by the rule of ``tokens``; what ``numbers`` states wins."""
    parts = [part for answer in answers for part in answer.parts]
    read = written = 0
    if ask.cache_scope is not None:
        read, written = cache.use(ask.prompt.cacheable(f"{ask.model}/{ask.cache_scope}"))
    return Usage(
        input=_or(numbers.input, ask.prompt.tokens),
        output=_or(numbers.output, sum(tokens_of(part) for part in parts)),
        cached=_or(numbers.cached, read),
        cache_write=_or(numbers.cache_write, written),
        reasoning=_or(numbers.reasoning, sum(tokens_of(part) for part in parts if isinstance(part, Thinking))),
    )


def _or(stated: int | None, counted: int) -> int:
    return counted if stated is None else stated


def grouped(tokens: Sequence[str], size: int) -> list[list[str]]:
    """``tokens`` in groups of ``size``, the last one with what is left."""
    step = max(1, size)
    return [list(tokens[start : start + step]) for start in range(0, len(tokens), step)]
