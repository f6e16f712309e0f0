"""Where a Responses provider differs from OpenAI, and what is known of the model families that think."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

import msgspec


class ResponsesDialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every default is OpenAI's behaviour. The answers stand in presets, or under a provider's ``dialect:``."""

    instructions: bool = True
    """Takes ``instructions``; else they are sent as a system message in front."""
    developer_role: bool = True
    """Takes ``developer`` messages; else they are sent as ``system``."""
    encrypted_reasoning: Literal["auto", "always", "never"] = "auto"
    """Whether ``include: ["reasoning.encrypted_content"]`` may be asked for; auto: where the model's name says that it thinks.
    Others answer it with a 400."""
    reasoning_text: bool = False
    """Takes plain thoughts back, as ``content`` of reasoning items (DeepSeek, vLLM)."""
    cache_breakpoints: bool = False
    """Takes ``prompt_cache_breakpoint`` on parts (OpenAI from gpt-5.6 on)."""
    has_count_tokens: bool = True
    """Serves ``/responses/input_tokens``; else the count is an estimate."""
    has_compact: bool = True
    """Serves ``/responses/compact``."""
    keeps_state: bool = True
    """Keeps replies and goes on from them by ``previous_response_id``; else the gateway sends the earlier turns itself."""
    min_output_tokens: int = 16
    """The least that ``max_output_tokens`` may be."""
    refused_members: frozenset[str] = frozenset()
    """Top-level members that the provider answers with a 400; left out when we translate, as losses."""


THINKING = (
    "o1*", "o3*", "o4*", "gpt-5*", "gpt-6*", "*codex*", "grok-4*", "*/o1*", "*/o3*", "*/o4*", "*/gpt-5*", "*.gpt-5*",
    "*/grok-4*",
)  # fmt: skip
"""Globs over the names of models that give encrypted thoughts
(https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items)."""


def gives_encrypted_reasoning(model: str, dialect: ResponsesDialect) -> bool:
    """Whether the model's thoughts can be asked for in sealed form."""
    if dialect.encrypted_reasoning != "auto":
        return dialect.encrypted_reasoning == "always"
    return "chat-latest" not in model and any(fnmatchcase(model, glob) for glob in THINKING)
