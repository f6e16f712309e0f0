"""How much to think: an effort, a token budget or a switch, into what the model's family takes.

Sources: Anthropic's "Extended thinking" (a budget is at least 1024 and below ``max_tokens``; no forced tool use; thoughts
must lead the assistant turn of a tool loop), "Adaptive thinking" and "Effort".
"""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, ReasoningSettings
from plexus.protocols.anthropic_messages.content import own_members
from plexus.protocols.anthropic_messages.families import Family

MIN_BUDGET = 1024
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16_384, "xhigh": 32_000, "max": 32_000}
"""Tokens for each effort, where the model takes a budget."""
_EFFORT_UP_TO = ((2048, "low"), (8192, "medium"), (24_576, "high"))
"""(largest budget, effort), where the model takes an effort only."""


class Thinking(msgspec.Struct):
    """The members that steer thinking, and the ``max_tokens`` that leaves room for it."""

    max_tokens: int
    thinking: object | None = None
    effort: str | None = None

    @property
    def active(self) -> bool:
        """Whether thinking was asked for, which forbids some sampling."""
        return isinstance(self.thinking, dict) and self.thinking["type"] in ("enabled", "adaptive")


def write_thinking(
    request: GenerateRequest, family: Family, losses: Losses, *, broken_loop: bool, native: bool
) -> Thinking:
    """``broken_loop``: a tool loop is under way and its thoughts are missing, which a budget does not bear."""
    settings = request.reasoning
    bound = request.max_output_tokens
    plain = Thinking(bound if bound is not None else family.default_output)
    if settings is None:
        return plain
    if native:
        return _native(settings, plain, losses, broken_loop=broken_loop)
    return _foreign(request, settings, family, losses, broken_loop=broken_loop)


def _foreign(
    request: GenerateRequest, settings: ReasoningSettings, family: Family, losses: Losses, *, broken_loop: bool
) -> Thinking:
    bound = request.max_output_tokens
    plain = Thinking(bound if bound is not None else family.default_output)
    if settings.extras is not None:
        for name in settings.extras.members:
            losses.add(f"reasoning.{name}", "foreign")
    if settings.mode == "disabled" or settings.effort == "none":
        return _off(plain, family, losses)
    if family.thinking == "none":
        losses.add("reasoning_effort", "unsupported")
        return plain
    if _forces_tool(request):
        losses.add("reasoning_effort", "unsupported")
        if family.thinking_off == "disabled":
            plain.thinking = {"type": "disabled"}
        return plain
    if family.thinking == "adaptive":
        plain.thinking = _with_display({"type": "adaptive"}, settings)
        plain.effort = _effort(settings, family, losses)
        return plain
    if broken_loop:
        losses.add("reasoning_effort", "unsupported")
        return plain
    return _budget(settings, bound, family, losses)


def _native(settings: ReasoningSettings, plain: Thinking, losses: Losses, *, broken_loop: bool) -> Thinking:
    plain.effort = settings.effort
    kept = own_members(settings.extras).get("thinking")
    if kept is not None:
        plain.thinking = kept
    elif settings.mode == "enabled" and broken_loop:
        losses.add("thinking", "unsupported")
    elif settings.mode is not None:
        wire: dict[str, Any] = {"type": settings.mode}
        if settings.budget_tokens is not None:
            wire["budget_tokens"] = settings.budget_tokens
        if settings.summary is not None:
            wire["display"] = settings.summary
        plain.thinking = wire
    return plain


def _off(plain: Thinking, family: Family, losses: Losses) -> Thinking:
    if family.thinking == "none" or family.thinking_off == "omit":
        return plain
    if family.thinking_off == "never":
        losses.add("reasoning_effort", "clamped")
        plain.effort = "low"
    else:
        plain.thinking = {"type": "disabled"}
    return plain


def _forces_tool(request: GenerateRequest) -> bool:
    choice = request.tool_choice
    if choice is None:
        return False
    return choice.mode in ("required", "named") or (choice.mode == "allowed" and choice.allowed_mode == "required")


def _with_display(wire: dict[str, Any], settings: ReasoningSettings) -> dict[str, Any]:
    if settings.summary is not None:
        wire["display"] = settings.summary if settings.summary in ("summarized", "omitted") else "summarized"
    return wire


def _effort(settings: ReasoningSettings, family: Family, losses: Losses) -> str | None:
    effort = settings.effort
    if effort is None and settings.budget_tokens is not None:
        losses.add("reasoning.budget_tokens", "approximated")
        effort = next((word for limit, word in _EFFORT_UP_TO if settings.budget_tokens <= limit), "xhigh")
    if effort is None or effort in family.efforts:
        return effort
    losses.add("reasoning_effort", "approximated")
    return {"minimal": "low", "xhigh": "high", "max": "high"}.get(effort, "medium")


def _budget(settings: ReasoningSettings, bound: int | None, family: Family, losses: Losses) -> Thinking:
    """A budget, and ``max_tokens`` lifted by it so that the answer keeps the room that the caller gave it."""
    budget = settings.budget_tokens
    if budget is None:
        budget = BUDGETS.get(settings.effort or "medium", BUDGETS["medium"])
    answer = bound if bound is not None else family.default_output
    if answer + MIN_BUDGET > family.max_output:
        answer = max(family.max_output - MIN_BUDGET, 1)
    budget = max(min(budget, family.max_output - answer), MIN_BUDGET)
    if bound is not None:
        losses.add("max_tokens", "approximated")
    return Thinking(answer + budget, _with_display({"type": "enabled", "budget_tokens": budget}, settings))
