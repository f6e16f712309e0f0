"""The official anthropic SDK against the gateway, over each upstream protocol."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import pytest
from tests.builders import SECRET
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, UPSTREAMS, Bench, gateway
from tests.sdk.material import CITY, PDF, png

UPSTREAM = pytest.mark.parametrize("upstream", UPSTREAMS)
READS_PDF = pytest.mark.parametrize("upstream", [CHAT, RESPONSES, MESSAGES, GEMINI])
TOOLS: Any = [{"name": name, "description": "d", "input_schema": CITY} for name in ("weather", "time")]
HELLO: Any = [{"role": "user", "content": "Hello"}]


def sdk(bench: Bench) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=bench.url, api_key=SECRET, max_retries=0)


@UPSTREAM
@pytest.mark.parametrize("streamed", [False, True])
async def test_text(upstream: str, streamed: bool) -> None:
    async with gateway(upstream) as bench, sdk(bench) as client:
        ask: Any = {"model": "chat", "max_tokens": 300, "messages": HELLO, "system": "Be kind."}
        if streamed:
            async with client.messages.stream(**ask) as stream:
                reply = await stream.get_final_message()
        else:
            reply = await client.messages.create(**ask)
        (block,) = reply.content
        assert block.type == "text"
        assert "Hello" in block.text
        assert reply.stop_reason == "end_turn"
        record = await bench.record()
        assert record.usage is not None
        assert record.usage.output == reply.usage.output_tokens > 0
        assert record.usage.input == reply.usage.input_tokens > 0


@UPSTREAM
@pytest.mark.parametrize("streamed", [False, True])
async def test_parallel_tools_there_and_back(upstream: str, streamed: bool) -> None:
    async with gateway(upstream, models=("mock-tools",)) as bench, sdk(bench) as client:
        messages = list(HELLO)
        ask: Any = {"model": "chat", "max_tokens": 300, "tools": TOOLS}
        if streamed:
            async with client.messages.stream(messages=messages, **ask) as stream:
                reply: Any = await stream.get_final_message()
        else:
            reply = await client.messages.create(messages=messages, **ask)
        calls = [block for block in reply.content if block.type == "tool_use"]
        assert reply.stop_reason == "tool_use"
        assert [call.name for call in calls] == ["weather", "time"]
        assert all(set(call.input) == {"city"} for call in calls)
        messages.append({"role": "assistant", "content": [block.to_dict() for block in reply.content]})
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": f"{call.name}: fine"} for call in calls]
        messages.append({"role": "user", "content": results})
        last: Any = await client.messages.create(messages=messages, **ask)
        assert last.stop_reason == "end_turn"
        assert "fine" in last.content[0].text


@READS_PDF
async def test_image_and_pdf_arrive(upstream: str) -> None:
    parts: Any = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": png()}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}},
        {"type": "text", "text": "Look"},
    ]
    async with gateway(upstream) as bench, sdk(bench) as client:
        await client.messages.create(model="chat", max_tokens=300, messages=[{"role": "user", "content": parts}])
        (call,) = bench.providers[0].calls
        assert png().encode() in call.body
        assert PDF.encode() in call.body


@UPSTREAM
@pytest.mark.parametrize("streamed", [False, True])
async def test_thinking_goes_there_and_back(upstream: str, streamed: bool) -> None:
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    async with gateway(upstream, models=("mock-thinking",)) as bench, sdk(bench) as client:
        messages = list(HELLO)
        ask: Any = {"model": "chat", "max_tokens": 3000, "thinking": thinking}
        for _ in range(3):
            if streamed:
                async with client.messages.stream(messages=messages, **ask) as stream:
                    reply: Any = await stream.get_final_message()
            else:
                reply = await client.messages.create(messages=messages, **ask)
            kinds = [block.type for block in reply.content]
            assert kinds[-1] == "text"
            if upstream == MESSAGES:
                assert kinds[0] == "thinking"
                assert reply.content[0].signature
            messages.append({"role": "assistant", "content": [block.to_dict() for block in reply.content]})
            messages.append({"role": "user", "content": "And then?"})
        if upstream == MESSAGES:
            sent = bench.providers[0].calls[-1].json["messages"]
            assert isinstance(sent, list)
            assert [block["signature"] for turn in sent[1::2] for block in turn["content"][:1]]


@UPSTREAM
async def test_count_tokens(upstream: str) -> None:
    async with gateway(upstream) as bench, sdk(bench) as client:
        count = await client.messages.count_tokens(model="chat", messages=HELLO)
        assert count.input_tokens > 0
        paths = [call.path for call in bench.providers[0].calls]
        assert paths == (["/v1/messages/count_tokens"] if upstream == MESSAGES else [])


ERRORS = [
    ("400", anthropic.BadRequestError),
    ("401", anthropic.InternalServerError),
    ("429-retry-after-long", anthropic.RateLimitError),
    ("500", anthropic.InternalServerError),
    ("529", anthropic.InternalServerError),
]


@UPSTREAM
@pytest.mark.parametrize(("fault", "kind"), ERRORS)
async def test_errors_are_the_sdks_own(upstream: str, fault: str, kind: type[anthropic.APIStatusError]) -> None:
    async with gateway(upstream, models=(f"mock-fault-{fault}",)) as bench, sdk(bench) as client:
        with pytest.raises(kind):
            await client.messages.create(model="chat", max_tokens=300, messages=HELLO)


@UPSTREAM
async def test_a_stream_that_breaks_raises(upstream: str) -> None:
    async with gateway(upstream, models=("mock-fault-cut-mid-stream",)) as bench, sdk(bench) as client:
        with pytest.raises(anthropic.APIError):
            async with client.messages.stream(model="chat", max_tokens=300, messages=HELLO) as stream:
                await stream.get_final_message()


async def test_keys_and_models() -> None:
    async with gateway(MESSAGES) as bench:
        async with sdk(bench) as client:
            assert [model.id async for model in client.models.list()] == ["chat"]
            assert (await client.models.retrieve("chat")).type == "model"
            with pytest.raises(anthropic.NotFoundError):
                await client.messages.create(model="other", max_tokens=300, messages=HELLO)
        async with anthropic.AsyncAnthropic(base_url=bench.url, api_key="sk-wrong", max_retries=0) as stranger:
            with pytest.raises(anthropic.AuthenticationError):
                await stranger.messages.create(model="chat", max_tokens=300, messages=HELLO)


@UPSTREAM
async def test_abort_reaches_the_provider(upstream: str) -> None:
    async with gateway(upstream, models=("mock-fault-stall",)) as bench, sdk(bench) as client:
        async with client.messages.stream(model="chat", max_tokens=300, messages=HELLO) as stream:
            async for _ in stream:
                break
        (call,) = bench.providers[0].calls
        await call.done()
        assert call.disconnected
        assert (await bench.record()).status == 499


@UPSTREAM
async def test_structured_output(upstream: str) -> None:
    form: Any = {"format": {"type": "json_schema", "schema": CITY}}
    async with gateway(upstream, models=("mock-json",)) as bench, sdk(bench) as client:
        reply: Any = await client.messages.create(model="chat", max_tokens=300, messages=HELLO, output_config=form)
        assert set(json.loads(reply.content[0].text)) == {"city"}


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_signature_of_geminis_call_comes_back(streamed: bool) -> None:
    """Gemini refuses a call that comes back without its signature; Messages has no place on the call for one."""
    tools: Any = [{"name": name, "input_schema": CITY} for name in ("weather", "time")]
    async with gateway(GEMINI, models=("mock-thinking-tools",)) as bench, sdk(bench) as client:
        messages = list(HELLO)
        ask: Any = {
            "model": "chat", "max_tokens": 3000, "thinking": {"type": "enabled", "budget_tokens": 1024}, "tools": tools,
        }  # fmt: skip
        for _ in range(2):
            if streamed:
                async with client.messages.stream(messages=messages, **ask) as stream:
                    reply: Any = await stream.get_final_message()
            else:
                reply = await client.messages.create(messages=messages, **ask)
            messages.append({"role": "assistant", "content": [block.to_dict() for block in reply.content]})
            calls = [block for block in reply.content if block.type == "tool_use"]
            if calls:
                results = [{"type": "tool_result", "tool_use_id": call.id, "content": "fine"} for call in calls]
                messages.append({"role": "user", "content": results})
        sent: Any = bench.providers[0].calls[-1].json["contents"]
        signed = [part.get("thoughtSignature") for turn in sent for part in turn["parts"] if "functionCall" in part]
        assert len(bench.providers[0].calls) == 2
        assert signed[0]
        assert not signed[0].startswith(("plx1", "cGx4"))


async def test_what_a_chat_provider_thought_goes_back_as_it_came() -> None:
    """Chat Completions signs nothing: whatever the client was given is taken back, unchanged, and the turn goes on."""
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    async with gateway(CHAT, models=("mock-thinking",)) as bench, sdk(bench) as client:
        ask: Any = {"model": "chat", "max_tokens": 3000, "thinking": thinking}
        first: Any = await client.messages.create(messages=HELLO, **ask)
        blocks = [block.to_dict() for block in first.content]
        messages = [*HELLO, {"role": "assistant", "content": blocks}, {"role": "user", "content": "And then?"}]
        second: Any = await client.messages.create(messages=messages, **ask)
        assert second.content[-1].type == "text"
        sent: Any = bench.providers[0].calls[-1].json["messages"]
        assert [turn["role"] for turn in sent] == ["user", "assistant", "user"]
        assert b"plx1" not in bench.providers[0].calls[-1].body, "our envelope is opened before anything goes up"
