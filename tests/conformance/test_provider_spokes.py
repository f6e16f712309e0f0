"""Ollama and Cohere behind every client's protocol: what goes up is what their servers take, and what comes down is whole."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.gateway import CHAT, CLIENTS, COHERE, GEMINI, MESSAGES, OLLAMA, RESPONSES, gateway
from tests.protocols.properties import inbound
from tests.recordings import Recording, recordings
from tests.sdk.material import PDF, png

from plexus.canonical.content import Text
from plexus.canonical.errors import ClientError
from plexus.mock_provider.cohere import request as cohere_request
from plexus.mock_provider.ollama import request as ollama_request
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.ollama.dialect import OllamaDialect
from plexus.protocols.registry import CODECS, PROVIDER_CODECS

READERS = {OLLAMA: ollama_request.read, COHERE: cohere_request.read}
FOLDERS = {
    CHAT: "openai.chat",
    RESPONSES: "openai.responses",
    MESSAGES: "anthropic.messages",
    GEMINI: "gemini.generate",
}
REQUESTS = [
    (recording, client, upstream)
    for upstream in READERS
    for client in CLIENTS
    for recording in recordings(FOLDERS[client])
    if recording.request is not None
]
IDS = [f"{recording.id}->{upstream}" for recording, _, upstream in REQUESTS]


@pytest.mark.parametrize(("recording", "client", "upstream"), REQUESTS, ids=IDS)
def test_a_recorded_request_is_one_that_the_server_takes(recording: Recording, client: str, upstream: str) -> None:
    """Or it is refused, with the place that is at fault."""
    assert recording.request is not None
    request = CODECS[client, "generate"].decode_request(inbound({"model": "m", **recording.request}))
    request = msgspec.structs.replace(request, model="m")  # Gemini says it in the path
    codec = PROVIDER_CODECS[upstream, "generate"]
    try:
        outbound, losses = codec.encode_request(request, codec.default_dialect)
    except ClientError as refusal:
        if not refusal.param:
            raise
        return
    ask = READERS[upstream](outbound.body)
    assert ask.stream == request.stream
    if upstream == OLLAMA or not any(loss.path == "tool_choice" for loss in losses):
        assert len(ask.tools) <= len(request.tools)
    said = [block.text for message in request.messages for block in message.content if isinstance(block, Text)]
    written = json.loads(outbound.body)["messages"]
    whole = json.dumps(written, ensure_ascii=False)
    for text in said:
        assert json.dumps(text, ensure_ascii=False)[1:-1] in whole


pairs = pytest.mark.parametrize(
    ("client", "upstream"), [(client, upstream) for client in CLIENTS for upstream in READERS]
)
streams = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])


@pairs
@streams
async def test_the_reply_names_the_model_that_was_asked(client: str, upstream: str, stream: bool) -> None:
    async with gateway(upstream) as bench:
        reply = await bench.ask(client, stream=stream)
        assert reply.status_code == 200
        assert '"mock-chat"' in reply.text
        record = await bench.record()
        assert (record.lane, record.error) == ("translate", None)
        (call,) = bench.providers[0].calls
        assert call.path == {OLLAMA: "/api/chat", COHERE: "/v2/chat"}[upstream]
        assert call.json["stream"] is stream


THINK: dict[str, dict[str, Any]] = {
    CHAT: {"reasoning_effort": "high"},
    RESPONSES: {"reasoning": {"effort": "high"}},
    MESSAGES: {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024}},
    GEMINI: {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
}
DIALECTS = {OLLAMA: OllamaDialect(), COHERE: CohereDialect(thinking=True)}


@pairs
@streams
async def test_thoughts_are_asked_for_and_shown(client: str, upstream: str, stream: bool) -> None:
    async with gateway(upstream, dialects={upstream: DIALECTS[upstream]}) as bench:
        reply = await bench.ask(client, stream=stream, **THINK[client])
        (call,) = bench.providers[0].calls
        assert call.json.get("think") is True or call.json["thinking"]["type"] == "enabled"  # type: ignore[index]
        assert "say" in reply.text.replace("\\n", "")
        marks = {CHAT: "reasoning_content", RESPONSES: '"reasoning"', MESSAGES: '"thinking"', GEMINI: '"thought":true'}
        assert marks[client] in reply.text


@pytest.mark.parametrize("upstream", READERS)
async def test_a_picture_arrives(upstream: str) -> None:
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png()}"}},
    ]
    async with gateway(upstream) as bench:
        reply = await bench.ask(CHAT, messages=[{"role": "user", "content": parts}])
        assert "I was also given: image" in reply.text
        (call,) = bench.providers[0].calls
        assert png().encode() in call.body


@pytest.mark.parametrize("upstream", READERS)
async def test_a_file_that_only_another_target_reads_goes_there(upstream: str) -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    turns = [{"role": "user", "content": [{"type": "document", "source": source}]}]
    async with gateway(upstream) as bench:
        reply = await bench.ask(MESSAGES, messages=turns)
        assert reply.status_code == 400
        assert "text" in reply.json()["error"]["message"]
        assert not bench.providers[0].calls
    async with gateway(upstream, CHAT) as bench:
        assert (await bench.ask(MESSAGES, messages=turns)).status_code == 200
        assert not bench.providers[0].calls


async def test_the_operators_window_is_asked_for_with_every_call() -> None:
    dialect = OllamaDialect(num_ctx=32768, truncate=False)
    async with gateway(OLLAMA, dialects={OLLAMA: dialect}) as bench:
        await bench.ask(MESSAGES)
        (call,) = bench.providers[0].calls
        assert call.json["options"] == {"num_ctx": 32768, "num_predict": 300}
        assert call.json["truncate"] is False


async def test_strictness_refuses_what_they_cannot_say() -> None:
    async with gateway(OLLAMA) as bench:
        reply = await bench.ask(CHAT, user="somebody")
        assert "user;unsupported" in reply.headers["x-plexus-losses"]
    async with gateway(OLLAMA) as bench:
        strict = await bench.ask(CHAT, user="somebody", headers={"x-plexus-strict": "true"})
        assert strict.status_code == 400
        assert not bench.providers[0].calls


@streams
async def test_what_cohere_cites_reaches_the_client(stream: bool) -> None:
    async with gateway(COHERE, models=("mock-search",)) as bench:
        reply = await bench.ask(CHAT, stream=stream)
        assert "https://example.com/" in reply.text
        assert "url_citation" in reply.text


@streams
async def test_what_is_billed_is_what_is_recorded(stream: bool) -> None:
    async with gateway(COHERE, models=("mock-chat?input_tokens=7&output_tokens=5",)) as bench:
        await bench.ask(CHAT, stream=stream)
        usage = (await bench.record()).usage
        assert usage is not None
        assert (usage.input, usage.output, usage.estimated) == (7, 5, False)
    async with gateway(
        COHERE, models=("mock-chat?input_tokens=7&output_tokens=5",), dialects={COHERE: CohereDialect(counts="tokens")}
    ) as bench:
        await bench.ask(CHAT, stream=stream)
        usage = (await bench.record()).usage
        assert usage is not None
        assert (usage.input, usage.output) == (507, 5)


async def test_a_plan_comes_back_as_a_plan() -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    async with gateway(COHERE, models=("mock-agent",)) as bench:
        turns: list[Any] = [{"role": "user", "content": "Please look"}]
        reply = (await bench.ask(CHAT, messages=turns, tools=[tool])).json()["choices"][0]["message"]
        assert reply["reasoning_content"] == "Let me have a look."
        turns += [reply, {"role": "tool", "tool_call_id": reply["tool_calls"][0]["id"], "content": "fine"}]
        await bench.client.post("/v1/chat/completions", json={"model": "chat", "messages": turns, "tools": [tool]})
        sent: Any = bench.providers[0].calls[-1].json["messages"]
        assert sent[1]["tool_plan"] == "Let me have a look."
        assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"] == reply["tool_calls"][0]["id"]
