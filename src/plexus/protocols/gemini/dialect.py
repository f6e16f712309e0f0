"""Where a Gemini provider differs from Google's Gemini API, and what is known of the model families."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

import msgspec


class GeminiDialect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every default is Google's behaviour. The answers stand in presets, or under a provider's ``dialect:``."""

    thinking: Literal["auto", "budget", "level"] = "auto"
    """How an effort is said: ``thinkingBudget`` or ``thinkingLevel``; auto: by the model's name."""
    json_schema: bool = True
    """Takes JSON Schema (``parametersJsonSchema``, ``responseJsonSchema``); else only the subset of OpenAPI."""
    call_ids: bool = True
    """Takes ``id`` on functionCall and functionResponse; else they belong together by name and order."""
    has_count_tokens: bool = True
    """Serves ``:countTokens``."""


BUDGET_MODELS = ("*gemini-2*", "*gemini-1*", "*gemini-robotics-er-1.5*")
"""Families that take a budget of thoughts; later ones take a level (https://ai.google.dev/gemini-api/docs/thinking)."""

NEVER_THINKS = ("*gemini-1*", "*gemini-2.0*", "*gemma*", "*-tts*", "*-image*")
"""Families that refuse a ``thinkingConfig``."""
ALWAYS_THINKS = ("*gemini-2.5-pro*",)
"""Families with a budget that must not be 0; theirs begins at ``LEAST_BUDGET``."""
LEAST_BUDGET = 128
JSON_OR_CALLS = ("*gemini-1*", "*gemini-2*")
"""Families that answer in JSON or call functions, not both: "Function calling with a response mime type: 'application/json' is
unsupported" (https://github.com/google/adk-python/issues/5735). Gemini 3 does both
(https://ai.google.dev/gemini-api/docs/structured-output)."""
SIGNS_CALLS = ("*gemini-[3-9]*", "*gemini-*-latest")
"""Families that refuse a call without its signature (https://ai.google.dev/gemini-api/docs/thought-signatures)."""


def _is_of(model: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(model, glob) for glob in globs)


def never_thinks(model: str) -> bool:
    """Whether ``model`` takes no settings of thinking."""
    return _is_of(model, NEVER_THINKS)


def always_thinks(model: str) -> bool:
    """Whether ``model`` refuses a budget of 0."""
    return _is_of(model, ALWAYS_THINKS)


def takes_json_beside_calls(model: str) -> bool:
    """Whether an answer in JSON may be asked for beside functions."""
    return not _is_of(model, JSON_OR_CALLS)


def insists_on_signatures(model: str) -> bool:
    """Whether the first call of each turn must be signed."""
    return _is_of(model, SIGNS_CALLS)


def thinks_by_level(model: str, dialect: GeminiDialect) -> bool:
    """Whether an effort is said as ``thinkingLevel``."""
    if dialect.thinking != "auto":
        return dialect.thinking == "level"
    return not _is_of(model, BUDGET_MODELS)
