"""How each family is told to think, in the words of its own maker (``additionalModelRequestFields``).

Claude: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html; Nova:
https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html.
"""

from __future__ import annotations

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, ReasoningSettings
from plexus.protocols.bedrock_converse.dialect import ConverseDialect, thinking_of
from plexus.protocols.bedrock_converse.parts import Part

EFFORTS = ("low", "medium", "high", "xhigh", "max")
BUDGETS = {"minimal": 1024, "low": 4096, "medium": 12288, "high": 24576, "xhigh": 32768, "max": 32768}
"""The budget of thoughts that stands for an effort."""
MIN_BUDGET = 1024
ROOM = 4096
"""Tokens that the answer keeps beside the thoughts, where the client named no bound."""


def thinks(fields: Part) -> bool:
    """Whether Claude is told to think."""
    thinking = fields.get("thinking")
    return isinstance(thinking, dict) and thinking["type"] != "disabled"


def encode_thinking(
    request: GenerateRequest, dialect: ConverseDialect, fields: Part, inference: Part, losses: Losses
) -> None:
    """Add the wish to think to ``fields``, and room for it to ``inference``."""
    wish = request.reasoning
    if wish is None:
        return
    if wish.summary is not None:
        losses.add("reasoning.summary", "unsupported")
    for name in wish.extras.members if wish.extras is not None else ():
        losses.add(f"reasoning.{name}", "foreign")
    way = thinking_of(request.model, dialect)
    if wish.mode == "disabled" or wish.effort == "none" or wish.budget_tokens == 0:
        _switch_off(way, fields, losses)
    elif wish.effort is None and wish.budget_tokens is None and wish.mode is None:
        return
    elif way == "none":
        losses.add("reasoning", "unsupported")
    elif way in ("nova", "effort"):
        _encode_effort(wish, way, fields, losses)
    elif way == "adaptive" and wish.budget_tokens is None:
        _encode_adaptive(wish.effort, fields, losses)
    else:
        _encode_budget(wish, fields, inference, losses)


def _switch_off(way: str, fields: Part, losses: Losses) -> None:
    """Where a model would think unasked."""
    if way == "adaptive":
        fields["thinking"] = {"type": "disabled"}
    elif way == "nova":
        fields["reasoningConfig"] = {"type": "disabled"}
    elif way == "effort":
        losses.add("reasoning", "unsupported")  # gpt-oss always thinks


def _encode_adaptive(effort: str | None, fields: Part, losses: Losses) -> None:
    fields["thinking"] = {"type": "adaptive"}
    if effort is None:
        return
    if effort not in EFFORTS:
        effort = "low" if effort == "minimal" else "high"
        losses.add("reasoning.effort", "clamped")
    fields["output_config"] = {"effort": effort}


def _encode_budget(wish: ReasoningSettings, fields: Part, inference: Part, losses: Losses) -> None:
    budget = wish.budget_tokens
    if budget is None:
        budget = BUDGETS.get(wish.effort or "medium", BUDGETS["medium"])
        losses.add("reasoning.effort", "approximated")
    budget = max(budget, MIN_BUDGET)
    fields["thinking"] = {"type": "enabled", "budget_tokens": budget}
    bound = inference.get("maxTokens")
    if not isinstance(bound, int):
        inference["maxTokens"] = budget + ROOM
    elif wish.budget_tokens is None or bound <= budget:  # else the client counted the budget in
        inference["maxTokens"] = budget + bound


WORDS = ("low", "medium", "high")


def _encode_effort(wish: ReasoningSettings, way: str, fields: Part, losses: Losses) -> None:
    """Three words; a budget becomes the nearest."""
    effort = wish.effort or "medium"
    if wish.budget_tokens is not None:
        effort = next((word for word in WORDS if BUDGETS[word] >= wish.budget_tokens), "high")
        losses.add("reasoning.budget_tokens", "approximated")
    elif effort not in WORDS:
        effort = "low" if effort == "minimal" else "high"
        losses.add("reasoning.effort", "clamped")
    if way == "nova":
        fields["reasoningConfig"] = {"type": "enabled", "maxReasoningEffort": effort}
    else:
        fields["reasoning_effort"] = effort
