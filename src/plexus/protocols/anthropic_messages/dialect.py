"""How a provider's or a model's use of Messages differs. Every question is one that the codec honours.

The defaults are Anthropic's own behaviour, which depends on the model: ``auto`` asks ``families``. A provider that speaks
Messages for models of its own answers the questions in its preset.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class MessagesDialect(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider of Messages differs from Anthropic. Asked only when a call is translated."""

    default_max_tokens: int | None = None
    """``max_tokens`` (which Messages insists on) for a call that gives no bound. None: by the model's family."""
    max_output_tokens: int | None = None
    """The model's own limit: a thinking budget never lifts ``max_tokens`` above it. None: by family."""
    thinking: Literal["auto", "budget", "adaptive", "none"] = "auto"
    """What an effort becomes: a token budget, ``adaptive`` with ``output_config.effort``, or a loss."""
    sampling: Literal["auto", "free", "one", "none"] = "auto"
    """Whether temperature, top_p and top_k are taken: all, only temperature or top_p, or none."""
    structured_output: Literal["auto", "native", "prompted"] = "auto"
    """Whether ``output_config.format`` is taken; otherwise the schema becomes an instruction (a loss)."""
    mid_conversation_system: bool = False
    """Whether ``system`` turns may stand behind a user turn; otherwise they become user turns (a loss)."""
    has_count_tokens: bool = True
    """Whether the provider answers ``/messages/count_tokens``; otherwise Plexus estimates."""
    refused_members: frozenset[str] = frozenset()
    """Top-level members that the provider refuses: left out, with a loss."""
