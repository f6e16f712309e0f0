"""Where a Messages provider differs from Anthropic, and what is known of Anthropic's own model families."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

import msgspec


class MessagesDialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every default is Anthropic's behaviour. The answers stand in presets, or under a provider's ``dialect:``."""

    default_max_tokens: int | None = None
    """What ``max_tokens`` is (it must be sent) where the client named none; None: the model family's usual bound."""
    thinking: Literal["auto", "budget", "adaptive", "enabled"] = "auto"
    """How an effort is said: a budget of tokens; adaptive thinking with ``output_config.effort``; thinking ``enabled``,
    without a budget, with ``output_config.effort``; auto: one of the first two, by the model's name."""
    structured_output: bool = True
    """Takes ``output_config.format``."""
    mid_conversation_system: bool = False
    """Takes ``role: system`` between turns (a beta); else such turns are sent as the user's."""
    version_in_body: str | None = None
    """The ``anthropic_version`` that stands in the body of clouds whose paths name the model (Vertex AI); the body names none
    then."""
    has_count_tokens: bool = True
    """Serves ``/messages/count_tokens``."""


OUTPUT_BOUNDS: tuple[tuple[str, int], ...] = (
    ("*claude-3-haiku*", 4096),
    ("*claude-3-opus*", 4096),
    ("*claude-3-5-*", 8192),
    ("*claude-opus-4-1*", 32000),
    ("*claude-opus-4-0*", 32000),
    ("*claude-*", 32000),
    ("*", 8192),
)
"""(glob over model names, tokens). https://docs.claude.com/en/docs/about-claude/models/overview; bounds above 32,000 are not
used unasked, since they make a provider reserve room."""

ADAPTIVE = (
    "*claude-opus-4-[6-9]*",
    "*claude-sonnet-4-[6-9]*",
    "*claude-haiku-4-[6-9]*",
    "*claude-*-[5-9]*",
    "*claude-[a-z]*-5*",
)
"""Families that think adaptively and take an effort (https://docs.claude.com/en/docs/build-with-claude/adaptive-thinking)."""

HIDING = ("*claude-*-4-[7-9]*", "*claude-*[a-z]-[5-9]*")
"""Those of them that tell nothing of their thoughts unless ``display`` says ``summarized``
(https://docs.claude.com/en/docs/build-with-claude/extended-thinking#controlling-thinking-display)."""

BUDGET_ONLY = ("*claude-3-*", "*claude-*-4-[0-5]*", "*claude-*-4-20*")


def default_max_tokens(model: str, dialect: MessagesDialect) -> int:
    """The ``max_tokens`` of a request that names none."""
    if dialect.default_max_tokens is not None:
        return dialect.default_max_tokens
    return next(bound for glob, bound in OUTPUT_BOUNDS if fnmatchcase(model, glob))


def thinks_adaptively(model: str, dialect: MessagesDialect) -> bool:
    """Whether an effort is said as such, rather than as a budget."""
    if dialect.thinking != "auto":
        return dialect.thinking != "budget"
    if any(fnmatchcase(model, glob) for glob in BUDGET_ONLY):
        return False
    return any(fnmatchcase(model, glob) for glob in ADAPTIVE)


def hides_thoughts(model: str) -> bool:
    """Whether the family's thoughts come without words unless a summary is asked for."""
    return not any(fnmatchcase(model, glob) for glob in BUDGET_ONLY) and any(
        fnmatchcase(model, glob) for glob in HIDING
    )
