"""How a provider is told to think. Vendors have three measures (a switch, an effort word, a budget); each knows some."""

from __future__ import annotations

from collections.abc import Sequence

from plexus.canonical.losses import Losses
from plexus.canonical.request import ReasoningSettings
from plexus.protocols.efforts import TOKENS, effort_of_budget, nearest
from plexus.protocols.openai_chat.dialect import ChatDialect

SIZED = frozenset({"concise", "detailed"})
"""Wishes for the size of a summary."""

OWN = frozenset({"reasoning", "thinking", "enable_thinking"})
"""Settings of providers that a Chat client may have sent itself; they go as they came."""

Body = dict[str, object]


def encode_reasoning(reasoning: ReasoningSettings, dialect: ChatDialect, body: Body, losses: Losses) -> None:
    """Add the setting to ``body`` in the provider's words."""
    _note_summary(reasoning.summary, dialect, losses)
    off = reasoning.mode == "disabled" or reasoning.effort == "none" or reasoning.budget_tokens == 0
    if not off and reasoning.effort is None and reasoning.budget_tokens is None and reasoning.mode is None:
        return
    match dialect.reasoning_setting:
        case "none":
            losses.add("reasoning", "unsupported")
        case "reasoning":
            body["reasoning"] = _reasoning(reasoning, off, dialect, losses)
        case "thinking":
            body["thinking"] = {"type": "disabled" if off else "enabled"}
            if not off:
                _add_effort(reasoning, dialect, body, losses, wanted=False)
        case "enable_thinking":
            _enable_thinking(reasoning, off, body, losses)
        case _:
            if off:
                reasoning = ReasoningSettings(effort="none")
            _add_effort(reasoning, dialect, body, losses, wanted=True)


def _note_summary(wish: str | None, dialect: ChatDialect, losses: Losses) -> None:
    """Thoughts are told where a provider has a member for them, unasked; of what length cannot be said. OpenAI's Chat tells
    none, which loses nothing where none are wanted."""
    if wish is None or wish == "omitted":
        return
    silent = dialect.reasoning_setting in ("reasoning_effort", "none")
    if silent and dialect.reasoning_field is None and not dialect.reasoning_details:
        losses.add("reasoning.summary", "unsupported")
    elif wish in SIZED:
        losses.add("reasoning.summary", "approximated")


def _reasoning(reasoning: ReasoningSettings, off: bool, dialect: ChatDialect, losses: Losses) -> Body:
    """https://openrouter.ai/docs/use-cases/reasoning-tokens: one of ``effort``, ``max_tokens`` and ``enabled``."""
    if off:
        return {"enabled": False}
    if reasoning.effort is not None and dialect.efforts:
        return {"effort": _clamped(reasoning.effort, dialect.efforts, losses)}
    if reasoning.budget_tokens is not None:
        return {"max_tokens": reasoning.budget_tokens}
    if reasoning.effort is not None:
        losses.add("reasoning.effort", "approximated")
    return {"enabled": True}


def _enable_thinking(reasoning: ReasoningSettings, off: bool, body: Body, losses: Losses) -> None:
    """https://www.alibabacloud.com/help/en/model-studio/deep-thinking"""
    body["enable_thinking"] = not off
    if off:
        return
    budget = reasoning.budget_tokens
    if budget is None and reasoning.effort is not None:
        budget = TOKENS.get(reasoning.effort, TOKENS["medium"])
        losses.add("reasoning.effort", "approximated")
    if budget is not None:
        body["thinking_budget"] = budget


def _add_effort(
    reasoning: ReasoningSettings, dialect: ChatDialect, body: Body, losses: Losses, *, wanted: bool
) -> None:
    """Effort as it is; a budget becomes an effort (approximated); ``adaptive`` leaves the choice to the model. ``wanted``:
    the switch is not said otherwise."""
    effort = reasoning.effort
    if effort is None and reasoning.budget_tokens is not None:
        effort = effort_of_budget(reasoning.budget_tokens)
        losses.add("reasoning.budget_tokens", "approximated")
    elif effort is None and wanted:
        losses.add("reasoning.mode", "approximated")
    if effort is None:
        return
    words = [word for word in dialect.efforts if word != "none"]
    if effort == "none":
        if "none" in dialect.efforts:
            body["reasoning_effort"] = effort
        else:
            losses.add("reasoning.mode", "unsupported")
    elif words:
        body["reasoning_effort"] = _clamped(effort, words, losses)
    elif reasoning.effort is not None:
        losses.add("reasoning.effort", "approximated")


def _clamped(effort: str, words: Sequence[str], losses: Losses) -> str:
    """The word itself, or the nearest of ``words``, the higher of two; an unknown word is the middle one."""
    if effort in words:
        return effort
    losses.add("reasoning.effort", "clamped")
    return nearest(effort, words)
