"""What Responses refuses, in OpenAI's words; what is kept of a conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import specs_schema
from tests.mock_provider import support
from tests.mock_provider.support import RESPONSES, WEATHER

from plexus.mock_provider import Status
from plexus.mock_provider.stage import Stage

CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
ANSWER = {"type": "function_call_output", "call_id": "call_1", "output": "x"}
USER = {"role": "user", "content": "Hi"}
FUNCTION = {"type": "function", "name": "f", "parameters": WEATHER}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}


def _content(role: str, **part: Any) -> dict[str, Any]:
    return {"input": [{"role": role, "content": [part]}]}


REFUSALS: list[tuple[str, dict[str, Any], str | None, str | None]] = [
    ("no model", {"model": None}, "model", "missing_required_parameter"),
    ("no input", {"input": None}, "input", "missing_required_parameter"),
    ("empty input", {"input": []}, "input", "missing_required_parameter"),
    ("unknown member", {"max_tokens": 5}, "max_tokens", "unknown_parameter"),
    ("unknown in a message", {"input": [USER | {"name": "x"}]}, "input[0].name", "unknown_parameter"),
    ("wrong type", {"temperature": "hot"}, "temperature", "invalid_type"),
    ("too hot", {"temperature": 3}, "temperature", "invalid_value"),
    ("too few tokens", {"max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value"),
    ("stream options alone", {"stream_options": {}}, "stream_options", None),
    (
        "two histories",
        {"previous_response_id": "r", "conversation": "c"},
        "previous_response_id",
        "mutually_exclusive_parameters",
    ),
    ("background unkept", {"background": True, "store": False}, "background", None),
    ("unknown item", {"input": [{"type": "thing"}]}, "input[0]", "invalid_value"),
    (
        "missing call id",
        {"input": [{"type": "function_call_output", "output": ""}]},
        "input[0].call_id",
        "missing_required_parameter",
    ),
    (
        "long id",
        {"input": [USER | {"type": "message", "id": "msg_" + "x" * 61}]},
        "input[0].id",
        "string_above_max_length",
    ),
    ("foreign id", {"input": [CALL | {"id": "call_9"}, ANSWER]}, "input[0].id", "invalid_value"),
    ("answer without call", {"input": [ANSWER]}, "input", None),
    ("answer of another kind", {"input": [CALL, ANSWER | {"type": "custom_tool_call_output"}]}, "input", None),
    ("call without answer", {"input": [USER, CALL]}, "input", None),
    (
        "input text of the model",
        _content("assistant", type="input_text", text="x"),
        "input[0].content[0]",
        "invalid_value",
    ),
    ("output text of the user", _content("user", type="output_text", text="x"), "input[0].content[0]", "invalid_value"),
    ("image without source", _content("user", type="input_image"), "input[0].content[0].image_url", None),
    (
        "broken image",
        _content("user", type="input_image", image_url="data:image/png;base64,%"),
        "input[0].content[0].image_url",
        "invalid_value",
    ),
    (
        "broken file",
        _content("user", type="input_file", file_data="JVBERi0="),
        "input[0].content[0].file_data",
        "invalid_value",
    ),
    ("file without source", _content("user", type="input_file"), "input[0].content[0].file_id", None),
    (
        "chat's tool",
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        "tools[0].name",
        "missing_required_parameter",
    ),
    ("unknown tool", {"tools": [{"type": "x"}]}, "tools[0]", "invalid_value"),
    ("tool without type", {"tools": [{"name": "x"}]}, "tools[0].type", None),
    (
        "parameters no object",
        {"tools": [FUNCTION | {"parameters": {"type": "string"}}]},
        "tools[0].parameters",
        "invalid_function_parameters",
    ),
    (
        "open strict tool",
        {"tools": [FUNCTION | {"parameters": OPEN, "strict": True}]},
        "tools[0].parameters",
        "invalid_function_parameters",
    ),
    ("choice of nothing", {"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "g"}}, "tool_choice", None),
    ("choice of no kind", {"tools": [FUNCTION], "tool_choice": "always"}, "tool_choice", "invalid_value"),
    (
        "open schema",
        {"text": {"format": {"type": "json_schema", "name": "x", "schema": OPEN}}},
        "text.format.schema",
        "invalid_function_parameters",
    ),
    ("json unspoken of", {"text": {"format": {"type": "json_object"}}}, "input", None),
    ("unknown previous", {"previous_response_id": "resp_x"}, "previous_response_id", "previous_response_not_found"),
]


@pytest.mark.parametrize(("members", "param", "code"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_refusals(members: dict[str, Any], param: str | None, code: str | None) -> None:
    body = {name: one for name, one in support.responses(**members).items() if one is not None}
    error = support.refusal_of(RESPONSES, body)
    assert (error["param"], error["code"], error["type"]) == (param, code, "invalid_request_error")


def test_what_codex_adds_is_accepted() -> None:
    asked = support.responses(client_metadata={"x-codex-installation-id": "i"}, store=False)
    assert support.reply_of(RESPONSES, asked)["status"] == "completed"


def test_refusals_come_before_scripted_steps() -> None:
    assert support.whole_of(RESPONSES, {"model": "m"}, step=Status(503)).status == 400


def test_encrypted_reasoning_comes_back_unaltered_or_not_at_all() -> None:
    asked = support.responses(include=["reasoning.encrypted_content"], store=False, reasoning={"effort": "high"})
    reasoning, message = support.reply_of(RESPONSES, asked)["output"]
    again = [USER, reasoning, message, USER]
    assert support.reply_of(RESPONSES, support.responses(input=again))["status"] == "completed"
    altered = reasoning | {"encrypted_content": reasoning["encrypted_content"][:-8] + "AAAAAAA="}
    error = support.refusal_of(RESPONSES, support.responses(input=[USER, altered, message, USER]))
    assert error["code"] == "invalid_encrypted_content"
    other = support.refusal_of(RESPONSES, support.responses(input=again), stage=Stage(issuer="other"))
    assert other["code"] == "invalid_encrypted_content"
    bare = {name: one for name, one in reasoning.items() if name != "encrypted_content"}
    assert support.whole_of(RESPONSES, support.responses(input=[USER, bare, message, USER])).status == 404
    alone = support.refusal_of(RESPONSES, support.responses(input=[USER, reasoning]))
    assert "required following item" in alone["message"]


def test_a_conversation_goes_on_from_what_was_kept() -> None:
    stage = Stage(issuer="mock")
    tools = {"tools": [FUNCTION], "model": "mock-tools"}
    first = support.reply_of(RESPONSES, support.responses("Call", **tools), stage=stage)
    (call,) = first["output"]
    answer = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
    asked = support.responses(input=[answer], previous_response_id=first["id"], **tools)
    second = support.reply_of(RESPONSES, asked, stage=stage, x_mock_model="mock-tools")
    assert "f answered" in second["output"][0]["content"][0]["text"]
    assert second["previous_response_id"] == first["id"]
    assert second["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    referred = [{"type": "item_reference", "id": call["id"]}, answer]
    assert support.reply_of(RESPONSES, support.responses(input=referred), stage=stage)["status"] == "completed"
    gone = support.whole_of(RESPONSES, support.responses(input=[{"type": "item_reference", "id": "fc_x"}]), stage=stage)
    assert gone.status == 404


def test_kept_responses_can_be_read_and_removed() -> None:
    stage = Stage(issuer="mock")
    kept = support.reply_of(RESPONSES, support.responses("One", background=True), stage=stage)
    path = f"{RESPONSES}/{kept['id']}"
    assert json.loads(support.bare_of("GET", path, stage=stage).body) == kept
    items = json.loads(support.bare_of("GET", f"{path}/input_items", stage=stage).body)
    specs_schema.openai("ResponseItemList").validate(items)
    assert items["data"][0]["content"] == [{"type": "input_text", "text": "One"}]
    assert json.loads(support.bare_of("POST", f"{path}/cancel", stage=stage).body) == kept
    assert json.loads(support.bare_of("DELETE", path, stage=stage).body)["deleted"] is True
    for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/input_items"), ("POST", "/cancel")):
        assert support.bare_of(method, path + rest, stage=stage).status == 404
    assert support.bare_of("PUT", path, stage=stage).status == 405


def test_what_is_not_to_be_kept_is_not() -> None:
    stage = Stage(issuer="mock")
    unkept = support.reply_of(RESPONSES, support.responses(store=False), stage=stage)
    assert support.bare_of("GET", f"{RESPONSES}/{unkept['id']}", stage=stage).status == 404
    streamed = json.loads(support.events_of(RESPONSES, support.responses(), stage=stage)[-1].data)["response"]
    assert json.loads(support.bare_of("GET", f"{RESPONSES}/{streamed['id']}", stage=stage).body) == streamed
    assert support.bare_of("POST", f"{RESPONSES}/{streamed['id']}/cancel", stage=stage).status == 400


def test_input_items_come_in_pages_newest_first() -> None:
    stage = Stage(issuer="mock")
    asked = support.responses(input=[{"role": "user", "content": str(number)} for number in range(3)])
    path = f"{RESPONSES}/{support.reply_of(RESPONSES, asked, stage=stage)['id']}/input_items"

    def page(query: str) -> tuple[list[str], bool, str]:
        found = json.loads(support.bare_of("GET", path + query, stage=stage).body)
        return [one["content"][0]["text"] for one in found["data"]], found["has_more"], found["last_id"]

    first, more, last = page("?limit=2")
    assert (first, more) == (["2", "1"], True)
    assert page(f"?after={last}")[:2] == (["0"], False)
    assert page("?order=asc")[0] == ["0", "1", "2"]
    for limit in ("0", "x", "101"):
        assert support.bare_of("GET", f"{path}?limit={limit}", stage=stage).status == 400


def test_tokens_are_counted_as_they_are_billed() -> None:
    asked = support.responses("Say hello", tools=[FUNCTION], instructions="Be nice.")
    counted = support.reply_of(f"{RESPONSES}/input_tokens", asked)
    specs_schema.openai("TokenCountsResource").validate(counted)
    assert counted["input_tokens"] == support.reply_of(RESPONSES, asked)["usage"]["input_tokens"]
    assert support.reply_of(f"{RESPONSES}/input_tokens", asked, x_mock_input_tokens="7")["input_tokens"] == 7


def test_a_compacted_conversation_can_go_on() -> None:
    asked = {"model": "m", "input": [USER, {"role": "assistant", "content": "Hello!"}]}
    compacted = support.reply_of(f"{RESPONSES}/compact", asked)
    specs_schema.openai("CompactResource").validate(compacted)
    assert [item["type"] for item in compacted["output"]] == ["message", "compaction"]
    again = support.responses(input=[*compacted["output"], USER])
    assert support.reply_of(RESPONSES, again)["status"] == "completed"
    compacted["output"][1]["encrypted_content"] += "AAAA"
    assert support.refusal_of(RESPONSES, again)["code"] == "invalid_encrypted_content"
