"""OpenAI's own Python SDK against the mock provider, directly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionMessageFunctionToolCall, ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel

from plexus.mock_provider import MockProvider, Status, Stream

PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
USER: ChatCompletionMessageParam = {"role": "user", "content": "What is the weather?"}
TOOLS: list[ChatCompletionToolParam] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name in ("get_weather", "get_time")
]


@asynccontextmanager
async def _client(provider: MockProvider | None = None) -> AsyncIterator[openai.AsyncOpenAI]:
    async with (
        (provider or MockProvider()).serve() as origin,
        openai.AsyncOpenAI(base_url=f"{origin}/v1", api_key="none", max_retries=0) as client,
    ):
        yield client


async def test_text() -> None:
    async with _client() as client:
        reply = await client.chat.completions.create(model="mock-chat", messages=[USER], n=2, logprobs=True)
    assert "What is the weather?" in (reply.choices[0].message.content or "")
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.choices[1].logprobs is not None


async def test_stream() -> None:
    async with _client() as client:
        stream = await client.chat.completions.create(
            model="mock-chat", messages=[USER], stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        without = await client.chat.completions.create(model="mock-chat", messages=[USER], stream=True)
        assert all([chunk.usage is None and chunk.choices async for chunk in without])
    assert "What is the weather?" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]


async def test_tool_loop_with_parallel_calls() -> None:
    async with _client() as client:
        first = await client.chat.completions.create(model="mock-tools", messages=[USER], tools=TOOLS)
        message = first.choices[0].message
        assert first.choices[0].finish_reason == "tool_calls"
        calls = [one for one in message.tool_calls or [] if isinstance(one, ChatCompletionMessageFunctionToolCall)]
        assert [one.function.name for one in calls] == ["get_weather", "get_time"]
        assert json.loads(calls[0].function.arguments) == {"city": "Paris"}
        answers: list[Any] = [
            {"role": "tool", "tool_call_id": one.id, "content": f"{one.function.name}: 18"} for one in calls
        ]
        again: list[Any] = [USER, message.to_dict(), *answers]
        second = await client.chat.completions.create(model="mock-tools", messages=again, tools=TOOLS)
    assert "get_time: 18" in (second.choices[0].message.content or "")


async def test_streamed_calls_are_put_together() -> None:
    async with (
        _client() as client,
        client.chat.completions.stream(model="mock-tools", messages=[USER], tools=TOOLS) as stream,
    ):
        done = [event async for event in stream if event.type == "tool_calls.function.arguments.done"]
        final = await stream.get_final_completion()
    assert [(event.name, event.arguments) for event in done] == [
        ("get_weather", '{"city":"Paris"}'),
        ("get_time", '{"city":"Paris"}'),
    ]
    assert len(final.choices[0].message.tool_calls or []) == 2


async def test_reasoning() -> None:
    async with _client() as client:
        reply = await client.chat.completions.create(model="mock-thinking", messages=[USER])
        stream = await client.chat.completions.create(model="mock-thinking", messages=[USER], stream=True)
        thought = "".join([getattr(one.choices[0].delta, "reasoning_content", None) or "" async for one in stream])
    shown = (reply.choices[0].message.model_extra or {})["reasoning_content"]
    assert shown.startswith("The user wants")
    assert thought == shown


class Weather(BaseModel):
    """What is asked for."""

    city: str
    degrees: int


async def test_structured_output() -> None:
    async with _client() as client:
        reply = await client.chat.completions.parse(model="mock-json", messages=[USER], response_format=Weather)
    assert reply.choices[0].message.parsed == Weather(city="Paris", degrees=1)


async def test_images_and_documents() -> None:
    content: Any = [
        {"type": "text", "text": "What are these?"},
        {"type": "image_url", "image_url": {"url": PNG}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQ="}},
    ]
    async with _client() as client:
        reply = await client.chat.completions.create(model="mock-chat", messages=[{"role": "user", "content": content}])
    assert "image, document" in (reply.choices[0].message.content or "")


async def test_models() -> None:
    async with _client() as client:
        listed = [model.id async for model in client.models.list()]
        assert (await client.models.retrieve("mock-chat")).id == "mock-chat"
    assert listed[0] == "mock-chat"


@pytest.mark.parametrize(
    ("step", "kind", "code"),
    [
        (Status(400), openai.BadRequestError, None),
        (Status(400, kind="context-length"), openai.BadRequestError, "context_length_exceeded"),
        (Status(401), openai.AuthenticationError, "invalid_api_key"),
        (Status(403), openai.PermissionDeniedError, "permission_denied"),
        (Status(404, kind="model"), openai.NotFoundError, "model_not_found"),
        (Status(409), openai.ConflictError, None),
        (Status(422), openai.UnprocessableEntityError, None),
        (Status(429), openai.RateLimitError, "rate_limit_exceeded"),
        (Status(500), openai.InternalServerError, None),
        (Status(529), openai.InternalServerError, "overloaded"),
    ],
)
async def test_errors_are_the_sdks_own(step: Status, kind: type[openai.APIStatusError], code: str | None) -> None:
    provider = MockProvider()
    provider.script(step)
    async with _client(provider) as client:
        with pytest.raises(kind) as caught:
            await client.chat.completions.create(model="mock-chat", messages=[USER])
    assert caught.value.code == code
    assert (caught.value.request_id or "").startswith("req_")


async def test_the_sdk_itself_is_refused_for_nonsense() -> None:
    async with _client() as client:
        with pytest.raises(openai.BadRequestError, match="tool_choice") as caught:
            await client.chat.completions.create(model="mock-chat", messages=[USER], tool_choice="any")  # type: ignore[call-overload]
    assert caught.value.param == "tool_choice"


async def test_an_error_in_the_middle_of_a_stream_is_raised() -> None:
    provider = MockProvider()
    provider.script(Stream("one two three", error_after=2))
    async with _client(provider) as client:
        stream = await client.chat.completions.create(model="mock-chat", messages=[USER], stream=True)
        with pytest.raises(openai.APIError, match="Overloaded"):
            await anext(chunk async for chunk in stream if chunk.choices[0].finish_reason)


async def test_retries_follow_the_transcript() -> None:
    provider = MockProvider()
    provider.script(Status(429, headers={"retry-after-ms": "1"}), Status(503, headers={"retry-after-ms": "1"}))
    async with _client(provider) as client:
        await client.with_options(max_retries=2).chat.completions.create(model="mock-chat", messages=[USER])
    assert len(provider.calls) == 3


async def test_abort() -> None:
    provider = MockProvider()
    provider.script(Stream("one two three", stall_after=3))
    async with _client(provider) as client:
        stream = await client.chat.completions.create(model="mock-chat", messages=[USER], stream=True)
        await anext(stream)
        await provider.stalled()
        await stream.close()
        await asyncio.wait_for(provider.calls[0].done(), 10)
    assert provider.calls[0].disconnected
