"""How a provider's use of Chat Completions differs from OpenAI's. Every question is one that the codec honours.

Asked where a call is translated; ``usage_in_stream`` also where the body stays as it is. A preset answers what differs.
"""

from __future__ import annotations

from typing import Literal

import msgspec

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""OpenAI's words for ``reasoning_effort``, the least first."""


class ChatDialect(msgspec.Struct, frozen=True, kw_only=True):
    """Where a Chat Completions provider differs from OpenAI. Every default is OpenAI's behaviour."""

    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    """The member that bounds the output."""
    usage_in_stream: Literal["when_asked", "always", "never"] = "when_asked"
    """Whether a stream says its usage: after ``stream_options.include_usage``, unasked, or never (asking is an error)."""
    reasoning_field: Literal["reasoning_content", "reasoning"] | None = None
    """The member in which an earlier turn's thoughts go back to the provider. None: thoughts of other protocols are left
    out (a loss); those of Chat stand where the client put them."""
    reasoning_setting: Literal["reasoning_effort", "reasoning", "thinking"] = "reasoning_effort"
    """How to say how much to think: OpenAI's effort word; OpenRouter's ``reasoning`` object (effort, max_tokens, enabled);
    or the ``thinking`` switch of DeepSeek, Z.ai and Moonshot, with the effort word beside it."""
    efforts: tuple[str, ...] = EFFORTS
    """The effort words that the provider knows, the least first. Others are moved to the nearest (``clamped``)."""
    supports_developer_role: bool = True
    """Otherwise ``developer`` turns become ``system`` turns."""
    supports_strict: bool = True
    """Whether functions may say ``strict``; otherwise it is left out."""
    supports_top_k: bool = False
    """Whether ``top_k`` is taken; it is not OpenAI's, but many others have it."""
    supports_cache_marks: bool = False
    """Whether parts and tools may carry ``cache_control`` (OpenRouter, gateways in front of Claude or Qwen)."""
    text_parts: bool = True
    """Whether a text may be a list of parts; otherwise several texts of a turn are joined, a blank line between them."""
    structured_output: Literal["json_schema", "json_object"] = "json_schema"
    """The strongest ``response_format`` that the provider knows."""
    refused_members: frozenset[str] = frozenset()
    """Top-level members that the provider refuses: left out, with a loss."""
