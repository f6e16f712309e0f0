"""Where a Chat Completions provider differs from OpenAI."""

from __future__ import annotations

from typing import Literal

import msgspec


class ChatDialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every default is OpenAI's behaviour. The answers stand in presets, or under a provider's ``dialect:``."""

    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    """The member that bounds the output."""
    reasoning_field: str | None = None
    """The assistant member in which earlier thoughts are sent back (``reasoning_content``, ``reasoning``); None: they are
    not taken."""
    reasoning_details: bool = False
    """Takes ``reasoning_details`` back (OpenRouter)."""
    effort: bool = True
    """Takes ``reasoning_effort``."""
    usage_in_stream: Literal["when_asked", "always", "never"] = "when_asked"
    """Whether ``stream_options.include_usage`` must be sent to get usage in a stream."""
    developer_role: bool = True
    """Takes ``developer`` turns; else they are sent as ``system``."""
    cache_control: bool = False
    """Takes Anthropic's ``cache_control`` marks on parts (OpenRouter, LiteLLM)."""
    top_k: bool = False
    """Takes ``top_k``."""
    refused_members: frozenset[str] = frozenset()
    """Top-level members that the provider answers with a 400; left out when we translate, as losses."""
