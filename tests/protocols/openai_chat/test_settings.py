"""The settings of another protocol's request, as a Chat provider gets them, and what is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.making import raw, sent, wish

from plexus.canonical.content import CacheMark, Extras
from plexus.canonical.request import AudioOutput, OutputFormat, ReasoningSettings
from plexus.protocols.efforts import effort_of_budget
from plexus.protocols.openai_chat import CODEC
from plexus.protocols.openai_chat.dialect import ChatDialect

OTHER = "anthropic_messages"


def written(dialect: ChatDialect | None = None, **members: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    body, losses = sent(CODEC, wish(OTHER, **members), dialect)
    del body["model"], body["messages"]
    return body, losses


@pytest.mark.parametrize(
    ("field", "given_value", "member"),
    [
        ("temperature", 0.0, "temperature"),
        ("top_p", 0.9, "top_p"),
        ("seed", 0, "seed"),
        ("frequency_penalty", 1.0, "frequency_penalty"),
        ("presence_penalty", -1.0, "presence_penalty"),
        ("logprobs", False, "logprobs"),
        ("top_logprobs", 2, "top_logprobs"),
        ("verbosity", "high", "verbosity"),
        ("user", "u", "user"),
        ("safety_identifier", "s", "safety_identifier"),
        ("prompt_cache_key", "k", "prompt_cache_key"),
        ("prompt_cache_retention", "24h", "prompt_cache_retention"),
        ("candidates", 2, "n"),
        ("max_output_tokens", 5, "max_completion_tokens"),
    ],
)
def test_a_setting_goes_under_its_own_name(field: str, given_value: Any, member: str) -> None:
    assert written(**{field: given_value}) == ({member: given_value}, [])


def test_nothing_is_sent_for_what_nobody_said() -> None:
    assert written() == ({}, [])


def test_stop_sequences_are_a_list() -> None:
    assert written(stop=("a",)) == ({"stop": ["a"]}, [])


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_dialect_names_the_bound(field: Any) -> None:
    assert written(ChatDialect(max_tokens_field=field), max_output_tokens=5) == ({field: 5}, [])


def test_top_k_only_where_the_dialect_takes_it() -> None:
    assert written(top_k=3) == ({}, [("top_k", "unsupported")])
    assert written(ChatDialect(top_k=True), top_k=3) == ({"top_k": 3}, [])


def test_a_mark_over_the_whole_prompt_is_lost() -> None:
    assert written(cache=CacheMark()) == ({}, [("cache_control", "unsupported")])


@pytest.mark.parametrize(("usage_in_stream", "asks"), [("when_asked", True), ("always", False), ("never", False)])
def test_usage_is_asked_for_where_it_must_be(usage_in_stream: Any, asks: bool) -> None:
    body, _ = written(ChatDialect(usage_in_stream=usage_in_stream), stream=True)
    assert body["stream"] is True
    assert ("stream_options" in body) == asks


@pytest.mark.parametrize(
    ("tier", "sent_tier", "loss"),
    [
        ("auto", "auto", None),
        ("flex", "flex", None),
        ("priority", "priority", None),
        ("standard_only", "default", "approximated"),
        ("golden", None, "unsupported"),
    ],
)
def test_a_service_tier(tier: str, sent_tier: str | None, loss: str | None) -> None:
    body, losses = written(service_tier=tier)
    assert body.get("service_tier") == sent_tier
    assert losses == ([] if loss is None else [("service_tier", loss)])


@pytest.mark.parametrize(
    ("reasoning", "effort", "losses"),
    [
        (ReasoningSettings(effort="high"), "high", []),
        (ReasoningSettings(effort="none"), "none", []),
        (ReasoningSettings(mode="disabled"), "none", []),
        (ReasoningSettings(mode="disabled", effort="high"), "none", []),
        (ReasoningSettings(mode="enabled", budget_tokens=1024), "minimal", [("reasoning.budget_tokens", "approximated")]),
        (ReasoningSettings(mode="enabled", budget_tokens=1025), "low", [("reasoning.budget_tokens", "approximated")]),
        (ReasoningSettings(mode="enabled", budget_tokens=16384), "medium", [("reasoning.budget_tokens", "approximated")]),
        (ReasoningSettings(mode="enabled", budget_tokens=16385), "high", [("reasoning.budget_tokens", "approximated")]),
        (ReasoningSettings(mode="adaptive"), None, [("reasoning.mode", "approximated")]),
        (ReasoningSettings(mode="adaptive", effort="medium"), "medium", []),
        (ReasoningSettings(effort="max"), "xhigh", [("reasoning.effort", "clamped")]),
        (ReasoningSettings(effort="galactic"), "medium", [("reasoning.effort", "clamped")]),
        (ReasoningSettings(effort="low", summary="auto"), "low", [("reasoning.summary", "unsupported")]),
    ],
)  # fmt: skip
def test_an_effort_from_any_wish_to_think(
    reasoning: ReasoningSettings, effort: str | None, losses: list[tuple[str, str]]
) -> None:
    body, lost = written(reasoning=reasoning)
    assert body.get("reasoning_effort") == effort
    assert lost == losses


def test_a_provider_without_efforts_is_sent_none() -> None:
    assert written(ChatDialect(reasoning_setting="none"), reasoning=ReasoningSettings(effort="high")) == (
        {},
        [("reasoning", "unsupported")],
    )


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_more_budget_is_never_less_effort(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert ChatDialect().efforts.index(effort_of_budget(small)) <= ChatDialect().efforts.index(effort_of_budget(large))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (OutputFormat(kind="text"), {"type": "text"}),
        (OutputFormat(kind="json_object"), {"type": "json_object"}),
        (
            OutputFormat(kind="json_schema", schema=raw({"type": "object"})),
            {"type": "json_schema", "json_schema": {"name": "response", "schema": {"type": "object"}}},
        ),
        (
            OutputFormat(kind="json_schema", name="n", description="d", strict=False, schema=raw({})),
            {"type": "json_schema", "json_schema": {"name": "n", "description": "d", "strict": False, "schema": {}}},
        ),
    ],
)
def test_the_shape_of_the_answer(output: OutputFormat, expected: dict[str, Any]) -> None:
    assert written(output=output) == ({"response_format": expected}, [])


def test_a_spoken_answer_is_asked_for() -> None:
    body, losses = written(modalities=("text", "audio"), audio=AudioOutput(voice=raw("alloy"), format="wav"))
    assert body == {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}
    assert losses == []


def test_members_of_another_protocol_are_lost_by_name() -> None:
    body, losses = written(extras=Extras(OTHER, {"container": raw("c"), "mcp_servers": raw([])}))
    assert body == {}
    assert losses == [("container", "foreign"), ("mcp_servers", "foreign")]


def test_twins_of_another_protocol_are_no_loss() -> None:
    assert written(extras=Extras(OTHER, {}, {"thinking": raw({"type": "enabled"})})) == ({}, [])


def test_a_provider_that_refuses_a_member_is_not_sent_it() -> None:
    body, losses = written(ChatDialect(refused_members=frozenset({"seed", "logit_bias"})), seed=1, top_p=0.5)
    assert (body, losses) == ({"top_p": 0.5}, [("seed", "refused")])
