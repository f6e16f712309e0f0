"""Signatures of Gemini's calls and texts: back on their parts in Gemini, and through every other protocol's client."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from tests.protocols.properties import decode_stream, encode_stream, inbound

from plexus.canonical.content import Reasoning, ReasoningState, Text, ToolCall
from plexus.canonical.events import (
    BlockEnd,
    BlockStart,
    FinishSeen,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    fold,
)
from plexus.canonical.losses import Loss
from plexus.canonical.response import GenerateResponse
from plexus.exchange.seal import Seal, unseal
from plexus.exchange.seal import is_sealed as body_is_sealed
from plexus.protocols import reasoning_state
from plexus.protocols.gemini import CODEC
from plexus.protocols.gemini.signature import (
    STAND_IN,
    Signature,
    apart,
    decode_signature,
    encode_signature,
    is_apart,
    is_sealed,
    settle,
)
from plexus.protocols.registry import CODECS

KEY = b"s" * 32
SIGNATURE = "c2lnbmVk"
OTHERS = ("openai_chat", "openai_responses", "anthropic_messages")
PARTS: list[dict[str, Any]] = [
    {"text": "Let me see.", "thought": True},
    {"text": "I look it up."},
    {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": SIGNATURE},
    {"functionCall": {"name": "g", "args": {}}},
]
TOOLS: dict[str, list[dict[str, Any]]] = {
    "openai_chat": [{"type": "function", "function": {"name": name}} for name in "fg"],
    "openai_responses": [{"type": "function", "name": name} for name in "fg"],
    "anthropic_messages": [{"name": name, "input_schema": {"type": "object"}} for name in "fg"],
}


def reply(parts: list[dict[str, Any]]) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    counts = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "m", "responseId": "r"}


def ask(protocol: str) -> dict[str, Any]:
    turns = {"input" if protocol == "openai_responses" else "messages": [{"role": "user", "content": "hi"}]}
    bound = {"max_tokens": 99} if protocol == "anthropic_messages" else {}
    return {"model": "m", **turns, **bound, "tools": TOOLS[protocol]}


def told(protocol: str, asked: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """The next request of a client that keeps all that it got and answers the calls."""
    if protocol == "anthropic_messages":
        answers = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": "ok"}
            for block in written["content"]
            if block["type"] == "tool_use"
        ]
        more = [{"role": "assistant", "content": written["content"]}, {"role": "user", "content": answers}]
        return {**asked, "messages": [*asked["messages"], *more]}
    if protocol == "openai_responses":
        results = [
            {"type": "function_call_output", "call_id": item["call_id"], "output": "ok"}
            for item in written["output"]
            if item["type"] == "function_call"
        ]
        return {**asked, "input": [*asked["input"], *written["output"], *results]}
    message = written["choices"][0]["message"]
    turns = [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in message["tool_calls"]]
    return {**asked, "messages": [*asked["messages"], message, *turns]}


def upstream(protocol: str, document: dict[str, Any], provider: str, model: str) -> tuple[dict[str, Any], list[Loss]]:
    request = msgspec.structs.replace(CODECS[protocol, "generate"].decode_request(inbound(document)), model=model)
    request, lost = unseal(request, provider, KEY)
    outbound, losses = CODEC.encode_request(request, CODEC.default_dialect)
    return json.loads(outbound.body), [*lost, *losses]


def calls_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        part for turn in body["contents"] if turn["role"] == "model" for part in turn["parts"] if "functionCall" in part
    ]


@pytest.mark.parametrize("protocol", OTHERS)
def test_a_calls_signature_survives_a_client_of_another_protocol(protocol: str) -> None:
    other, asked = CODECS[protocol, "generate"], ask(protocol)
    response = CODEC.decode_response(json.dumps(reply(PARTS)).encode(), CODEC.default_dialect)
    sealed = Seal("google", protocol, KEY).response(response)
    written, losses = other.encode_response(sealed, other.decode_request(inbound(asked)))
    assert SIGNATURE not in written.decode()
    assert list(losses) == []
    body, lost = upstream(protocol, told(protocol, asked, json.loads(written)), "google", "gemini-3-pro-preview")
    first, second = calls_of(body)
    assert first["thoughtSignature"] == SIGNATURE
    assert "thoughtSignature" not in second
    assert [loss for loss in lost if "signature" in loss.path] == []


@pytest.mark.parametrize("protocol", OTHERS)
def test_a_streamed_calls_signature_survives_a_client_of_another_protocol(protocol: str) -> None:
    other, asked = CODECS[protocol, "generate"], ask(protocol)
    events = decode_stream(CODEC, [b"data: " + json.dumps(reply(PARTS)).encode() + b"\n\n"])
    seal = Seal("google", protocol, KEY)
    request = other.decode_request(inbound({**asked, "stream": True}))
    written = encode_stream(other, [seal.event(event) for event in events], request)
    assert SIGNATURE not in written.decode()
    again = fold(decode_stream(other, [written]), protocol)
    whole, _ = other.encode_response(again, request)
    body, _ = upstream(protocol, told(protocol, asked, json.loads(whole)), "google", "gemini-3-pro-preview")
    assert [call.get("thoughtSignature") for call in calls_of(body)] == [SIGNATURE, None]


@pytest.mark.parametrize("protocol", OTHERS)
def test_another_provider_of_gemini_3_gets_the_word_that_stands_in(protocol: str) -> None:
    other, asked = CODECS[protocol, "generate"], ask(protocol)
    response = CODEC.decode_response(json.dumps(reply(PARTS)).encode(), CODEC.default_dialect)
    written, _ = other.encode_response(
        Seal("google", protocol, KEY).response(response), other.decode_request(inbound(asked))
    )
    body, lost = upstream(protocol, told(protocol, asked, json.loads(written)), "elsewhere", "gemini-3-pro-preview")
    assert [call.get("thoughtSignature") for call in calls_of(body)] == [STAND_IN, None]
    assert any("signature" in loss.path and loss.reason == "other_provider" for loss in lost)


def test_families_that_do_not_insist_get_no_stand_in() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [{"role": "assistant", "content": None, "tool_calls": [call]}]
    body, lost = upstream("openai_chat", {"model": "m", "messages": turns}, "google", "gemini-2.5-flash")
    assert "thoughtSignature" not in calls_of(body)[0]
    assert lost == []


SIGNED: list[list[dict[str, Any]]] = [
    PARTS,
    [{"text": "words", "thoughtSignature": SIGNATURE}],
    [{"text": "words"}, {"text": "", "thoughtSignature": SIGNATURE}],
    [{"text": "words", "thoughtSignature": SIGNATURE}, {"functionCall": {"name": "f", "args": {}}}],
]


@pytest.mark.parametrize("parts", [parts for parts in SIGNED if parts[-1].get("text") != ""])
def test_a_reply_to_a_gemini_client_keeps_signatures_on_their_parts(parts: list[dict[str, Any]]) -> None:
    response = CODEC.decode_response(json.dumps(reply(parts)).encode(), CODEC.default_dialect)
    written, losses = CODEC.encode_response(
        response, CODEC.decode_request(inbound({"contents": [{"parts": [{"text": "x"}]}]}))
    )
    assert json.loads(written)["candidates"][0]["content"]["parts"] == parts
    assert list(losses) == []


@pytest.mark.parametrize("parts", SIGNED)
def test_a_gemini_clients_turn_keeps_signatures_on_their_parts(parts: list[dict[str, Any]]) -> None:
    document = {"contents": [{"role": "user", "parts": [{"text": "x"}]}, {"role": "model", "parts": parts}]}
    outbound, losses = CODEC.encode_request(CODEC.decode_request(inbound(document)), CODEC.default_dialect)
    assert json.loads(outbound.body)["contents"] == document["contents"]
    assert list(losses) == []


def test_a_text_signed_in_a_stream_is_signed_for_a_gemini_client() -> None:
    parts = [{"text": "words", "thoughtSignature": SIGNATURE}]
    events = decode_stream(CODEC, [b"data: " + json.dumps(reply(parts)).encode() + b"\n\n"])
    written = encode_stream(CODEC, events, CODEC.decode_request(inbound({"contents": [{"parts": [{"text": "x"}]}]})))
    blocks = fold(decode_stream(CODEC, [written]), "gemini").candidates[0].blocks
    assert blocks == (Text(text="words", state=ReasoningState("gemini", SIGNATURE)),)


def thought(text: str = "", value: str | None = SIGNATURE, protocol: str = "gemini") -> Reasoning:
    state = ReasoningState(protocol, value) if value is not None else None
    return Reasoning(text=text, redacted=not text, state=state)


def call(name: str, value: str | None = None) -> ToolCall:
    return ToolCall(id=name, name=name, arguments="{}", state=ReasoningState("gemini", value) if value else None)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([thought(), Text(text="t"), call("f"), call("g")], [Text(text="t"), call("f", SIGNATURE), call("g")]),
        ([thought(value="YQ=="), call("f"), thought(value="Yg=="), call("g")], [call("f", "YQ=="), call("g", "Yg==")]),
        ([thought("words"), call("f")], [thought("words", None), call("f", SIGNATURE)]),
        ([thought(), Text(text="t")], [thought(), Text(text="t")]),
        ([thought(protocol="openai_chat"), call("f")], [thought(protocol="openai_chat"), call("f")]),
        ([call("f"), thought()], [call("f"), thought()]),
    ],
    ids=["over-text", "one-each", "words-stay", "no-call", "foreign", "behind"],
)
def test_signatures_settle_on_the_calls_behind_them(given: list[Any], wanted: list[Any]) -> None:
    assert settle(given) == wanted


def test_a_signature_apart_is_told_from_a_thought() -> None:
    assert is_apart(apart(ReasoningState("gemini", SIGNATURE)))
    assert not is_apart(thought())


SEALED = reasoning_state.seal(ReasoningState("anthropic_messages", "sig", "p"), KEY)


def test_googles_own_stays_as_it_is() -> None:
    signature = decode_signature("c2lnbmF0dXJl")
    assert signature == Signature(ReasoningState("gemini", "c2lnbmF0dXJl"), None)
    assert encode_signature(signature.state) == "c2lnbmF0dXJl"


@pytest.mark.parametrize("words", [None, "", "w\N{LATIN SMALL LETTER O WITH DIAERESIS}rds?>~"])
@pytest.mark.parametrize("urlsafe", [False, True])
def test_a_sealed_one_is_base64_on_the_wire(words: str | None, urlsafe: bool) -> None:
    written = encode_signature(ReasoningState("gemini", SEALED), words=words)
    assert written is not None
    base64.b64decode(written, validate=True)
    assert body_is_sealed(b'{"thoughtSignature":"%b"}' % written.encode(), "gemini")
    signature = decode_signature(written.replace("+", "-").replace("/", "_") if urlsafe else written)
    assert signature.state is not None
    assert is_sealed(signature.state)
    assert signature.words == words
    assert reasoning_state.unseal(signature.state.value, KEY) == ReasoningState("anthropic_messages", "sig", "p")


def test_a_state_in_other_words_and_none_are_nothing() -> None:
    assert encode_signature(ReasoningState("anthropic_messages", "x")) is None
    assert encode_signature(None) is None
    assert decode_signature(None) == decode_signature("") == (None, None)


@pytest.mark.parametrize("text", ["cGx4", "cGx4?", "cGx4MS4", "cGx4/////w=="])
def test_what_only_looks_sealed_is_googles(text: str) -> None:
    signature = decode_signature(text)
    assert signature.state is not None
    assert (signature.state.value, signature.words) == (text, None)


# --- thoughts of providers that speak other protocols, through clients of Gemini

THOUGHT = "First the note.\nThen the rest."
MESSAGE: dict[str, Any] = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "tool_use", "stop_sequence": None,
    "content": [
        {"type": "thinking", "thinking": THOUGHT, "signature": "sig"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}},
    ],
    "usage": {"input_tokens": 1, "output_tokens": 1},
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": "completed",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": THOUGHT}],
         "encrypted_content": "sig"},
        {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
         "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "toolu_1", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call", "id": "fc_2", "call_id": "toolu_2", "name": "g", "arguments": "{}"},
    ],
}  # fmt: skip
REPLIES = {"anthropic_messages": MESSAGE, "openai_responses": RESPONSE}
KEEPERS: dict[str, Any] = {
    "all": lambda parts: parts,
    "no thoughts": lambda parts: [part for part in parts if not part.get("thought")],
    "words of thoughts": lambda parts: [
        {"text": part["text"], "thought": True} if part.get("thought") else part
        for part in parts
        if part.get("text") != ""
    ],
}
"""What clients keep of a model's turn. Gemini CLI drops thoughts."""


def to_gemini(protocol: str, *, stream: bool) -> list[dict[str, Any]]:
    """The parts that a client of Gemini gets of the reply."""
    other = CODECS[protocol, "generate"]
    response = other.decode_response(json.dumps(REPLIES[protocol]).encode(), other.default_dialect)
    seal, request = Seal("p", "gemini", KEY), CODEC.decode_request(inbound({"contents": [{"parts": [{"text": "hi"}]}]}))
    if not stream:
        written, _ = CODEC.encode_response(seal.response(response), request)
        return list(json.loads(written)["candidates"][0]["content"]["parts"])
    asked = other.decode_request(inbound({**ask(protocol), "stream": True}))
    events = decode_stream(other, [encode_stream(other, events_of(response), asked)])
    frames = encode_stream(CODEC, [seal.event(event) for event in events], request).split(b"\r\n\r\n")
    chunks = [json.loads(frame.removeprefix(b"data: ")) for frame in frames if frame]
    return [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]


def events_of(response: GenerateResponse) -> list[StreamEvent]:
    """A reply as a stream in which thoughts come in two pieces."""
    (candidate,) = response.candidates
    events: list[StreamEvent] = [ReplyStart(id=response.id, model=response.model)]
    for index, block in enumerate(candidate.blocks):
        if isinstance(block, Reasoning):
            events += [
                BlockStart(index, Reasoning()),
                TextDelta(index, block.text[:4]),
                TextDelta(index, block.text[4:]),
            ]
            events += [StateDelta(index, block.state)] if block.state is not None else []
        else:
            events.append(BlockStart(index, block))
        events.append(BlockEnd(index))
    assert candidate.finish is not None
    return [*events, FinishSeen(candidate.finish), ReplyEnd()]


@pytest.mark.parametrize("keeper", KEEPERS)
@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("protocol", REPLIES)
def test_a_thought_survives_a_client_of_gemini(protocol: str, stream: bool, keeper: str) -> None:
    parts = KEEPERS[keeper](to_gemini(protocol, stream=stream))
    signed = [part for part in parts if "functionCall" in part and "thoughtSignature" in part]
    assert [part["functionCall"]["name"] for part in signed] == ["f"]
    turn = {"role": "model", "parts": parts}
    answers = [
        {"functionResponse": {"name": name, "id": call_id, "response": {"output": "ok"}}}
        for name, call_id in (("f", "toolu_1"), ("g", "toolu_2"))
    ]
    declared = [{"functionDeclarations": [{"name": name, "description": "d"} for name in "fg"]}]
    document = {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}, turn, {"role": "user", "parts": answers}],
        "tools": declared,
    }
    request, lost = unseal(CODEC.decode_request(inbound(document)), "p", KEY)
    other = CODECS[protocol, "generate"]
    outbound, losses = other.encode_request(request, other.default_dialect)
    assert [*lost, *losses] == []
    body = json.loads(outbound.body)
    if protocol == "anthropic_messages":
        assert body["messages"][1]["content"] == MESSAGE["content"]
    else:
        (thought,) = [item for item in body["input"] if item.get("type") == "reasoning"]
        assert (thought["summary"], thought["encrypted_content"]) == (RESPONSE["output"][0]["summary"], "sig")
        assert [item.get("type", item.get("role")) for item in body["input"]][1:4] == [
            "reasoning",
            "assistant",
            "function_call",
        ]
