"""OpenAI's own Python SDK speaks Responses with the mock provider, directly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import pytest

from plexus.mock_provider import MockProvider, Status


@asynccontextmanager
async def _client(provider: MockProvider | None = None) -> AsyncIterator[openai.AsyncOpenAI]:
    async with (
        (provider or MockProvider()).serve() as origin,
        openai.AsyncOpenAI(base_url=f"{origin}/v1", api_key="none", max_retries=0) as client,
    ):
        yield client


async def test_a_conversation_that_is_kept() -> None:
    async with _client() as client:
        first = await client.responses.create(model="mock-chat", input="Remember blue.")
        second = await client.responses.create(model="mock-chat", input="Say it.", previous_response_id=first.id)
        assert "Say it." in second.output_text
        read = await client.responses.retrieve(second.id)
        items = await client.responses.input_items.list(second.id)
        await client.responses.delete(second.id)
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(second.id)
    assert read == second
    assert len(items.data) == 3


async def test_a_stream_with_thoughts() -> None:
    async with (
        _client() as client,
        client.responses.stream(
            model="mock-chat", input="Think.", reasoning={"effort": "low", "summary": "auto"}
        ) as stream,
    ):
        kinds = [event.type async for event in stream]
        final = await stream.get_final_response()
    assert kinds[-1] == "response.completed"
    assert "response.reasoning_summary_text.delta" in kinds
    assert "Think." in final.output_text


async def test_errors() -> None:
    provider = MockProvider()
    provider.script(Status(429, retry_after=1))
    async with _client(provider) as client:
        with pytest.raises(openai.RateLimitError):
            await client.responses.create(model="mock-chat", input="Hi")
        with pytest.raises(openai.BadRequestError, match="max_output_tokens"):
            await client.responses.create(model="mock-chat", input="Hi", max_output_tokens=1)


async def test_the_other_operations() -> None:
    async with _client() as client:
        vectors = await client.embeddings.create(model="mock-embed", input=["a", "b"], dimensions=8)
        heard = await client.audio.transcriptions.create(model="mock-ear", file=("a.wav", b"RIFF0000"))
        edited = await client.images.edit(image=("a.png", b"PNG"), prompt="More cat")
        spoken = await client.audio.speech.create(model="mock-voice", input="Hello", voice="alloy")
        legacy = await client.completions.create(model="mock-echo", prompt="Hello")
        judged = await client.moderations.create(input="I will kill")
    assert [len(one.embedding) for one in vectors.data] == [8, 8]
    assert "a.wav" in heard.text
    assert edited.data
    assert spoken.content
    assert legacy.choices[0].text == "Hello"
    assert judged.results[0].flagged
