"""How much to think: OpenAI's effort word, OpenRouter's ``reasoning`` object, the ``thinking`` switch of others.

A budget in tokens becomes an effort by BUDGETS, as an approximation. What none of the three can say is a loss.
"""

from __future__ import annotations

from typing import Any, Literal

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, ReasoningSettings
from plexus.protocols.openai_chat.dialect import EFFORTS, ChatDialect
from plexus.protocols.openai_chat.members import PROTOCOL, Members, Misfit, foreign_names, own_members

BUDGETS = ((1024, "low"), (8192, "medium"))
"""(the largest budget in tokens, its effort); anything above is ``high``."""
BEYOND = "high"

_MODES: dict[str, Literal["enabled", "disabled", "adaptive"]] = {
    "enabled": "enabled",
    "disabled": "disabled",
    "adaptive": "adaptive",
    "auto": "adaptive",
}


def read_reasoning(members: Members) -> ReasoningSettings | None:
    """OpenRouter's object (https://openrouter.ai/docs/use-cases/reasoning-tokens), or the switch of DeepSeek, Z.ai and
    Moonshot, with OpenAI's word beside them. What else the object says is kept with it; a second form that is there, too,
    stays among the request's extras.
    """
    effort = members.take("reasoning_effort", str)
    try:
        settings = _read_object(members, effort) or _read_switch(members, effort)
    except Misfit:
        settings = None
    if settings is not None:
        return settings
    return None if effort is None else ReasoningSettings(effort=effort)


def _read_object(members: Members, effort: str | None) -> ReasoningSettings | None:
    raw = members.values.get("reasoning")
    if raw is None:
        return None
    wire = Members(raw, "reasoning")
    enabled = wire.take("enabled", bool)
    mode: Literal["enabled", "disabled"] | None = None
    if enabled is not None:
        mode = "enabled" if enabled else "disabled"
    settings = ReasoningSettings(
        mode=mode,
        effort=wire.take("effort", str) or effort,
        budget_tokens=wire.take("max_tokens", int),
        summary=wire.take("summary", str),
        extras=wire.extras(),
    )
    del members.values["reasoning"]
    return settings


def _read_switch(members: Members, effort: str | None) -> ReasoningSettings | None:
    raw = members.values.get("thinking")
    if raw is None:
        return None
    wire = Members(raw, "thinking")
    mode = _MODES.get(wire.need("type", str))
    if mode is None:
        return None
    settings = ReasoningSettings(
        mode=mode, effort=effort, budget_tokens=wire.take("budget_tokens", int), extras=wire.extras()
    )
    del members.values["thinking"]
    return settings


def write_reasoning(request: GenerateRequest, dialect: ChatDialect, losses: Losses) -> dict[str, Any]:
    """The members that say how much to think; {} where the model decides."""
    settings = request.reasoning
    if settings is None:
        return {}
    for name in foreign_names(settings.extras):
        losses.add(f"reasoning.{name}", "foreign")
    return _Writer(settings, dialect, losses, native=request.origin == PROTOCOL).write()


class _Writer:
    """One request's settings on their way into one dialect."""

    def __init__(self, settings: ReasoningSettings, dialect: ChatDialect, losses: Losses, *, native: bool) -> None:
        self.effort = settings.effort
        self.budget = settings.budget_tokens
        self.mode = settings.mode
        if self.budget is not None and self.budget <= 0:  # Gemini: 0 switches off, -1 leaves it to the model
            self.mode = "disabled" if self.budget == 0 else "adaptive"
            self.budget = None
        if self.effort == "none" and self.mode is None and "none" not in dialect.efforts:
            self.mode, self.effort = "disabled", None
        self.summary = settings.summary
        self.own = own_members(settings.extras)
        self.dialect = dialect
        self.losses = losses
        self.native = native

    def write(self) -> dict[str, Any]:
        if self.dialect.reasoning_setting == "reasoning":
            return self._object()
        if self.summary is not None:
            self.losses.add("reasoning.summary", "unsupported")
        return self._switch() if self.dialect.reasoning_setting == "thinking" else self._word()

    def _word(self) -> dict[str, Any]:
        """OpenAI's ``reasoning_effort``."""
        for name in self.own:
            self.losses.add(f"reasoning.{name}", "unsupported")
        if self.mode == "disabled":
            if "none" in self.dialect.efforts:
                return {"reasoning_effort": "none"}
            self.losses.add("reasoning.mode", "unsupported")
            return {}
        if self.effort is not None:
            if self.budget is not None:
                self.losses.add("reasoning.budget_tokens", "approximated")
            return self._effort()
        if self.budget is not None:
            self.losses.add("reasoning.budget_tokens", "approximated")
            self.effort = effort_of(self.budget)
            return self._effort()
        if self.mode is not None:  # adaptive, or switched on without a measure: the model decides
            self.losses.add("reasoning.mode", "approximated")
        return {}

    def _effort(self) -> dict[str, Any]:
        """The effort word, moved to the nearest that the provider knows."""
        word = self.effort
        if word is None:
            return {}
        if word not in self.dialect.efforts and not (self.native and word not in EFFORTS):
            nearest = nearest_effort(word, self.dialect.efforts)
            self.losses.add("reasoning.effort", "clamped" if nearest is not None else "unsupported")
            word = nearest
        return {} if word is None else {"reasoning_effort": word}

    def _object(self) -> dict[str, Any]:
        """OpenRouter's ``reasoning``, which takes an effort or a budget, not both."""
        wire: dict[str, Any] = dict(self.own)
        if self.mode == "adaptive":
            if self.effort is None and self.budget is None:
                self.losses.add("reasoning.mode", "approximated")
                wire["enabled"] = True
        elif self.mode == "disabled" or (self.mode is not None and (self.native or not (self.effort or self.budget))):
            wire["enabled"] = self.mode == "enabled"
        if self.effort is not None:
            word = self._effort().get("reasoning_effort")
            if word is not None:
                wire["effort"] = word
        if self.budget is not None:
            if self.effort is not None and not self.native:
                self.losses.add("reasoning.budget_tokens", "approximated")
            else:
                wire["max_tokens"] = self.budget
        if self.summary is not None:
            wire["summary"] = self.summary
        return {"reasoning": wire} if wire else {}

    def _switch(self) -> dict[str, Any]:
        """``thinking``, with the effort word beside it."""
        body: dict[str, Any] = {} if self.mode == "disabled" and not self.native else self._effort()
        mode = self.mode
        if mode is None and not self.native and (self.effort is not None or self.budget is not None):
            mode = "enabled"
        if mode == "adaptive" and not self.native:
            self.losses.add("reasoning.mode", "approximated")
            mode = "enabled"
        if mode is None:
            return body
        wire: dict[str, Any] = {"type": mode, **self.own}
        if self.budget is not None:
            if self.native:
                wire["budget_tokens"] = self.budget
            else:
                self.losses.add("reasoning.budget_tokens", "approximated")
        return {"thinking": wire, **body}


def effort_of(budget: int) -> str:
    """The effort word for a budget in tokens."""
    return next((effort for most, effort in BUDGETS if budget <= most), BEYOND)


def nearest_effort(word: str, known: tuple[str, ...]) -> str | None:
    """The known word nearest to ``word``, the lesser of two; None where ``word`` means nothing to us.

    ``none`` switches thinking off: it is never what a little thinking becomes, nor the other way round.
    """
    candidates = [one for one in known if one in EFFORTS and one != "none"]
    if word not in EFFORTS or word == "none" or not candidates:
        return None
    wanted = EFFORTS.index(word)
    return min(candidates, key=lambda one: (abs(EFFORTS.index(one) - wanted), EFFORTS.index(one)))
