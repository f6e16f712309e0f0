"""What a provider carries from call to call, and what an operation is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from plexus.mock_provider.answer import UsageNumbers
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.saying import Ids
from plexus.mock_provider.shelf import Shelf
from plexus.mock_provider.tokens import PromptCache


@dataclass(slots=True, kw_only=True)
class Stage:
    """What outlives a call: who signs, whether a secret is asked for, what is cached and kept."""

    issuer: str
    key: str | None = None
    validate: bool = True
    cache: PromptCache = field(default_factory=PromptCache)
    shelf: Shelf = field(default_factory=Shelf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What an operation that is no generation works on: its call, the ``match`` of its path, and what answers need."""

    call: MockCall
    stage: Stage
    ids: Ids
    created: int
    match: re.Match[str]
    numbers: UsageNumbers = field(default_factory=UsageNumbers)
    """Token counts that replace the counted ones."""

    def input_tokens(self, counted: int) -> int:
        """The stated input tokens, else ``counted``."""
        return counted if self.numbers.input is None else self.numbers.input
