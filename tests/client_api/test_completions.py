"""The legacy completions through the whole app: as they came where they are served, else asked as a chat."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, gateway
from tests.sdk.test_openai import sdk

from plexus.mock_provider import Status, Stream
from plexus.protocols.openai_chat.dialect import ChatDialect

NATIVE = {CHAT: ChatDialect(completions=True)}
BODY: Any = {"model": "chat", "prompt": "Hello", "max_tokens": 300}
OVER = pytest.mark.parametrize(
    ("upstream", "dialects"),
    [(CHAT, NATIVE), (CHAT, {}), (RESPONSES, {}), (MESSAGES, {}), (GEMINI, {}), ("ollama", {})],
)
SAID = "This is the mock provider"


@OVER
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_sdk_gets_its_text(upstream: str, dialects: Any, streamed: bool) -> None:
    async with gateway(upstream, dialects=dialects) as bench, sdk(bench) as client:
        if streamed:
            options: Any = {"stream": True, "stream_options": {"include_usage": True}}
            chunks = [one async for one in await client.completions.create(**BODY, **options)]
            text = "".join(choice.text for one in chunks for choice in one.choices)
            finish, usage = [choice.finish_reason for one in chunks for choice in one.choices][-1], chunks[-1].usage
        else:
            reply = await client.completions.create(**BODY)
            assert reply.object == "text_completion"
            text, finish, usage = reply.choices[0].text, reply.choices[0].finish_reason, reply.usage
        assert SAID in text
        assert finish == "stop"
        record = await bench.record()
        assert usage is not None
        assert record.usage is not None
        assert (usage.prompt_tokens, usage.completion_tokens) == (record.usage.input, record.usage.output)
        assert (record.operation, record.lane) == ("complete", "edit" if dialects else "translate")
        assert (record.finish, record.stream, record.notes) == ("stop", streamed, ())


async def test_a_native_call_keeps_its_bytes() -> None:
    async with gateway(CHAT, models=("chat",), dialects=NATIVE) as bench:
        raw = b'{"model":"chat" , "prompt":["Hello","Bye"],"echo":true, "logprobs":1}'
        reply = await bench.client.post("/v1/completions", content=raw)
        (call,) = bench.providers[0].calls
        assert (call.path, call.body) == ("/v1/completions", raw)
        assert [one["text"][:5] for one in reply.json()["choices"]] == ["Hello", "ByeTh"]
        assert (await bench.record()).lane == "pass"


async def test_usage_that_only_we_asked_for_is_withheld() -> None:
    async with gateway(CHAT, dialects=NATIVE) as bench:
        reply = await bench.client.post("/v1/completions", json={**BODY, "stream": True})
        chunks = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: {")]
        assert all(one["choices"] for one in chunks)
        assert reply.text.endswith("data: [DONE]\n\n")
        record = await bench.record()
        assert record.usage is not None
        assert not record.usage.estimated


async def test_losses_are_named_and_strictness_refuses_them() -> None:
    async with gateway(MESSAGES) as bench:
        body = {**BODY, "logprobs": 2, "best_of": 3}
        reply = await bench.client.post("/v1/completions", json=body)
        assert (reply.status_code, reply.headers["x-plexus-losses"]) == (200, "logprobs;foreign, best_of;foreign")
        strict = await bench.client.post("/v1/completions", json=body, headers={"x-plexus-strict": "true"})
        assert (strict.status_code, strict.json()["error"]["code"]) == (400, "loss_refused")


@pytest.mark.parametrize("more", [{"suffix": "x"}, {"echo": True}, {"prompt": ["a", "b"]}, {"prompt": [1, 2]}])
async def test_what_a_chat_cannot_do_is_a_400_or_goes_to_who_can(more: dict[str, Any]) -> None:
    async with gateway(MESSAGES) as bench:
        reply = await bench.client.post("/v1/completions", json={**BODY, **more})
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, next(iter(more)))
        assert not bench.providers[0].calls
    async with gateway(MESSAGES, CHAT, dialects=NATIVE) as bench:
        reply = await bench.client.post("/v1/completions", json={**BODY, **more})
        assert (reply.status_code, reply.headers["x-plexus-target"]) == (200, "p1/mock-chat")


async def test_failover_before_the_first_token_crosses_lanes() -> None:
    async with gateway(CHAT, MESSAGES, dialects=NATIVE) as bench:
        bench.providers[0].script(Status(500), Status(500))
        reply = await bench.client.post("/v1/completions", json={**BODY, "stream": True})
        assert (reply.status_code, reply.headers["x-plexus-target"]) == (200, "p1/mock-chat")
        assert "text_completion" in reply.text


@OVER
async def test_a_stream_that_is_cut_never_seems_complete(upstream: str, dialects: Any) -> None:
    async with gateway(upstream, dialects=dialects) as bench:
        bench.providers[0].script(Stream("Hello out there, " * 9, cut_after=8))
        reply = await bench.client.post("/v1/completions", json={**BODY, "stream": True})
        assert "[DONE]" not in reply.text
        assert '"error"' in reply.text
        record = await bench.record()
        assert (record.error, "partial" in record.notes) == ("upstream_cut", True)
