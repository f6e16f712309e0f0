"""Levels or budgets, by family."""

from __future__ import annotations

from typing import Any

import pytest

from plexus.protocols.gemini.dialect import GeminiDialect, thinks_by_level


@pytest.mark.parametrize(
    ("model", "answers", "level"),
    [
        ("gemini-2.5-flash", {}, False),
        ("models/gemini-2.0-flash-thinking", {}, False),
        ("gemini-3-pro-preview", {}, True),
        ("gemini-3.1-flash", {}, True),
        ("gemini-3-pro", {"thinking": "budget"}, False),
        ("gemini-2.5-pro", {"thinking": "level"}, True),
    ],
)
def test_how_an_effort_is_said(model: str, answers: dict[str, Any], level: bool) -> None:
    assert thinks_by_level(model, GeminiDialect(**answers)) is level
