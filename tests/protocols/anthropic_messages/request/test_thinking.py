from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.anthropic_messages.making import CLAUDE, FOREIGN, encode, foreign, pairs, raw
from tests.specs_schema import anthropic

from plexus.canonical.content import Extras
from plexus.canonical.request import ReasoningSettings, ToolChoice
from plexus.protocols.anthropic_messages import MessagesDialect
from plexus.protocols.anthropic_messages.request.thinking import BUDGETS, MIN_BUDGET

OLD, ADAPTIVE, ALWAYS = "claude-3-5-haiku-latest", "claude-opus-4-8", "claude-fable-5"


@pytest.mark.parametrize("effort", [*BUDGETS, None])
def test_an_effort_becomes_a_budget(effort: str | None) -> None:
    body, losses = encode(foreign(reasoning=ReasoningSettings(mode="enabled", effort=effort)))
    budget = body["thinking"]["budget_tokens"]
    assert budget == BUDGETS[effort or "medium"]
    assert body["max_tokens"] == 32_000 + budget
    assert not losses


@given(
    effort=st.sampled_from([*BUDGETS, None]),
    budget=st.none() | st.integers(-1, 200_000),
    bound=st.none() | st.integers(1, 200_000),
    limit=st.integers(1100, 128_000),
)
def test_a_budget_leaves_room_for_the_answer(
    effort: str | None, budget: int | None, bound: int | None, limit: int
) -> None:
    settings = ReasoningSettings(mode="enabled", effort=effort, budget_tokens=budget)
    body, _ = encode(foreign(reasoning=settings, max_output_tokens=bound), MessagesDialect(max_output_tokens=limit))
    given_budget = body["thinking"]["budget_tokens"]
    assert MIN_BUDGET <= given_budget < body["max_tokens"] <= max(limit, MIN_BUDGET + 1)
    if bound is not None and bound + MIN_BUDGET <= limit:
        assert body["max_tokens"] - given_budget == bound


def test_a_lifted_bound_is_a_loss() -> None:
    body, losses = encode(foreign(reasoning=ReasoningSettings(effort="low"), max_output_tokens=500))
    assert body["max_tokens"] == 500 + BUDGETS["low"]
    assert pairs(losses) == {("max_tokens", "approximated")}


@pytest.mark.parametrize(
    ("settings", "model", "effort", "expected"),
    [
        (ReasoningSettings(effort="xhigh"), ADAPTIVE, "xhigh", set()),
        (ReasoningSettings(effort="max"), ADAPTIVE, "max", set()),
        (ReasoningSettings(effort="minimal"), ADAPTIVE, "low", {("reasoning_effort", "approximated")}),
        (ReasoningSettings(effort="xhigh"), "claude-opus-4-6", "high", {("reasoning_effort", "approximated")}),
        (ReasoningSettings(effort="odd"), ADAPTIVE, "medium", {("reasoning_effort", "approximated")}),
        (ReasoningSettings(mode="enabled"), ADAPTIVE, None, set()),
        (
            ReasoningSettings(mode="enabled", budget_tokens=1024),
            ADAPTIVE,
            "low",
            {("reasoning.budget_tokens", "approximated")},
        ),
        (
            ReasoningSettings(mode="enabled", budget_tokens=60_000),
            ADAPTIVE,
            "xhigh",
            {("reasoning.budget_tokens", "approximated")},
        ),
    ],
)
def test_newer_models_are_told_an_effort(
    settings: ReasoningSettings, model: str, effort: str | None, expected: set[tuple[str, str]]
) -> None:
    body, losses = encode(foreign(reasoning=settings, model=model))
    anthropic("MessageCreateParams").validate(body)
    assert body["thinking"] == {"type": "adaptive"}
    assert body.get("output_config", {}).get("effort") == effort
    assert pairs(losses) == expected


@pytest.mark.parametrize(
    ("model", "thinking", "expected"),
    [
        (CLAUDE, {"type": "disabled"}, set()),
        (ADAPTIVE, None, set()),
        (OLD, None, set()),
        (ALWAYS, None, {("reasoning_effort", "clamped")}),
    ],
)
def test_no_thinking(model: str, thinking: object, expected: set[tuple[str, str]]) -> None:
    for settings in (ReasoningSettings(effort="none"), ReasoningSettings(mode="disabled")):
        body, losses = encode(foreign(reasoning=settings, model=model))
        assert body.get("thinking") == thinking
        assert pairs(losses) == expected


def test_a_model_that_cannot_think_loses_the_wish() -> None:
    body, losses = encode(foreign(reasoning=ReasoningSettings(effort="high"), model=OLD))
    assert "thinking" not in body
    assert pairs(losses) == {("reasoning_effort", "unsupported")}


@pytest.mark.parametrize(
    "choice",
    [
        ToolChoice(mode="required"),
        ToolChoice(mode="named", names=("f",)),
        ToolChoice(mode="allowed", names=("f",), allowed_mode="required"),
    ],
)
def test_a_forced_tool_forbids_thinking(choice: ToolChoice) -> None:
    for model, thinking in ((CLAUDE, {"type": "disabled"}), (ADAPTIVE, None)):
        body, losses = encode(foreign(reasoning=ReasoningSettings(effort="high"), tool_choice=choice, model=model))
        assert body.get("thinking") == thinking
        assert ("reasoning_effort", "unsupported") in pairs(losses)


@pytest.mark.parametrize(
    ("summary", "display"), [("auto", "summarized"), ("detailed", "summarized"), ("omitted", "omitted")]
)
def test_a_wish_for_summaries_is_passed_on(summary: str, display: str) -> None:
    for model in (CLAUDE, ADAPTIVE):
        body, _ = encode(foreign(reasoning=ReasoningSettings(effort="low", summary=summary), model=model))
        assert body["thinking"]["display"] == display


def test_unknown_members_of_others_are_losses() -> None:
    settings = ReasoningSettings(effort="low", extras=Extras(FOREIGN, {"pace": raw("slow")}))
    assert ("reasoning.pace", "foreign") in pairs(encode(foreign(reasoning=settings))[1])
