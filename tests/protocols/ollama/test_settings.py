from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.protocols.making import cannot_send, raw, sent, wish

from plexus.canonical.content import Extras
from plexus.canonical.request import FunctionTool, OutputFormat, ReasoningSettings, ToolChoice
from plexus.protocols.ollama import CODEC
from plexus.protocols.ollama.dialect import OllamaDialect
from plexus.protocols.ollama.settings import OPTIONS, UNSUPPORTED

Lost = list[tuple[str, str]]
Settings = dict[str, Any]
LEVELS = OllamaDialect(think_levels=("low", "medium", "high"))
TOOLS = (FunctionTool(name="f", parameters=raw({"type": "object"})), FunctionTool(name="g", strict=True))


def written(dialect: OllamaDialect | None = None, **settings: Any) -> tuple[dict[str, Any], Lost]:
    body, losses = sent(CODEC, wish("openai_chat", **settings), dialect)
    for name in ("model", "messages", "stream"):
        del body[name]
    return body, losses


def test_options() -> None:
    body, losses = written(
        max_output_tokens=9, temperature=0.5, top_p=0.9, top_k=40, seed=7, frequency_penalty=0.1, presence_penalty=0.2,
        stop=("END", "X"),
    )  # fmt: skip
    assert body == {
        "options": {
            "num_predict": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "seed": 7, "frequency_penalty": 0.1,
            "presence_penalty": 0.2, "stop": ["END", "X"],
        }
    }  # fmt: skip
    assert set(body["options"]) == {*OPTIONS, "stop"}
    assert losses == []


def test_the_operators_answers_go_with_every_call() -> None:
    body, losses = written(OllamaDialect(num_ctx=32768, truncate=False, keep_alive="10m"))
    assert body == {"options": {"num_ctx": 32768}, "truncate": False, "keep_alive": "10m"}
    assert losses == []


def test_a_clients_own_words_for_ollama_go_up_over_the_operators() -> None:
    members = {
        "min_p": raw(0.05), "keep_alive": raw(-1), "options": raw({"num_ctx": 8192, "mirostat": 1}), "odd": raw(1),
        "num_ctx": raw(16384),
    }  # fmt: skip
    body, losses = written(
        OllamaDialect(num_ctx=4096, keep_alive="10m"), extras=Extras("openai_chat", members), temperature=0.5
    )
    assert body == {
        "keep_alive": -1,
        "options": {"num_ctx": 16384, "mirostat": 1, "min_p": 0.05, "temperature": 0.5},
    }
    assert losses == [("odd", "foreign")]


def test_options_that_are_none_are_refused() -> None:
    request = wish("openai_chat", extras=Extras("openai_chat", {"options": raw([1])}))
    assert cannot_send(CODEC, request).param == "options"


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_settings_without_a_word_are_losses(name: str) -> None:
    value = raw({}) if name in ("logit_bias", "prediction", "metadata") else name != "parallel_tool_calls"
    body, losses = written(**Settings({name: value}))
    assert (body, losses) == ({}, [(name, "unsupported")])


@pytest.mark.parametrize("settings", [{"parallel_tool_calls": True}, {"store": False}, {"logprobs": False}])
def test_what_it_does_anyway_is_no_loss(settings: dict[str, Any]) -> None:
    assert written(**settings) == ({}, [])


def test_log_probabilities() -> None:
    assert written(logprobs=True) == ({"logprobs": True}, [])
    assert written(logprobs=True, top_logprobs=3) == ({"logprobs": True, "top_logprobs": 3}, [])


def test_tools() -> None:
    body, losses = written(tools=TOOLS)
    assert body == {
        "tools": [
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
            {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
        ]
    }
    assert losses == [("tools.strict", "unsupported")]


@pytest.mark.parametrize(("choice", "names", "lost"), [
    (ToolChoice(mode="auto"), ["f", "g"], []),
    (ToolChoice(mode="none"), [], [("tool_choice", "approximated")]),
    (ToolChoice(mode="required"), ["f", "g"], [("tool_choice", "unsupported")]),
    (ToolChoice(mode="named", names=("f",)), ["f"], [("tool_choice", "unsupported")]),
    (ToolChoice(mode="allowed", names=("f",)), ["f"], []),
])  # fmt: skip
def test_the_choice_among_tools(choice: ToolChoice, names: list[str], lost: Lost) -> None:
    body, losses = written(tools=TOOLS, tool_choice=choice)
    assert [tool["function"]["name"] for tool in body.get("tools", [])] == names
    assert [loss for loss in losses if loss[0] != "tools.strict"] == lost


@pytest.mark.parametrize(("output", "wire", "lost"), [
    (OutputFormat(kind="text"), None, []),
    (OutputFormat(kind="json_object"), "json", []),
    (OutputFormat(kind="json_schema", schema=raw({"type": "object"})), {"type": "object"}, []),
    (OutputFormat(kind="json_schema"), "json", []),
    (
        OutputFormat(kind="json_schema", schema=raw({}), name="n", description="d", strict=True,
                     extras=Extras("openai_chat", {"odd": raw(1)})),
        {},
        [("response_format.json_schema.name", "unsupported"), ("response_format.json_schema.description", "unsupported"),
         ("response_format.json_schema.strict", "unsupported"), ("response_format.odd", "foreign")],
    ),
])  # fmt: skip
def test_the_shape_of_the_answer(output: OutputFormat, wire: object, lost: Lost) -> None:
    body, losses = written(output=output)
    assert (body.get("format"), losses) == (wire, lost)


R = ReasoningSettings
EFFORT, BUDGET = ("reasoning.effort", "approximated"), ("reasoning.budget_tokens", "approximated")
CLAMPED = ("reasoning.effort", "clamped")


@pytest.mark.parametrize(("wanted", "switch", "lost", "level", "lost_level"), [
    (R(), None, [], None, []),
    (R(mode="enabled"), True, [], True, []),
    (R(mode="adaptive"), True, [], True, []),
    (R(mode="disabled"), False, [], "low", [("reasoning", "approximated")]),
    (R(effort="none"), False, [], "low", [("reasoning", "approximated")]),
    (R(budget_tokens=0), False, [], "low", [("reasoning", "approximated")]),
    (R(effort="high"), True, [EFFORT], "high", []),
    (R(effort="minimal"), True, [EFFORT], "low", [CLAMPED]),
    (R(effort="max"), True, [EFFORT], "high", [CLAMPED]),
    (R(budget_tokens=8000), True, [BUDGET], "medium", [BUDGET]),
    (R(mode="enabled", budget_tokens=50000), True, [BUDGET], "high", [BUDGET]),
])  # fmt: skip
def test_thinking(wanted: R, switch: object, lost: Lost, level: object, lost_level: Lost) -> None:
    body, losses = written(reasoning=wanted)
    assert (body.get("think"), losses) == (switch, lost)
    body, losses = written(LEVELS, reasoning=wanted)
    assert (body.get("think"), losses) == (level, lost_level)


def test_how_thoughts_are_shown_is_not_its_choice() -> None:
    assert written(reasoning=R(summary="auto")) == ({}, [])
    _, losses = written(reasoning=R(summary="detailed", extras=Extras("openai_responses", {"odd": raw(1)})))
    assert losses == [("reasoning.summary", "unsupported"), ("reasoning.odd", "foreign")]


def test_every_setting_is_carried_or_named() -> None:
    """No field of the canonical request is forgotten: each is known to this spoke by name."""
    handled = {
        "origin", "model", "stream", "stream_usage", "system", "system_plain", "messages", "tools", "tool_choice", "stop",
        "candidates", "logprobs", "top_logprobs", "reasoning", "output", "modalities", "audio", "bound", "extras",
        "place",  # of the reply, for its client
    }  # fmt: skip
    fields = {field.name for field in msgspec.structs.fields(wish("x").__class__)}
    assert fields == handled | set(UNSUPPORTED) | set(OPTIONS.values())
