from __future__ import annotations

from itertools import product
from typing import Literal

import msgspec
import pytest

from plexus.canonical.losses import Losses
from plexus.canonical.request import ReasoningSettings
from plexus.protocols.efforts import RISING, effort_of_budget
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.encode_reasoning import encode_reasoning
from plexus.providers.presets import load_presets

DIALECTS = {
    ChatDialect(),
    *(
        msgspec.convert(answers.get("openai_chat", {}), ChatDialect)
        for preset in load_presets().values()
        for answers in (preset.dialects, *(model.dialects for model in preset.models))
    ),
}
MODES: tuple[Literal["enabled", "disabled", "adaptive"] | None, ...] = (None, "enabled", "disabled", "adaptive")
WISHES = [
    ReasoningSettings(mode=mode, effort=effort, budget_tokens=budget)
    for mode, effort, budget in product(MODES, (None, *RISING, "ultra"), (None, 0, 1024, 50_000))
]


@pytest.mark.parametrize("dialect", sorted(DIALECTS, key=repr), ids=lambda dialect: dialect.reasoning_setting)
def test_whatever_is_asked_for_is_said_in_the_providers_words(dialect: ChatDialect) -> None:
    for wish in WISHES:
        body: dict[str, object] = {}
        losses = Losses()
        encode_reasoning(wish, dialect, body, losses)
        effort = body.get("reasoning_effort")
        assert effort is None or effort in dialect.efforts
        asked = wish.mode is not None or wish.effort is not None or wish.budget_tokens is not None
        assert bool(body or losses) is asked, wish


def test_thinking_that_is_off_is_never_said_to_be_on() -> None:
    for dialect, wish in product(DIALECTS, WISHES):
        if wish.mode != "disabled" and wish.effort != "none" and wish.budget_tokens != 0:
            continue
        body: dict[str, object] = {}
        encode_reasoning(wish, dialect, body, Losses())
        assert body in (
            {},
            {"reasoning_effort": "none"},
            {"reasoning": {"enabled": False}},
            {"thinking": {"type": "disabled"}},
            {"enable_thinking": False},
        )


@pytest.mark.parametrize(
    ("tokens", "effort"), [(1, "minimal"), (1024, "minimal"), (1025, "low"), (16384, "medium"), (16385, "high")]
)
def test_a_budget_is_so_much_effort(tokens: int, effort: str) -> None:
    assert effort_of_budget(tokens) == effort


@pytest.mark.parametrize(
    ("dialect", "wish", "lost"),
    [
        (ChatDialect(), "auto", ["unsupported"]),
        (ChatDialect(), "omitted", []),
        (ChatDialect(), None, []),
        (ChatDialect(reasoning_field="reasoning_content"), "auto", []),
        (ChatDialect(reasoning_field="reasoning_content"), "summarized", []),
        (ChatDialect(reasoning_field="reasoning_content"), "detailed", ["approximated"]),
        (ChatDialect(reasoning_details=True), "concise", ["approximated"]),
        (ChatDialect(reasoning_setting="enable_thinking"), "auto", []),
    ],
)
def test_a_summary_is_lost_only_where_none_comes(dialect: ChatDialect, wish: str | None, lost: list[str]) -> None:
    losses = Losses()
    encode_reasoning(ReasoningSettings(effort="high", summary=wish), dialect, {}, losses)
    assert [loss.reason for loss in losses if loss.path == "reasoning.summary"] == lost
