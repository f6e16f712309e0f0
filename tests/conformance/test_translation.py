"""Between the protocols: every recorded reply and request, written in each other one and read back."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import pytest
from tests import specs_schema
from tests.conformance.meaning import is_object, same
from tests.protocols.properties import decode_stream, encode_stream, inbound, reply_of
from tests.recordings import Recording, recordings

from plexus.canonical.content import Document, Image, InlineData, PlainText, Text, ToolCall, ToolResult
from plexus.canonical.errors import ClientError
from plexus.canonical.events import fold
from plexus.protocols.registry import CODECS, PROVIDER_CODECS

FOLDERS = {
    "openai_chat": "openai.chat",
    "openai_responses": "openai.responses",
    "anthropic_messages": "anthropic.messages",
    "gemini": "gemini.generate",
}
SPOKES = {"ollama": "ollama.chat", "cohere": "cohere.chat"}
"""Protocols that face providers only: replies come from them, requests go to them."""
CHAT, RESPONSES, MESSAGES, GEMINI = (CODECS[protocol, "generate"] for protocol in FOLDERS)
DIRECTIONS = list(itertools.permutations((CHAT, RESPONSES, MESSAGES, GEMINI), 2))
FROM_PROVIDERS: list[tuple[Any, Any]] = [
    *DIRECTIONS,
    *itertools.product(
        [PROVIDER_CODECS[protocol, "generate"] for protocol in SPOKES], (CHAT, RESPONSES, MESSAGES, GEMINI)
    ),
]
ASKS: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True,
        "stream_options": {"include_usage": True},
    },
    "openai_responses": {"model": "m", "input": "hi", "stream": True},
    "anthropic_messages": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "stream": True},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
}  # fmt: skip

FAILING = {
    "openai.chat.groq.test-tool-use-failed-error-streaming-with-text.1",
    "quirk.chat.openrouter-error-mid-stream",
    "quirk.anthropic.error-event-mid-stream",
    "openai.responses.openai.openai-error.1",
    "gemini.generate.vertex.streaming-failure-error-mid-stream.1",
    "gemini.generate.vertex.streaming-success-quotes-escaped.1",  # recorded without its end
}
PAIRS = [
    (recording, source, other)
    for source, other in FROM_PROVIDERS
    for recording in recordings({**FOLDERS, **SPOKES}[source.protocol])
    if recording.status < 400
    and recording.id not in FAILING
    and (recording.stream is not None or (recording.body is not None and not recording.body.startswith(b"[")))
]
IDS = [f"{recording.id}->{other.protocol}" for recording, _, other in PAIRS]


@pytest.mark.parametrize(("recording", "source", "other"), PAIRS, ids=IDS)
def test_a_reply_keeps_its_meaning_in_the_other_protocol(recording: Recording, source: Any, other: Any) -> None:
    response = reply_of(source, recording)
    request = other.decode_request(inbound(ASKS[other.protocol]))
    body, _ = other.encode_response(response, request)
    again = other.decode_response(body, other.default_dialect)
    same(again, response)


STREAMED = [(recording, source, other) for recording, source, other in PAIRS if recording.stream is not None]


@pytest.mark.parametrize(
    ("recording", "source", "other"),
    STREAMED,
    ids=[f"{recording.id}->{other.protocol}" for recording, _, other in STREAMED],
)
def test_a_stream_keeps_its_meaning_in_the_other_protocol(recording: Recording, source: Any, other: Any) -> None:
    if recording.stream is None:
        pytest.skip("a JSON reply")
    events = decode_stream(source, [recording.stream])
    request = other.decode_request(inbound(ASKS[other.protocol]))
    written = encode_stream(other, events, request)
    again = fold(decode_stream(other, [written]), other.protocol)
    response = fold(events, source.protocol)
    same(again, response)


def _frames(written: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in written.split(b"\n") if line.startswith(b"data: ")]
    return [json.loads(line) for line in lines if line != b"[DONE]"]


@pytest.mark.parametrize(("recording", "source", "other"), PAIRS, ids=IDS)
def test_what_clients_get_fits_the_vendors_schema(recording: Recording, source: Any, other: Any) -> None:
    """The reply in both protocols, validated with the vendors' own documents, up to what they leave out (tests/specs)."""
    response = reply_of(source, recording)
    body, _ = other.encode_response(response, other.decode_request(inbound(ASKS[other.protocol])))
    document = json.loads(body)
    if other is CHAT:
        problems = list(specs_schema.openai("CreateChatCompletionResponse").iter_errors(_known_chat(document)))
    elif other is RESPONSES:
        problems = list(specs_schema.openai("Response").iter_errors(without_nulls(document)))
        problems += list(specs_schema.open_responses("ResponseResource").iter_errors(document))
    elif other is GEMINI:
        problems = list(specs_schema.gemini("GenerateContentResponse").iter_errors(document))
    else:
        problems = list(specs_schema.anthropic("Message").iter_errors(_known_message(document)))
    assert [f"{list(problem.path)}: {problem.message[:200]}" for problem in problems] == []


def _known_chat(document: dict[str, Any]) -> dict[str, Any]:
    for choice in document["choices"]:
        for call in choice["message"].get("tool_calls") or []:
            call.pop("caller", None)
    return document


def without_nulls(document: dict[str, Any]) -> dict[str, Any]:
    """The real service sends ``user: null`` and, of a reply that is not complete, ``usage: null`` (tests/specs)."""
    return {name: value for name, value in document.items() if value is not None or name not in ("user", "usage")}


def _known_message(document: dict[str, Any]) -> dict[str, Any]:
    usage = document["usage"]
    for name in ("server_tool_use", "service_tier", "inference_geo", "output_tokens_details"):
        usage.setdefault(name, None)
    for name in ("container", "stop_details", "diagnostics"):
        document.setdefault(name, None)
    for block in document["content"]:
        if block["type"] == "text":
            block.setdefault("citations", None)
        if block["type"] == "tool_use":
            block.setdefault("caller", {"type": "direct"})
    return document


REQUESTS = [
    (recording, source, other)
    for source, other in DIRECTIONS
    for recording in recordings(FOLDERS[source.protocol])
    if recording.request is not None
]


@pytest.mark.parametrize(
    ("recording", "source", "other"),
    REQUESTS,
    ids=[f"{recording.id}->{other.protocol}" for recording, _, other in REQUESTS],
)
def test_a_request_is_carried_lost_or_refused(recording: Recording, source: Any, other: Any) -> None:
    """Written in the other protocol and read back it says the same, or says what is missing."""
    assert recording.request is not None
    request = source.decode_request(inbound({"model": "m", **recording.request}))
    try:
        outbound, losses = other.encode_request(request, other.default_dialect)
    except ClientError as refusal:
        if not refusal.param:
            raise
        return
    again = other.decode_request(inbound(json.loads(outbound.body)))
    assert conversation(again) == conversation(request)
    lost = {loss.path.split(".")[0].split("[")[0] for loss in losses}
    for name in ("temperature", "top_p", "stop", "tool_choice", "max_output_tokens"):
        wanted, found = getattr(request, name), getattr(again, name)
        if wanted is None or wanted == () or name in lost:
            continue
        if name == "tool_choice":
            modes = {wanted.mode, wanted.allowed_mode} if wanted.mode == "allowed" else {wanted.mode}
            assert found is None or found.mode in modes or not request.tools
        elif name == "max_output_tokens":
            assert found is not None
            assert found >= wanted
        else:
            assert found == wanted


def conversation(request: Any) -> list[Any]:
    """Who said what, without thoughts: texts, calls and answers in their order."""
    said: list[Any] = []
    for block in request.system:
        _say(said, "system", block)
    for message in request.messages:
        role = "system" if message.role == "developer" else message.role
        for block in message.content:
            _say(said, "user" if role == "tool" else role, block)
    whole: list[Any] = []
    for role, piece in said:
        last: Any = whole[-1] if whole else ("", ("",))
        if role == last[0] == "system" and piece[0] == last[1][0] == "text":
            whole[-1] = (role, ("text", f"{last[1][1]}\n\n{piece[1]}"))  # Responses has one string for all instructions
        elif piece != ("text", ""):
            whole.append((role, piece))
    return whole


def _say(said: list[Any], role: str, block: Any) -> None:
    match block:
        case Text(text=text) if text.strip():
            said.append((role, ("text", text)))
        case ToolCall():
            said.append((role, ("call", block.name, json.loads(block.arguments or "{}"))))
        case ToolResult():
            texts = "".join(inner.text for inner in block.content if isinstance(inner, Text))
            said.append((role, ("answer", json.dumps(json.loads(texts)) if texts and is_object(texts) else texts)))
            media = [inner for inner in block.content if isinstance(inner, Image | Document)]
            said.extend((role, (type(inner).__name__.lower(),)) for inner in media)
        case Document(source=InlineData(media_type=media_type, base64=data)) if media_type.startswith("text/"):
            said.append((role, ("text", base64.b64decode(data).decode())))  # Messages has text documents as such
        case Document(source=PlainText(text=text)):
            said.append((role, ("text", text)))  # Chat has no text documents: a declared approximation
        case Image() | Document():
            said.append((role, (type(block).__name__.lower(),)))
