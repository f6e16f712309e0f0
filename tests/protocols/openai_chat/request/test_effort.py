from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.openai_chat.making import asking, decode, encode

from plexus.canonical.request import ReasoningSettings
from plexus.protocols.openai_chat import ChatDialect
from plexus.protocols.openai_chat.request.effort import effort_of, nearest_effort

USER = {"role": "user", "content": "Hi"}
R = ReasoningSettings
OPENAI = ChatDialect()
FEW = ChatDialect(efforts=("low", "medium", "high"))
OBJECT = ChatDialect(reasoning_setting="reasoning")
SWITCH = ChatDialect(reasoning_setting="thinking")


@pytest.mark.parametrize(
    ("settings", "dialect", "written", "losses"),
    [
        (R(effort="high"), OPENAI, {"reasoning_effort": "high"}, []),
        (R(effort="xhigh"), FEW, {"reasoning_effort": "high"}, [("reasoning.effort", "clamped")]),
        (R(effort="minimal"), FEW, {"reasoning_effort": "low"}, [("reasoning.effort", "clamped")]),
        (R(effort="none"), FEW, {}, [("reasoning.mode", "unsupported")]),
        (R(effort="odd"), OPENAI, {}, [("reasoning.effort", "unsupported")]),
        (
            R(mode="enabled", budget_tokens=1024),
            OPENAI,
            {"reasoning_effort": "low"},
            [("reasoning.budget_tokens", "approximated")],
        ),
        (
            R(mode="enabled", budget_tokens=8192),
            OPENAI,
            {"reasoning_effort": "medium"},
            [("reasoning.budget_tokens", "approximated")],
        ),
        (
            R(mode="enabled", budget_tokens=32000),
            OPENAI,
            {"reasoning_effort": "high"},
            [("reasoning.budget_tokens", "approximated")],
        ),
        (R(mode="disabled"), OPENAI, {"reasoning_effort": "none"}, []),
        (R(mode="disabled"), FEW, {}, [("reasoning.mode", "unsupported")]),
        (R(budget_tokens=0), OPENAI, {"reasoning_effort": "none"}, []),
        (R(budget_tokens=-1), OPENAI, {}, [("reasoning.mode", "approximated")]),
        (R(mode="adaptive"), OPENAI, {}, [("reasoning.mode", "approximated")]),
        (R(mode="adaptive", effort="low"), OPENAI, {"reasoning_effort": "low"}, []),
        (R(effort="low", summary="auto"), OPENAI, {"reasoning_effort": "low"}, [("reasoning.summary", "unsupported")]),
        (R(effort="low", summary="auto"), OBJECT, {"reasoning": {"effort": "low", "summary": "auto"}}, []),
        (R(mode="enabled", budget_tokens=2000), OBJECT, {"reasoning": {"max_tokens": 2000}}, []),
        (R(mode="disabled"), OBJECT, {"reasoning": {"enabled": False}}, []),
        (R(mode="adaptive"), OBJECT, {"reasoning": {"enabled": True}}, [("reasoning.mode", "approximated")]),
        (
            R(effort="low", budget_tokens=5),
            OBJECT,
            {"reasoning": {"effort": "low"}},
            [("reasoning.budget_tokens", "approximated")],
        ),
        (
            R(mode="enabled", budget_tokens=5),
            SWITCH,
            {"thinking": {"type": "enabled"}},
            [("reasoning.budget_tokens", "approximated")],
        ),
        (R(mode="disabled"), SWITCH, {"thinking": {"type": "disabled"}}, []),
        (R(mode="adaptive"), SWITCH, {"thinking": {"type": "enabled"}}, [("reasoning.mode", "approximated")]),
        (R(effort="high"), SWITCH, {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}, []),
    ],
)
def test_how_much_to_think(
    settings: ReasoningSettings, dialect: ChatDialect, written: dict[str, Any], losses: list[tuple[str, str]]
) -> None:
    body, found = encode(asking(reasoning=settings), dialect)
    assert {name: body[name] for name in ("reasoning_effort", "reasoning", "thinking") if name in body} == written
    assert [(loss.path, loss.reason) for loss in found] == losses


@pytest.mark.parametrize(
    ("members", "dialect"),
    [
        ({"reasoning_effort": "ultra"}, OPENAI),
        ({"reasoning": {"effort": "low", "exclude": True}}, OBJECT),
        ({"reasoning": {"enabled": True, "max_tokens": 5}}, OBJECT),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}, "reasoning_effort": "low"}, SWITCH),
        ({"thinking": {"type": "disabled", "clear_thinking": True}}, SWITCH),
        ({"thinking": {"type": "odd"}, "reasoning_effort": "low"}, OPENAI),
        ({"reasoning": "yes"}, OPENAI),
    ],
)
def test_the_clients_own_form_comes_out_as_it_went_in(members: dict[str, Any], dialect: ChatDialect) -> None:
    body, losses = encode(decode({"messages": [USER], **members}), dialect)
    assert {name: body[name] for name in members} == members
    assert losses == []


def test_tables() -> None:
    assert [effort_of(budget) for budget in (1, 1024, 1025, 8192, 8193)] == ["low", "low", "medium", "medium", "high"]
    assert nearest_effort("max", ("none", "low")) == "low"
    assert nearest_effort("medium", ("low", "high")) == "low"
    assert nearest_effort("high", ("none",)) is None
