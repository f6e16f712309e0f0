from __future__ import annotations

from typing import Any

import pytest

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, OutputFormat, ReasoningSettings
from plexus.protocols.members import raw_json
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.settings import encode_output, encode_settings


def settings(**members: Any) -> tuple[dict[str, Any], list[str]]:
    losses = Losses()
    body: dict[str, Any] = {}
    request = GenerateRequest(origin="openai_chat", model="m", messages=(), **members)
    encode_settings(request, ResponsesDialect(), body, losses)
    assert body.pop("store") is False
    return body, [f"{loss.path};{loss.reason}" for loss in losses]


REASONING: list[tuple[ReasoningSettings, dict[str, str], list[str]]] = [
    (ReasoningSettings(effort="high"), {"effort": "high"}, []),
    (ReasoningSettings(effort="max"), {"effort": "max"}, []),
    (ReasoningSettings(effort="gigantic"), {"effort": "medium"}, ["reasoning.effort;clamped"]),
    (ReasoningSettings(mode="disabled"), {"effort": "none"}, []),
    (ReasoningSettings(budget_tokens=1000), {"effort": "minimal"}, ["reasoning.budget_tokens;approximated"]),
    (ReasoningSettings(budget_tokens=4096), {"effort": "low"}, ["reasoning.budget_tokens;approximated"]),
    (ReasoningSettings(budget_tokens=99999), {"effort": "high"}, ["reasoning.budget_tokens;approximated"]),
    (ReasoningSettings(effort="low", summary="summarized"), {"effort": "low", "summary": "auto"}, []),
    (ReasoningSettings(effort="low", summary="omitted"), {"effort": "low"}, []),
]


@pytest.mark.parametrize(("reasoning", "wire", "losses"), REASONING)
def test_how_much_to_think(reasoning: ReasoningSettings, wire: dict[str, str], losses: list[str]) -> None:
    assert settings(reasoning=reasoning) == ({"reasoning": wire}, losses)


def test_an_adaptive_mind_is_left_to_the_model() -> None:
    assert settings(reasoning=ReasoningSettings(mode="adaptive")) == ({}, ["reasoning.mode;approximated"])


@pytest.mark.parametrize(
    ("tier", "written", "losses"),
    [
        ("flex", "flex", []),
        ("standard_only", "default", ["service_tier;approximated"]),
        ("on_demand", None, ["service_tier;unsupported"]),
    ],
)
def test_service_tiers(tier: str, written: str | None, losses: list[str]) -> None:
    body, lost = settings(service_tier=tier)
    assert (body.get("service_tier"), lost) == (written, losses)


def test_what_has_no_word_here_is_a_loss() -> None:
    body, lost = settings(
        top_k=1,
        seed=1,
        stop=("x",),
        frequency_penalty=0.1,
        presence_penalty=0.1,
        logit_bias=raw_json({}),
        prediction=raw_json({}),
    )
    assert body == {}
    assert {entry.split(";")[0] for entry in lost} == {
        "top_k", "seed", "stop", "frequency_penalty", "presence_penalty", "logit_bias", "prediction",
    }  # fmt: skip


def test_forms_of_output() -> None:
    assert encode_output(OutputFormat(kind="json_object")) == {"type": "json_object"}
    schema = raw_json({})
    assert encode_output(OutputFormat(kind="json_schema", schema=schema)) == {
        "type": "json_schema", "name": "response", "schema": schema,
    }  # fmt: skip
    body, _ = settings(verbosity="low", output=OutputFormat(kind="text"))
    assert body["text"] == {"verbosity": "low", "format": {"type": "text"}}
