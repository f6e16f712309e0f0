"""How each family is told to think."""

from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.bedrock_converse.making import CLAUDE, LLAMA, OPUS, sent, turn
from tests.protocols.making import raw, user

from plexus.canonical.content import Extras, Reasoning, ReasoningState, Text, ToolCall, ToolResult
from plexus.canonical.request import ReasoningSettings

NOVA2 = "us.amazon.nova-2-lite-v1:0"
OSS = "openai.gpt-oss-20b-1:0"


def fields(model: str, wish: ReasoningSettings, **more: Any) -> tuple[Any, Any, list[tuple[str, str]]]:
    body, losses = sent(model=model, reasoning=wish, **more)
    return body.get("additionalModelRequestFields"), body.get("inferenceConfig"), losses


@pytest.mark.parametrize(
    ("model", "wish", "written", "losses"),
    [
        (CLAUDE, {"budget_tokens": 2000}, {"thinking": {"type": "enabled", "budget_tokens": 2000}}, []),
        (CLAUDE, {"budget_tokens": 5}, {"thinking": {"type": "enabled", "budget_tokens": 1024}}, []),
        (
            CLAUDE,
            {"effort": "low"},
            {"thinking": {"type": "enabled", "budget_tokens": 4096}},
            [("reasoning.effort", "approximated")],
        ),
        (CLAUDE, {"mode": "disabled"}, None, []),
        (CLAUDE, {}, None, []),
        (OPUS, {"effort": "max"}, {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, []),
        (
            OPUS,
            {"effort": "minimal"},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            [("reasoning.effort", "clamped")],
        ),
        (OPUS, {"mode": "adaptive"}, {"thinking": {"type": "adaptive"}}, []),
        (OPUS, {"effort": "none"}, {"thinking": {"type": "disabled"}}, []),
        (NOVA2, {"effort": "high"}, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, []),
        (
            NOVA2,
            {"budget_tokens": 5000},
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}},
            [("reasoning.budget_tokens", "approximated")],
        ),
        (NOVA2, {"budget_tokens": 0}, {"reasoningConfig": {"type": "disabled"}}, []),
        (OSS, {"effort": "xhigh"}, {"reasoning_effort": "high"}, [("reasoning.effort", "clamped")]),
        (OSS, {"effort": "none"}, None, [("reasoning", "unsupported")]),
        (LLAMA, {"effort": "low"}, None, [("reasoning", "unsupported")]),
        (LLAMA, {"effort": "none"}, None, []),
    ],
)
def test_a_wish_in_the_words_of_the_family(model: str, wish: Any, written: Any, losses: Any) -> None:
    found, _, lost = fields(model, ReasoningSettings(**wish))
    assert found == written
    assert lost == losses


def test_a_budget_has_room_beside_it() -> None:
    wish = ReasoningSettings(budget_tokens=2000)
    assert fields(CLAUDE, wish)[1] == {"maxTokens": 2000 + 4096}
    assert fields(CLAUDE, wish, max_output_tokens=500)[1] == {"maxTokens": 2500}
    assert fields(CLAUDE, wish, max_output_tokens=9000)[1] == {"maxTokens": 9000}
    effort = ReasoningSettings(effort="low")
    assert fields(CLAUDE, effort, max_output_tokens=9000)[1] == {"maxTokens": 4096 + 9000}


def test_beside_thinking_some_settings_are_refused() -> None:
    wish = ReasoningSettings(budget_tokens=2000)
    _, inference, losses = fields(CLAUDE, wish, temperature=0.2, top_p=0.9, top_k=5, max_output_tokens=9000)
    assert inference == {"maxTokens": 9000}
    assert losses == [(name, "unsupported") for name in ("temperature", "top_p", "top_k")]
    assert fields(CLAUDE, wish, temperature=1.0, max_output_tokens=9000)[1]["temperature"] == 1.0


def test_what_else_was_wished() -> None:
    wish = ReasoningSettings(effort="max", summary="auto", extras=Extras("openai_responses", {"odd": raw(1)}))
    assert fields(OPUS, wish)[2] == [("reasoning.summary", "unsupported"), ("reasoning.odd", "foreign")]


def conversation(*ahead: Any) -> Any:
    return (
        user("hi"),
        turn(*ahead, ToolCall(id="t", name="f", arguments="{}"), role="assistant"),
        turn(ToolResult(call_id="t", content=(Text(text="x"),))),
    )


def test_thinking_is_off_for_a_turn_whose_thought_is_gone() -> None:
    wish = ReasoningSettings(budget_tokens=2000)
    _, losses = sent(messages=conversation(), reasoning=wish)
    assert ("reasoning", "other_provider") in losses
    body, losses = sent(messages=conversation(), reasoning=wish)
    assert "additionalModelRequestFields" not in body
    thought = Reasoning(text="hm", state=ReasoningState("bedrock_converse", "sig"))
    body, losses = sent(messages=conversation(thought), reasoning=wish)
    assert body["additionalModelRequestFields"]["thinking"]["type"] == "enabled"
    assert ("reasoning", "other_provider") not in losses
