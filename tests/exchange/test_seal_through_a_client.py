"""Signed thoughts behind a client of another protocol: what comes back of them to the provider that signed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import CHAT_REPLY, DONE, chunk, json_reply, lab, stream_reply

from plexus.protocols.openai_chat.dialect import ChatDialect

MESSAGES = "anthropic_messages"
DETAIL = {"type": "reasoning.text", "text": "Hm.", "signature": "c2lnbmVk", "index": 0}
SIGNS = {"openai_chat": ChatDialect(reasoning_details=True, reasoning_field="reasoning")}
ASK: dict[str, Any] = {"max_tokens": 3000, "thinking": {"type": "enabled", "budget_tokens": 1024}}


def replied() -> Any:
    message = {"role": "assistant", "content": "Hi.", "reasoning": "Hm.", "reasoning_details": [DETAIL]}
    return {**CHAT_REPLY, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def streamed() -> list[bytes]:
    def delta(**members: Any) -> bytes:
        choices = [{"index": 0, "delta": members, "finish_reason": None}]
        return b"data: " + json.dumps({"id": "c1", "model": "m1", "choices": choices}).encode() + b"\n\n"

    return [
        delta(reasoning="Hm.", reasoning_details=[{"type": "reasoning.text", "text": "Hm.", "index": 0}]),
        delta(reasoning_details=[{**DETAIL, "text": ""}]),
        chunk("Hi."), chunk(finish="stop"), DONE,
    ]  # fmt: skip


def thought_of(body: bytes, *, stream: bool) -> dict[str, Any]:
    """The thinking block that the client got."""
    if not stream:
        found: dict[str, Any] = json.loads(body)["content"][0]
        return found
    block: dict[str, Any] = {"type": "thinking", "thinking": "", "signature": ""}
    for line in body.decode().splitlines():
        delta = json.loads(line[6:]).get("delta", {}) if line.startswith("data: ") else {}
        block["thinking"] += delta.get("thinking", "")
        block["signature"] += delta.get("signature", "")
    return block


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("back", ["as it came", "forged", "to another provider"])
async def test_a_signature_returns_to_its_issuer_and_to_nobody_else(stream: bool, back: str) -> None:
    first = stream_reply(*streamed()) if stream else json_reply(replied())
    names = {"acme": snapshot(route("chat", target(provider("acme", dialects=SIGNS))))}
    names["other"] = snapshot(route("chat", target(provider("other", dialects=SIGNS))))
    bench = lab(first, json_reply(), of=names["acme"])
    await bench.ask({**ASK, "stream": stream}, protocol=MESSAGES)
    thought = thought_of(bench.sink.body, stream=stream)
    assert thought["thinking"] == "Hm."
    assert thought["signature"].startswith("plx1.")
    if back == "forged":
        thought["signature"] = thought["signature"][:-8] + "AAAAAAAA"
    if back == "to another provider":
        bench.gateway.snapshot = lambda: names["other"]
    bench.sink.committed = False
    said = [{"role": "assistant", "content": [thought, {"type": "text", "text": "Hi."}]}]
    turns = [{"role": "user", "content": "Hi"}, *said, {"role": "user", "content": "And?"}]
    record = await bench.ask({**ASK, "messages": turns}, protocol=MESSAGES)
    sent = bench.upstream.requests[1].body
    assert b"plx1" not in sent
    assert (b"c2lnbmVk" in sent) == (back == "as it came")
    lost = [loss.path for loss in record.losses if "signature" in loss.path]
    assert bool(lost) == (back != "as it came")


THOUGHTS: dict[str, dict[str, Any]] = {
    "spoken": {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
    "wordless": {"type": "thinking", "thinking": "", "signature": "c2ln"},
    "hidden": {"type": "redacted_thinking", "data": "c2ln"},
}
TOOL = {"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}


def message(thought: dict[str, Any]) -> dict[str, Any]:
    call = {"type": "tool_use", "id": "toolu_1", "name": "read", "input": {}}
    usage = {"input_tokens": 5, "output_tokens": 2}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m1", "content": [thought, call],
        "stop_reason": "tool_use", "usage": usage,
    }  # fmt: skip


def message_events(thought: dict[str, Any]) -> bytes:
    whole = message(thought)
    blocks = [{**thought, "signature": "", "thinking": ""} if "signature" in thought else thought, whole["content"][1]]
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}]
    for index, block in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        if index == 0 and "signature" in thought:
            deltas = [{"type": "signature_delta", "signature": thought["signature"]}]
            if thought["thinking"]:
                deltas.insert(0, {"type": "thinking_delta", "thinking": thought["thinking"]})
            events += [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}})
    events.append({"type": "message_stop"})
    return b"".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in events)


def call_id_of(body: bytes, *, stream: bool) -> str:
    if not stream:
        return str(json.loads(body)["choices"][0]["message"]["tool_calls"][0]["id"])
    chunks = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: {")]
    calls = [call for each in chunks for choice in each["choices"] for call in choice["delta"].get("tool_calls", [])]
    return next(str(call["id"]) for call in calls if call.get("id"))


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("kind", THOUGHTS)
async def test_a_plain_chat_client_that_keeps_nothing_but_the_calls_id(kind: str, stream: bool) -> None:
    thought = THOUGHTS[kind]
    first = stream_reply(message_events(thought)) if stream else json_reply(message(thought))
    messages = snapshot(route("chat", target(provider(protocols=(MESSAGES,)))))
    bench = lab(first, json_reply(message(THOUGHTS["spoken"])), of=messages)
    asked = {"max_tokens": 3000, "reasoning_effort": "low", "tools": [TOOL]}
    await bench.ask({**asked, "stream": stream})
    call_id = call_id_of(bench.sink.body, stream=stream)
    bench.sink.committed = False
    call = {"id": call_id, "type": "function", "function": {"name": "read", "arguments": "{}"}}
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "content": "x"},
    ]
    record = await bench.ask({**asked, "messages": turns})
    sent = json.loads(bench.upstream.requests[1].body)
    blocks = sent["messages"][1]["content"]
    assert blocks[-1]["id"] == "toolu_1"
    if kind == "spoken":  # a signature without the words that it signs is worth nothing: thinking is off for this turn
        assert len(blocks) == 1
        assert sent["thinking"] == {"type": "disabled"}
        assert {"reasoning", "messages[1].content[0]"} <= {loss.path for loss in record.losses}
    else:
        assert blocks[0] == thought
        assert sent["thinking"]["type"] == "enabled"
