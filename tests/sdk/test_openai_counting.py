"""Counting and compacting with the openai SDK, over each protocol upstream."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.responses import ResponseInputItemParam
from tests.builders import SECRET
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, gateway
from tests.kept import kept

TURNS: list[ResponseInputItemParam] = [
    {"role": "user", "content": "Hello there, how are you?"},
    {"role": "assistant", "content": "Fine. And you?"},
    {"role": "user", "content": "Fine too."},
]


@pytest.mark.parametrize("upstream", [CHAT, MESSAGES, RESPONSES, GEMINI])
async def test_input_tokens_are_counted(upstream: str) -> None:
    async with gateway(upstream) as bench, AsyncOpenAI(api_key=SECRET, base_url=f"{bench.url}/v1") as client:
        raw = await client.responses.input_tokens.with_raw_response.count(model="chat", input=TURNS)
        counted = raw.parse()
        assert counted.object == "response.input_tokens"
        assert 10 < counted.input_tokens < 60
        native = upstream == RESPONSES
        assert raw.headers.get("x-plexus-estimated") == (None if native else "true")
        assert len(bench.providers[0].calls) == native
        record = await bench.record()
        assert (record.operation, record.status, record.usage) == ("count_tokens", 200, None)


async def test_earlier_turns_count(tmp_path: Path) -> None:
    async with (
        kept(tmp_path) as store,
        gateway(CHAT, state=store.state) as bench,
        AsyncOpenAI(api_key=SECRET, base_url=f"{bench.url}/v1") as client,
    ):
        first = await client.responses.create(model="chat", input="word " * 500)
        alone = await client.responses.input_tokens.count(model="chat", input="And?")
        whole = await client.responses.input_tokens.count(model="chat", input="And?", previous_response_id=first.id)
        assert whole.input_tokens > alone.input_tokens + 300
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.input_tokens.count(model="chat", input="And?", previous_response_id="resp_nope")
        assert refused.value.code == "previous_response_not_found"


async def test_turns_are_compacted_by_who_can_and_go_on() -> None:
    async with gateway(CHAT, RESPONSES) as bench, AsyncOpenAI(api_key=SECRET, base_url=f"{bench.url}/v1") as client:
        compacted = await client.responses.compact(model="chat", input=TURNS, instructions="Be brief.")
        assert compacted.object == "response.compaction"
        assert compacted.output[-1].type == "compaction"
        assert len(bench.providers[0].calls) == 0
        record = await bench.record()
        assert record.usage is not None
        assert (record.usage.input, record.usage.output) == (
            compacted.usage.input_tokens,
            compacted.usage.output_tokens,
        )
        assert (record.operation, record.lane) == ("compact", "edit")


@pytest.mark.parametrize("upstream", [CHAT, MESSAGES, GEMINI])
async def test_where_nobody_can_compact_the_error_says_what_to_do(upstream: str) -> None:
    async with gateway(upstream) as bench, AsyncOpenAI(api_key=SECRET, base_url=f"{bench.url}/v1") as client:
        with pytest.raises(openai.NotFoundError) as refused:
            await client.responses.compact(model="chat", input=TURNS)
        assert refused.value.code == "operation_not_supported"
        assert len(bench.providers[0].calls) == 0
