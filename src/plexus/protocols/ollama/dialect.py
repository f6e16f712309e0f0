"""Where a server that speaks Ollama's own API differs from Ollama, and what an operator asks of every call."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Level: TypeAlias = Literal["low", "medium", "high", "max"]


class OllamaDialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every default is Ollama's behaviour. The answers stand in presets, or under a provider's ``dialect:``."""

    num_ctx: int | None = None
    """The context window that every call asks for, in tokens. None: the server's own, which may be as small as 4096."""
    truncate: bool | None = None
    """Whether a prompt that is longer than the window may lose its beginning; ``false`` makes it an error. None: the server's
    own rule, which is to cut in silence."""
    keep_alive: str | int | None = None
    """How long the model stays loaded: a duration such as ``10m``, or seconds; -1 for ever. None: the server's own, 5 minutes."""
    think_levels: tuple[Level, ...] = ()
    """The words of ``think``, in rising order, for models that take them (gpt-oss); others are only told to think or not to."""
    refused_members: frozenset[str] = frozenset()
    """Top-level members that are left out, as losses (``think`` for a model that does not think)."""
