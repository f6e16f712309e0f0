"""The official openai SDK's embeddings and moderations against the gateway."""

from __future__ import annotations

import openai
import pytest
from tests.gateway import CHAT, GEMINI, MESSAGES, gateway
from tests.sdk.test_openai import sdk

UPSTREAM = pytest.mark.parametrize("upstream", [CHAT, GEMINI, "cohere"])


@UPSTREAM
@pytest.mark.parametrize("dimensions", [256, None])
async def test_embeddings(upstream: str, dimensions: int | None) -> None:
    async with gateway(upstream) as bench, sdk(bench) as client:
        reply = await client.embeddings.create(
            model="chat", input=["a red fox", "a blue sky"], dimensions=dimensions or openai.omit
        )
        assert [one.index for one in reply.data] == [0, 1]
        size = dimensions or {CHAT: 1536, GEMINI: 3072}.get(upstream, 1024)
        assert [len(one.embedding) for one in reply.data] == [size, size]
        assert all(isinstance(number, float) for number in reply.data[0].embedding)
        assert reply.usage.prompt_tokens > 0
        plain = await client.embeddings.create(
            model="chat", input="a red fox", encoding_format="float", dimensions=dimensions or openai.omit
        )
        assert plain.data[0].embedding == pytest.approx(reply.data[0].embedding, abs=1e-6)


async def test_what_cannot_be_embedded_is_raised() -> None:
    async with gateway(GEMINI) as bench, sdk(bench) as client:
        with pytest.raises(openai.BadRequestError, match="not tokens"):
            await client.embeddings.create(model="chat", input=[1, 2, 3])


async def test_moderations() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        reply = await client.moderations.create(model="chat", input=["I will kill", "Good morning"])
        assert [one.flagged for one in reply.results] == [True, False]
        assert reply.results[0].categories.violence


async def test_where_nobody_moderates_it_is_said() -> None:
    async with gateway(MESSAGES) as bench, sdk(bench) as client:
        with pytest.raises(openai.BadRequestError, match="serves the operation 'moderate'"):
            await client.moderations.create(model="chat", input="x")
