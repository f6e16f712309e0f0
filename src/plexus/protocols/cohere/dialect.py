"""Where a server that speaks Cohere's v2 API differs from Cohere, and what an operator asks of every call."""

from __future__ import annotations

from typing import Literal

import msgspec


class CohereDialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every default is Cohere's behaviour. The answers stand in presets, or under a provider's ``dialect:``."""

    thinking: bool = False
    """The model thinks: it takes ``thinking``, and its earlier thoughts as content. The presets say which models do; to others
    a thought is sent as the ``tool_plan`` of a turn that calls tools, and left out elsewhere."""
    counts: Literal["billed_units", "tokens"] = "billed_units"
    """Which of the two counts in a reply is the usage: what Cohere bills, or all tokens, its own preamble and the thoughts
    among them."""
    safety_mode: Literal["CONTEXTUAL", "STRICT", "OFF"] | None = None
    """The safety instruction that every call asks for. None: the server's own, CONTEXTUAL."""
    refused_members: frozenset[str] = frozenset()
    """Top-level members that are left out, as losses (``tool_choice`` for models before Command R7B)."""
