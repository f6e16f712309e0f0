"""The vendors' SDKs on a provider's own API behind ``/raw``: only the address differs."""

from __future__ import annotations

from typing import Any

import anthropic
import openai
from tests.builders import SECRET, key
from tests.gateway import CHAT, MESSAGES, gateway

OPEN: dict[str, Any] = {"keys": (key(passthrough=True),), "account": {"passthrough": ()}}


async def test_openai() -> None:
    async with gateway(CHAT, **OPEN) as bench:
        async with openai.AsyncOpenAI(base_url=f"{bench.url}/raw/p0/v1", api_key=SECRET, max_retries=0) as client:
            assert [model.id async for model in client.models.list()]
            stream = await client.chat.completions.create(
                model="mock-chat",
                messages=[{"role": "user", "content": "Hello"}],
                stream=True,
                stream_options={"include_usage": True},
            )
            usage = [chunk.usage async for chunk in stream][-1]
        assert usage is not None
        record = bench.journal.records[-1]
        assert record.usage is not None
        assert (record.usage.input, record.usage.output) == (usage.prompt_tokens, usage.completion_tokens)
        assert {call.headers.get(b"authorization") for call in bench.providers[0].calls} == {b"Bearer upstream-secret"}


async def test_anthropic() -> None:
    async with gateway(MESSAGES, **OPEN) as bench:
        async with anthropic.AsyncAnthropic(base_url=f"{bench.url}/raw/p0", api_key=SECRET, max_retries=0) as client:
            reply = await client.messages.create(
                model="mock-chat", max_tokens=100, messages=[{"role": "user", "content": "Hello"}]
            )
        assert reply.usage.output_tokens > 0
        (call,) = bench.providers[0].calls
        assert call.headers.get(b"x-api-key") == b"upstream-secret"
        assert (await bench.record()).operation == "raw"
