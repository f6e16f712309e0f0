"""What the Converse API leaves to the model families that Bedrock serves, and how to tell them by name.

Converse has one shape for all models, but it passes some wishes through in the words of each family
(``additionalModelRequestFields``), and some it takes for a few families only.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

import msgspec

Thinking = Literal["auto", "budget", "adaptive", "nova", "effort", "none"]


class ConverseDialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every default is Amazon's behaviour. The answers stand in presets, or under a provider's ``dialect:``."""

    thinking: Thinking = "auto"
    """How thinking is asked for: Claude's budget of tokens; Claude's adaptive thinking with an effort; Nova's
    ``reasoningConfig``; ``reasoning_effort`` alone (gpt-oss); not at all; auto: by the model's name."""
    cache_points: Literal["auto", "all", "prompt", "none"] = "auto"
    """Where cache points are taken: also among tools (Claude); in system and messages alone (Nova); nowhere; auto: by the
    model's name."""
    top_k: Literal["auto", "top_k", "nova", "none"] = "auto"
    """How ``top_k`` is said: as a field of that name (Claude); as ``inferenceConfig.topK`` (Nova); not at all; auto: by the
    model's name."""
    structured_output: bool = True
    """Takes ``outputConfig.textFormat``."""
    tool_status: bool = True
    """Takes ``status`` on a tool's result."""
    strict_tools: bool = True
    """Takes ``strict`` on tools."""


CLAUDE = "*claude*"
ADAPTIVE = (
    "*claude-opus-4-[6-9]*",
    "*claude-sonnet-4-[6-9]*",
    "*claude-haiku-4-[6-9]*",
    "*claude-*-[5-9]*",
    "*claude-[a-z]*-5*",
)
"""Families of Claude that think adaptively and take an effort."""
BUDGET_ONLY = ("*claude-3-*", "*claude-*-4-[0-5]*", "*claude-*-4-20*")
SILENT = (
    "*claude-3-haiku*",
    "*claude-3-opus*",
    "*claude-3-sonnet*",
    "*claude-3-5-*",
    "*claude-v2*",
    "*claude-instant*",
)
"""Families of Claude that do not think."""


def thinking_of(model: str, dialect: ConverseDialect) -> Thinking:
    """How ``model`` is told to think; never auto."""
    if dialect.thinking != "auto":
        return dialect.thinking
    if any(fnmatchcase(model, glob) for glob in SILENT):
        return "none"
    if any(fnmatchcase(model, glob) for glob in BUDGET_ONLY):
        return "budget"
    if any(fnmatchcase(model, glob) for glob in ADAPTIVE):
        return "adaptive"
    if fnmatchcase(model, "*amazon.nova-2*"):
        return "nova"
    return "effort" if fnmatchcase(model, "*openai.gpt-oss*") else "none"


def cache_points_of(model: str, dialect: ConverseDialect) -> Literal["all", "prompt", "none"]:
    """Where ``model`` takes cache points (https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html)."""
    if dialect.cache_points != "auto":
        return dialect.cache_points
    if fnmatchcase(model, CLAUDE):
        return "all"
    return "prompt" if fnmatchcase(model, "*amazon.nova*") else "none"


def top_k_of(model: str, dialect: ConverseDialect) -> Literal["top_k", "nova", "none"]:
    """How ``model`` is told ``top_k``."""
    if dialect.top_k != "auto":
        return dialect.top_k
    if fnmatchcase(model, CLAUDE):
        return "top_k"
    return "nova" if fnmatchcase(model, "*amazon.nova*") else "none"
