"""The official google-genai SDK against the gateway, over each upstream protocol."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from tests.builders import SECRET
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, UPSTREAMS, Bench, gateway
from tests.sdk.material import CITY, PDF, png

UPSTREAM = pytest.mark.parametrize("upstream", UPSTREAMS)
READS_PDF = pytest.mark.parametrize("upstream", [CHAT, RESPONSES, MESSAGES, GEMINI])
STREAMED = pytest.mark.parametrize("streamed", [False, True])
TOOLS: Any = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(name=name, description="d", parameters_json_schema=CITY)
        for name in ("weather", "time")
    ]
)


@asynccontextmanager
async def sdk(bench: Bench) -> AsyncIterator[Any]:
    options = types.HttpOptions(base_url=bench.url, retry_options=types.HttpRetryOptions(attempts=1))
    client = genai.Client(api_key=SECRET, http_options=options)
    async with client.aio as aio:
        yield aio.models
    client.close()


async def generate(models: Any, streamed: bool, contents: Any, **config: Any) -> Any:
    """The reply and its parts, either way."""
    ask = {"model": "chat", "contents": contents, "config": {"max_output_tokens": 300, **config}}
    if not streamed:
        reply = await models.generate_content(**ask)
        return reply, list(reply.candidates[0].content.parts)
    chunks = [chunk async for chunk in await models.generate_content_stream(**ask)]
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts or []]
    return chunks[-1], parts


def words(parts: list[Any]) -> str:
    return "".join(part.text for part in parts if part.text and not part.thought)


@UPSTREAM
@STREAMED
async def test_text(upstream: str, streamed: bool) -> None:
    async with gateway(upstream) as bench, sdk(bench) as models:
        reply, parts = await generate(models, streamed, "Hello", system_instruction="Be kind.")
        assert "Hello" in words(parts)
        assert reply.candidates[0].finish_reason is types.FinishReason.STOP
        record = await bench.record()
        assert record.usage is not None
        assert record.usage.output == reply.usage_metadata.candidates_token_count > 0
        assert record.usage.input == reply.usage_metadata.prompt_token_count > 0
        assert (record.protocol, record.model) == ("gemini", "chat")
        assert record.stream is streamed


@UPSTREAM
@STREAMED
async def test_parallel_tools_there_and_back(upstream: str, streamed: bool) -> None:
    async with gateway(upstream, models=("mock-tools",)) as bench, sdk(bench) as models:
        _, parts = await generate(models, streamed, "Hello", tools=[TOOLS])
        calls = [part.function_call for part in parts if part.function_call]
        assert [call.name for call in calls] == ["weather", "time"]
        assert all(set(call.args) == {"city"} for call in calls)
        answers = [
            types.Part(
                function_response=types.FunctionResponse(
                    name=call.name, id=call.id, response={"output": f"{call.name}: ok"}
                )
            )
            for call in calls
        ]
        turns = [
            types.UserContent("Hello"),
            types.Content(role="model", parts=[part for part in parts if part.text or part.function_call]),
            types.Content(role="user", parts=answers),
        ]
        _, last = await generate(models, streamed, turns, tools=[TOOLS])
        assert "ok" in words(last)


@READS_PDF
async def test_image_and_pdf_arrive(upstream: str) -> None:
    contents = [
        "Look",
        types.Part.from_bytes(data=base64.b64decode(png()), mime_type="image/png"),
        types.Part.from_bytes(data=base64.b64decode(PDF), mime_type="application/pdf"),
    ]
    async with gateway(upstream) as bench, sdk(bench) as models:
        await generate(models, False, contents)
        (call,) = bench.providers[0].calls
        sent = call.body.replace(b"-", b"+").replace(b"_", b"/")
        assert png().encode() in sent
        assert PDF.encode() in sent


@STREAMED
async def test_signed_thoughts_go_there_and_back(streamed: bool) -> None:
    thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=2000)
    async with gateway(MESSAGES, models=("mock-thinking",)) as bench, sdk(bench) as models:
        turns: list[Any] = [types.UserContent("Hello")]
        for _ in range(3):
            _, parts = await generate(models, streamed, turns, thinking_config=thinking, max_output_tokens=9000)
            assert any(part.thought for part in parts)
            assert any(part.thought_signature for part in parts)
            turns += [types.Content(role="model", parts=parts), types.UserContent("And then?")]
        sent: Any = bench.providers[0].calls[-1].json["messages"]
        thoughts = [block for turn in sent for block in turn["content"] if isinstance(block, dict)]
        signed = [block["signature"] for block in thoughts if block.get("type") == "thinking"]
        assert len(signed) == 2
        assert all(signature and not signature.startswith(("plx1", "cGx4")) for signature in signed)


@STREAMED
async def test_a_state_without_words_comes_back_on_its_call(streamed: bool) -> None:
    """A client that drops thoughts, as the Gemini CLI does, still gives back what the provider needs."""
    thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=2000)
    async with gateway(MESSAGES, models=("mock-redacted",)) as bench, sdk(bench) as models:
        ask: Any = {"thinking_config": thinking, "max_output_tokens": 9000, "tools": [TOOLS]}
        _, parts = await generate(models, streamed, "Hello", **ask)
        turns = [
            types.UserContent("Hello"),
            types.Content(role="model", parts=[part for part in parts if not part.thought]),
            types.UserContent("And then?"),
        ]
        await generate(models, streamed, turns, **ask)
        sent: Any = bench.providers[0].calls[-1].json["messages"]
        kinds = [block["type"] for turn in sent for block in turn["content"] if isinstance(block, dict)]
        assert "redacted_thinking" in kinds


@UPSTREAM
async def test_structured_output(upstream: str) -> None:
    async with gateway(upstream, models=("mock-json",)) as bench, sdk(bench) as models:
        _, parts = await generate(
            models, False, "Hello", response_mime_type="application/json", response_json_schema=CITY
        )
        assert set(json.loads(words(parts))) == {"city"}


@UPSTREAM
async def test_tokens_are_counted(upstream: str) -> None:
    async with gateway(upstream) as bench, sdk(bench) as models:
        count = await models.count_tokens(model="chat", contents="Hello there")
        assert count.total_tokens > 0
        assert len(bench.providers[0].calls) == (1 if upstream == GEMINI else 0)
        record = await bench.record()
        assert ("tokens_estimated" in record.notes) == (upstream != GEMINI)


async def test_models_are_listed() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as models:
        listed = [model.name async for model in await models.list()]
        assert listed == ["models/chat"]
        assert (await models.get(model="chat")).name == "models/chat"


ERRORS = [
    ("400", errors.ClientError, 400),
    ("401", errors.ServerError, 502),
    ("429-retry-after-long", errors.ClientError, 429),
    ("500", errors.ServerError, 502),
]


@UPSTREAM
@pytest.mark.parametrize(("fault", "kind", "code"), ERRORS)
async def test_errors_are_the_sdks_own(upstream: str, fault: str, kind: type[errors.APIError], code: int) -> None:
    async with gateway(upstream, models=(f"mock-fault-{fault}",)) as bench, sdk(bench) as models:
        with pytest.raises(kind) as raised:
            await generate(models, False, "Hello")
        assert raised.value.code == code


@UPSTREAM
async def test_a_stream_that_breaks_raises(upstream: str) -> None:
    async with gateway(upstream, models=("mock-fault-cut-mid-stream",)) as bench, sdk(bench) as models:
        with pytest.raises(errors.ServerError):
            await generate(models, True, "Hello")


@pytest.mark.parametrize("upstream", [GEMINI, CHAT, "cohere"])
@pytest.mark.parametrize("contents", ["a red fox", ["a red fox", "a blue sky"]])
async def test_embeddings(upstream: str, contents: Any) -> None:
    async with gateway(upstream) as bench, sdk(bench) as models:
        config = types.EmbedContentConfig(task_type="RETRIEVAL_QUERY", output_dimensionality=256)
        reply = await models.embed_content(model="chat", contents=contents, config=config)
        assert [len(one.values) for one in reply.embeddings] == [256] * (1 if isinstance(contents, str) else 2)
        assert (await bench.record()).operation == "embed"
