"""Other protocols' requests, as Responses' providers get them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import specs_schema
from tests.protocols.properties import inbound
from tests.recordings import recordings

from plexus.canonical.content import Document, FileId, Image, Reasoning, ReasoningState, Text, ToolCall, ToolResult
from plexus.canonical.errors import ClientError
from plexus.canonical.request import CustomTool, GenerateRequest, Message
from plexus.protocols.openai_responses import CODEC
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.registry import CODECS

CHAT, MESSAGES = CODECS["openai_chat", "generate"], CODECS["anthropic_messages", "generate"]


def chat(dialect: ResponsesDialect | None = None, **members: Any) -> tuple[dict[str, Any], list[str]]:
    base = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    return write(CHAT.decode_request(inbound({**base, **members})), dialect)


def write(request: GenerateRequest, dialect: ResponsesDialect | None = None) -> tuple[dict[str, Any], list[str]]:
    outbound, losses = CODEC.encode_request(request, dialect or ResponsesDialect())
    return json.loads(outbound.body), [loss.path for loss in losses]


def turns(*messages: Message, **members: Any) -> GenerateRequest:
    return GenerateRequest(origin="openai_chat", model="m", messages=messages, **members)


def test_nothing_is_stored_unasked() -> None:
    assert chat()[0]["store"] is False
    assert chat(store=True)[0]["store"] is True


def test_sealed_thoughts_are_asked_for_where_the_model_thinks() -> None:
    assert "include" not in chat()[0]
    assert chat(model="gpt-5")[0]["include"] == ["reasoning.encrypted_content"]
    assert chat(logprobs=True)[0]["include"] == ["message.output_text.logprobs"]


def test_a_tool_loop() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body, losses = chat(
        messages=[
            {"role": "system", "content": "be good"},
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "wait", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "r"},
        ]
    )
    assert body["input"] == [
        {"role": "system", "content": "be good"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "wait"},
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "r"},
    ]
    assert losses == []


def test_answers_of_custom_tools_have_their_own_type() -> None:
    call = ToolCall(id="c", name="patch", arguments="free", custom=True)
    answer = ToolResult(call_id="c", content=(Text(text="r"),), plain=True)
    request = turns(
        Message(role="assistant", content=(call,)),
        Message(role="tool", content=(answer,)),
        tools=(CustomTool(name="patch"),),
    )
    assert [item["type"] for item in write(request)[0]["input"]] == ["custom_tool_call", "custom_tool_call_output"]


def test_thoughts_go_back_with_their_own_state_only() -> None:
    own = Reasoning(text="a", state=ReasoningState("openai_responses", "enc"), summary=True)
    foreign = Reasoning(text="b", state=ReasoningState("anthropic_messages", "sig"))
    plain = Reasoning(text="c")
    request = turns(Message(role="assistant", content=(own, foreign, plain, Text(text="d"))))
    body, losses = write(request)
    assert body["input"][0] == {
        "type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}], "encrypted_content": "enc",
    }  # fmt: skip
    assert len(body["input"]) == 2
    assert losses == ["messages[0].content[1]", "messages[0].content[2]"]
    told, _ = write(request, ResponsesDialect(reasoning_text=True))
    assert told["input"][2] == {
        "type": "reasoning",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "c"}],
    }


def test_questions_of_the_dialect() -> None:
    told = ResponsesDialect(instructions=False, developer_role=False, refused_members=frozenset({"metadata"}))
    messages = [{"role": "developer", "content": "x"}, {"role": "user", "content": "hi"}]
    body, losses = chat(told, messages=messages, metadata={"a": "b"})
    assert body["input"][0]["role"] == "system"
    assert "metadata" not in body
    assert losses == ["metadata"]
    anthropic = {"model": "m", "max_tokens": 1, "system": "be good", "messages": [{"role": "user", "content": "hi"}]}
    request = MESSAGES.decode_request(inbound(anthropic))
    assert write(request, told)[0]["input"][0] == {"role": "system", "content": "be good"}
    body, losses = write(request)
    assert (body["instructions"], body["max_output_tokens"]) == ("be good", 16)
    assert losses == ["max_output_tokens"]


def test_marks_of_the_prompt_cache() -> None:
    text = {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}
    asked = {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": [text]}]}
    request = MESSAGES.decode_request(inbound(asked))
    body, losses = write(request, ResponsesDialect(cache_breakpoints=True))
    assert body["input"][0]["content"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}
    assert losses == []
    assert write(request)[1] == ["messages[0].content[0].cache_control"]


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"n": 2}, "n"),
        ({"modalities": ["audio"]}, "modalities"),
    ],
)
def test_what_responses_cannot_answer(members: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientError) as refused:
        chat(**members)
    assert refused.value.param == param


@pytest.mark.parametrize("block", [Image(source=FileId("other", "f")), Document(source=FileId("other", "f"))])
def test_files_of_other_stores_are_refused(block: Image | Document) -> None:
    with pytest.raises(ClientError, match="store cannot be sent"):
        write(turns(Message(role="user", content=(block,))))


def completed(item: dict[str, Any]) -> dict[str, Any]:
    """What the service does not ask of a message that it did not write itself, but its document does: ids and empty lists."""
    if item.get("role") == "assistant" and isinstance(item["content"], list):
        parts = [{"annotations": [], "logprobs": [], **part} for part in item["content"]]
        return {"id": "msg_1", "type": "message", "status": "completed", **item, "content": parts}
    return {"id": "rs_1", **item} if item.get("type") == "reasoning" else item


@pytest.mark.parametrize("folder", ["openai_chat", "anthropic_messages"])
def test_what_providers_get_fits_openais_schema(folder: str) -> None:
    """Every recorded request of the other protocols."""
    schema = specs_schema.openai_loosely("CreateResponse")
    names = {"openai_chat": "openai.chat", "anthropic_messages": "anthropic.messages"}
    checked = 0
    for recording in recordings(names[folder]):
        if recording.request is None:
            continue
        try:
            request = CODECS[folder, "generate"].decode_request(inbound({"model": "m", **recording.request}))
            body, _ = write(request)
        except ClientError:
            continue
        body["input"] = [completed(item) for item in body["input"]]
        problems = [f"{recording.id} {list(each.path)}: {each.message[:150]}" for each in schema.iter_errors(body)]
        assert problems == []
        checked += 1
    assert checked > 50
