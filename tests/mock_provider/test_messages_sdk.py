"""Anthropic's own Python SDK against the mock provider, directly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import pytest
from anthropic.types import MessageParam, ToolParam
from pydantic import BaseModel

from plexus.mock_provider import MockProvider, Status, Stream

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
USER: MessageParam = {"role": "user", "content": "What is the weather?"}
TOOLS: list[ToolParam] = [
    {
        "name": name,
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    for name in ("get_weather", "get_time")
]


@asynccontextmanager
async def _client(provider: MockProvider | None = None) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with (
        (provider or MockProvider()).serve() as origin,
        anthropic.AsyncAnthropic(base_url=origin, api_key="none", max_retries=0) as client,
    ):
        yield client


def _results(message: anthropic.types.Message) -> list[Any]:
    """The conversation's next two turns: the calls, and what the tools answered."""
    answers = [
        {"type": "tool_result", "tool_use_id": block.id, "content": f"{block.name}: 18"}
        for block in message.content
        if block.type == "tool_use"
    ]
    return [{"role": "assistant", "content": message.content}, {"role": "user", "content": answers}]


async def test_text() -> None:
    async with _client() as client:
        reply = await client.messages.create(model="mock-chat", max_tokens=100, messages=[USER])
    (block,) = reply.content
    assert block.type == "text"
    assert "What is the weather?" in block.text
    assert (reply.stop_reason, reply.usage.input_tokens > 0) == ("end_turn", True)


async def test_stream() -> None:
    async with (
        _client() as client,
        client.messages.stream(model="mock-chat", max_tokens=100, messages=[USER]) as stream,
    ):
        text = "".join([piece async for piece in stream.text_stream])
        final = await stream.get_final_message()
    assert "What is the weather?" in text
    assert final.usage.output_tokens > 1


@pytest.mark.parametrize("streamed", [True, False])
async def test_tool_loop_with_parallel_calls(streamed: bool) -> None:
    async with _client() as client:
        options: dict[str, Any] = {"model": "mock-tools", "max_tokens": 100, "tools": TOOLS}
        if streamed:
            async with client.messages.stream(messages=[USER], **options) as stream:
                first = await stream.get_final_message()
        else:
            first = await client.messages.create(messages=[USER], **options)
        assert [(block.name, block.input) for block in first.content if block.type == "tool_use"] == [
            ("get_weather", {"city": "Paris"}),
            ("get_time", {"city": "Paris"}),
        ]
        assert first.stop_reason == "tool_use"
        second = await client.messages.create(messages=[USER, *_results(first)], **options)
    assert "get_time: 18" in second.content[0].text


@pytest.mark.parametrize(
    "thinking", [{"type": "enabled", "budget_tokens": 1024}, {"type": "adaptive", "display": "omitted"}]
)
async def test_thinking_over_several_turns_keeps_its_signatures(thinking: Any) -> None:
    async with _client() as client:
        options: dict[str, Any] = {"model": "mock-tools", "max_tokens": 2000, "tools": TOOLS, "thinking": thinking}
        async with client.messages.stream(messages=[USER], **options) as stream:
            first = await stream.get_final_message()
        assert [block.type for block in first.content] == ["thinking", "tool_use", "tool_use"]
        second = await client.messages.create(messages=[USER, *_results(first)], **options)
        assert second.content[-1].type == "text"
        thought = first.content[0].to_dict()
        forged = first.model_copy(update={"content": [thought | {"signature": "forged"}, *first.content[1:]]})
        with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
            await client.messages.create(
                messages=[USER, {"role": "assistant", "content": forged.content}, _results(first)[1]], **options
            )


async def test_another_providers_thinking_is_refused() -> None:
    async with _client(MockProvider(name="one")) as one, _client(MockProvider(name="two")) as two:
        options: dict[str, Any] = {"model": "mock-redacted", "max_tokens": 2000}
        first = await one.messages.create(messages=[USER], **options)
        again: list[Any] = [USER, {"role": "assistant", "content": first.content}, USER]
        await one.messages.create(messages=again, **options)
        with pytest.raises(anthropic.BadRequestError, match="redacted_thinking"):
            await two.messages.create(messages=again, **options)


class Weather(BaseModel):
    """What is asked for."""

    city: str
    degrees: int


async def test_structured_output() -> None:
    async with _client() as client:
        reply = await client.messages.parse(model="mock-json", max_tokens=100, messages=[USER], output_format=Weather)
    assert reply.parsed_output == Weather(city="Paris", degrees=1)


async def test_count_tokens_agrees_with_the_message() -> None:
    async with _client() as client:
        counted = await client.messages.count_tokens(
            model="mock-chat", messages=[USER], system="Be brief.", tools=TOOLS
        )
        reply = await client.messages.create(
            model="mock-chat", max_tokens=10, messages=[USER], system="Be brief.", tools=TOOLS
        )
    assert counted.input_tokens == reply.usage.input_tokens


async def test_images_and_documents() -> None:
    content: Any = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQ="}},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        {"type": "text", "text": "What are these?"},
    ]
    async with _client() as client:
        reply = await client.messages.create(
            model="mock-chat", max_tokens=100, messages=[{"role": "user", "content": content}]
        )
    assert "image, document, image" in reply.content[0].text  # type: ignore[union-attr]


async def test_models() -> None:
    async with _client() as client:
        listed = [model.id async for model in client.models.list()]
        assert (await client.models.retrieve("mock-chat")).display_name == "mock-chat"
    assert listed[0] == "mock-chat"


@pytest.mark.parametrize(
    ("step", "kind", "typed"),
    [
        (Status(400), anthropic.BadRequestError, "invalid_request_error"),
        (Status(401), anthropic.AuthenticationError, "authentication_error"),
        (Status(403), anthropic.PermissionDeniedError, "permission_error"),
        (Status(404), anthropic.NotFoundError, "not_found_error"),
        (Status(413), anthropic.RequestTooLargeError, "request_too_large"),
        (Status(429), anthropic.RateLimitError, "rate_limit_error"),
        (Status(500), anthropic.InternalServerError, "api_error"),
        (Status(529), anthropic.OverloadedError, "overloaded_error"),
    ],
)
async def test_errors_are_the_sdks_own(step: Status, kind: type[anthropic.APIStatusError], typed: str) -> None:
    provider = MockProvider()
    provider.script(step)
    async with _client(provider) as client:
        with pytest.raises(kind) as caught:
            await client.messages.create(model="mock-chat", max_tokens=10, messages=[USER])
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == typed
    assert (caught.value.request_id or "").startswith("req_011C")


async def _read(client: anthropic.AsyncAnthropic, seen: list[str]) -> None:
    """Note the types of a stream's events."""
    async with client.messages.stream(model="mock-chat", max_tokens=10, messages=[USER]) as stream:
        async for event in stream:
            seen.append(event.type)  # noqa: PERF401 - a comprehension would lose what came before the error


async def test_an_error_in_the_middle_of_a_stream_is_raised() -> None:
    provider = MockProvider()
    provider.script(Stream("one two three", error_after=5))
    seen: list[str] = []
    async with _client(provider) as client:
        with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
            await _read(client, seen)
    assert seen[-1] == "text"


async def test_abort() -> None:
    provider = MockProvider()
    provider.script(Stream("one two three", stall_after=4))
    async with _client(provider) as client:
        async with client.messages.stream(model="mock-chat", max_tokens=10, messages=[USER]) as stream:
            await anext(aiter(stream))
            await provider.stalled()
        await asyncio.wait_for(provider.calls[0].done(), 10)
    assert provider.calls[0].disconnected
