from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.protocols.making import raw, sent, wish

from plexus.canonical.content import Document, Extras, PlainText, Text
from plexus.canonical.request import FunctionTool, Message, OutputFormat, ReasoningSettings, ToolChoice
from plexus.protocols.cohere import CODEC
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.cohere.settings import PLAIN, RANGES, UNSUPPORTED

Lost = list[tuple[str, str]]
Settings = dict[str, Any]
THINKS = CohereDialect(thinking=True)
F, G = FunctionTool(name="f"), FunctionTool(name="g", strict=True)


def written(dialect: CohereDialect | None = None, **settings: Any) -> tuple[dict[str, Any], Lost]:
    body, losses = sent(CODEC, wish("openai_chat", **settings), dialect)
    for name in ("model", "messages", "stream"):
        del body[name]
    return body, losses


def test_plain_settings() -> None:
    body, losses = written(
        max_output_tokens=9, temperature=0.5, top_p=0.9, top_k=40, seed=7, frequency_penalty=0.1, presence_penalty=0.2,
        stop=("END",), logprobs=True,
    )  # fmt: skip
    assert body == {
        "max_tokens": 9, "temperature": 0.5, "p": 0.9, "k": 40, "seed": 7, "frequency_penalty": 0.1, "presence_penalty": 0.2,
        "stop_sequences": ["END"], "logprobs": True,
    }  # fmt: skip
    assert losses == []


@pytest.mark.parametrize(("name", "value", "wire", "found"), [
    ("top_p", 1, "p", 0.99), ("top_p", 0, "p", 0.01), ("top_k", 1000, "k", 500),
    ("frequency_penalty", -1, "frequency_penalty", 0),
    ("presence_penalty", 2, "presence_penalty", 1),
])  # fmt: skip
def test_values_beyond_its_range_are_moved_to_the_edge(name: str, value: float, wire: str, found: float) -> None:
    assert written(**Settings({name: value})) == ({wire: found}, [(name, "clamped")])


def test_it_takes_five_stop_sequences() -> None:
    body, losses = written(stop=tuple("abcdef"))
    assert body == {"stop_sequences": list("abcde")}
    assert losses == [("stop", "clamped")]


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_settings_without_a_word_are_losses(name: str) -> None:
    value = raw({}) if name in ("logit_bias", "prediction", "metadata") else name != "parallel_tool_calls"
    body, losses = written(**Settings({name: value}))
    assert (body, losses) == ({}, [(name, "unsupported")])


@pytest.mark.parametrize("settings", [{"parallel_tool_calls": True}, {"store": False}, {"logprobs": False}])
def test_what_it_does_anyway_is_no_loss(settings: dict[str, Any]) -> None:
    assert written(**settings) == ({}, [])


def test_a_clients_own_words_for_cohere_go_up_over_the_operators() -> None:
    members = {
        "safety_mode": raw("OFF"),
        "citation_options": raw({"mode": "FAST"}),
        "documents": raw(["d"]),
        "odd": raw(1),
    }
    body, losses = written(CohereDialect(safety_mode="STRICT"), extras=Extras("openai_chat", members))
    assert body == {"safety_mode": "OFF", "citation_options": {"mode": "FAST"}, "documents": ["d"]}
    assert losses == [("odd", "foreign")]
    assert written(CohereDialect(safety_mode="STRICT"))[0] == {"safety_mode": "STRICT"}


@pytest.mark.parametrize(("tools", "strict", "lost"), [
    ((F,), None, []), ((G,), True, []), ((F, G), True, [("tools.strict", "approximated")]),
])  # fmt: skip
def test_strict_tools_are_all_or_none(tools: tuple[FunctionTool, ...], strict: bool | None, lost: Lost) -> None:
    body, losses = written(tools=tools)
    assert (body.get("strict_tools"), losses) == (strict, lost)
    assert [tool["function"]["name"] for tool in body["tools"]] == [tool.name for tool in tools]


@pytest.mark.parametrize(("choice", "names", "wire"), [
    (ToolChoice(mode="auto"), ["f", "g"], None), (ToolChoice(mode="none"), ["f", "g"], "NONE"),
    (ToolChoice(mode="required"), ["f", "g"], "REQUIRED"), (ToolChoice(mode="named", names=("f",)), ["f"], "REQUIRED"),
    (ToolChoice(mode="allowed", names=("f",)), ["f"], None),
])  # fmt: skip
def test_the_choice_among_tools(choice: ToolChoice, names: list[str], wire: str | None) -> None:
    body, losses = written(tools=(F, FunctionTool(name="g")), tool_choice=choice)
    assert [tool["function"]["name"] for tool in body["tools"]] == names
    assert (body.get("tool_choice"), losses) == (wire, [])


def test_no_tools_no_choice() -> None:
    assert written(tool_choice=ToolChoice(mode="required")) == ({}, [])


@pytest.mark.parametrize(("output", "wire", "lost"), [
    (OutputFormat(kind="text"), None, []),
    (OutputFormat(kind="json_object"), {"type": "json_object"}, []),
    (OutputFormat(kind="json_schema", schema=raw({"a": 1})), {"type": "json_object", "json_schema": {"a": 1}}, []),
    (
        OutputFormat(kind="json_schema", name="n", description="d", strict=True, extras=Extras("openai_chat", {"odd": raw(1)})),
        {"type": "json_object"},
        [("response_format.json_schema.name", "unsupported"), ("response_format.json_schema.description", "unsupported"),
         ("response_format.json_schema.strict", "unsupported"), ("response_format.odd", "foreign")],
    ),
])  # fmt: skip
def test_the_shape_of_the_answer(output: OutputFormat, wire: object, lost: Lost) -> None:
    body, losses = written(output=output)
    assert (body.get("response_format"), losses) == (wire, lost)


DOCUMENT = Message(role="user", content=(Document(source=PlainText("x"), citations=True), Text(text="so?")))


@pytest.mark.parametrize("beside", [{"tools": (F,)}, {"messages": (DOCUMENT,)}])
def test_a_format_beside_tools_or_documents_is_a_loss(beside: dict[str, Any]) -> None:
    body, losses = written(output=OutputFormat(kind="json_object"), **beside)
    assert "response_format" not in body
    assert ("response_format", "unsupported") in losses
    assert "response_format" not in written(output=OutputFormat(kind="text"), **beside)[0]


R = ReasoningSettings
EFFORT = ("reasoning.effort", "approximated")


@pytest.mark.parametrize(("wanted", "wire", "lost"), [
    (R(), None, []),
    (R(mode="enabled"), {"type": "enabled"}, []),
    (R(mode="adaptive"), {"type": "enabled"}, []),
    (R(mode="disabled"), {"type": "disabled"}, []),
    (R(effort="none"), {"type": "disabled"}, []),
    (R(budget_tokens=0), {"type": "disabled"}, []),
    (R(budget_tokens=500), {"type": "enabled", "token_budget": 500}, []),
    (R(effort="high", budget_tokens=500), {"type": "enabled", "token_budget": 500}, []),
    (R(effort="low"), {"type": "enabled", "token_budget": 4096}, [EFFORT]),
    (R(effort="high"), {"type": "enabled"}, [EFFORT]),
    (R(effort="ultra"), {"type": "enabled", "token_budget": 12288}, [EFFORT]),
])  # fmt: skip
def test_thinking(wanted: R, wire: object, lost: Lost) -> None:
    body, losses = written(THINKS, reasoning=wanted)
    assert (body.get("thinking"), losses) == (wire, lost)
    body, losses = written(reasoning=wanted)
    off = wire is None or wire == {"type": "disabled"}
    assert (body, losses) == ({}, [] if off else [("reasoning", "unsupported")])


def test_how_thoughts_are_shown_is_not_its_choice() -> None:
    assert written(THINKS, reasoning=R(summary="auto")) == ({}, [])
    _, losses = written(reasoning=R(summary="detailed", extras=Extras("openai_responses", {"odd": raw(1)})))
    assert losses == [("reasoning.summary", "unsupported"), ("reasoning.odd", "foreign")]


def test_every_setting_is_carried_or_named() -> None:
    """No field of the canonical request is forgotten: each is known to this spoke by name."""
    handled = {
        "origin", "model", "stream", "stream_usage", "system", "system_plain", "messages", "tools", "tool_choice", "stop",
        "candidates", "logprobs", "reasoning", "output", "modalities", "audio", "bound", "extras",
        "place",  # of the reply, for its client
    }  # fmt: skip
    fields = {field.name for field in msgspec.structs.fields(wish("x").__class__)}
    assert fields == handled | set(UNSUPPORTED) | set(PLAIN.values()) | {name for name, _, _ in RANGES.values()}
