"""The official openai SDK against the gateway, over each upstream protocol."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from tests.builders import SECRET
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, UPSTREAMS, Bench, gateway
from tests.sdk.material import CITY, PDF, png

from plexus.mock_provider import Status
from plexus.mock_provider.signature import is_genuine

UPSTREAM = pytest.mark.parametrize("upstream", UPSTREAMS)
READS_PDF = pytest.mark.parametrize("upstream", [CHAT, RESPONSES, MESSAGES, GEMINI])
TOOLS: Any = [
    {"type": "function", "function": {"name": name, "description": "d", "parameters": CITY}}
    for name in ("weather", "time")
]
HELLO: Any = [{"role": "user", "content": "Hello"}]


def sdk(bench: Bench, **more: Any) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{bench.url}/v1", api_key=SECRET, max_retries=0, **more)


@UPSTREAM
async def test_text(upstream: str) -> None:
    async with gateway(upstream) as bench, sdk(bench) as client:
        reply = await client.chat.completions.create(model="chat", messages=HELLO)
        assert "Hello" in (reply.choices[0].message.content or "")
        assert reply.choices[0].finish_reason == "stop"
        assert reply.usage is not None
        assert reply.usage.completion_tokens > 0
        record = await bench.record()
        assert record.usage is not None
        assert record.usage.output == reply.usage.completion_tokens
        assert record.usage.input == reply.usage.prompt_tokens


@UPSTREAM
async def test_stream(upstream: str) -> None:
    async with gateway(upstream) as bench, sdk(bench) as client:
        stream = await client.chat.completions.create(
            model="chat", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        said = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
        assert "Hello" in said
        assert chunks[-1].usage is not None
        assert chunks[-1].choices == []
        assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == [
            "stop"
        ]


@UPSTREAM
async def test_usage_that_was_not_asked_for_is_counted_and_not_shown(upstream: str) -> None:
    async with gateway(upstream) as bench, sdk(bench) as client:
        stream = await client.chat.completions.create(model="chat", messages=HELLO, stream=True)
        assert [chunk async for chunk in stream if chunk.usage is not None] == []
        record = await bench.record()
        assert record.usage is not None
        assert record.usage.output > 0


@UPSTREAM
@pytest.mark.parametrize("streamed", [False, True])
async def test_parallel_tools_there_and_back(upstream: str, streamed: bool) -> None:
    async with gateway(upstream, models=("mock-tools",)) as bench, sdk(bench) as client:
        messages = list(HELLO)
        if streamed:
            async with client.chat.completions.stream(model="chat", messages=messages, tools=TOOLS) as stream:
                reply: Any = await stream.get_final_completion()
        else:
            reply = await client.chat.completions.create(model="chat", messages=messages, tools=TOOLS)
        message = reply.choices[0].message
        assert reply.choices[0].finish_reason == "tool_calls"
        assert [call.function.name for call in message.tool_calls] == ["weather", "time"]
        for call in message.tool_calls:
            assert set(json.loads(call.function.arguments)) == {"city"}
        messages.append(message.model_dump(exclude_none=True, exclude={"parsed", "annotations"}))
        messages += [
            {"role": "tool", "tool_call_id": call.id, "content": f"{call.function.name}: fine"}
            for call in message.tool_calls
        ]
        for call in messages[1]["tool_calls"]:
            call["function"].pop("parsed_arguments", None)
        last = await client.chat.completions.create(model="chat", messages=messages, tools=TOOLS)
        assert last.choices[0].finish_reason == "stop"
        assert "fine" in (last.choices[0].message.content or "")


@READS_PDF
async def test_image_and_pdf_arrive(upstream: str) -> None:
    parts: Any = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png()}"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}},
    ]
    async with gateway(upstream) as bench, sdk(bench) as client:
        await client.chat.completions.create(model="chat", messages=[{"role": "user", "content": parts}])
        (call,) = bench.providers[0].calls
        assert png().encode() in call.body
        assert PDF.encode() in call.body


@UPSTREAM
async def test_structured_output(upstream: str) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": CITY}}
    async with gateway(upstream, models=("mock-json",)) as bench, sdk(bench) as client:
        reply = await client.chat.completions.create(model="chat", messages=HELLO, response_format=form)
        assert set(json.loads(reply.choices[0].message.content or "")) == {"city"}


ERRORS = [
    ("400", openai.BadRequestError),
    ("401", openai.InternalServerError),
    ("429-retry-after-long", openai.RateLimitError),
    ("500", openai.InternalServerError),
]


@UPSTREAM
@pytest.mark.parametrize(("fault", "kind"), ERRORS)
async def test_errors_are_the_sdks_own(upstream: str, fault: str, kind: type[openai.APIStatusError]) -> None:
    async with gateway(upstream, models=(f"mock-fault-{fault}",)) as bench, sdk(bench) as client:
        with pytest.raises(kind):
            await client.chat.completions.create(model="chat", messages=HELLO)


@UPSTREAM
async def test_a_stream_that_breaks_raises(upstream: str) -> None:
    async with gateway(upstream, models=("mock-fault-cut-mid-stream",)) as bench, sdk(bench) as client:
        stream = await client.chat.completions.create(model="chat", messages=HELLO, stream=True)
        with pytest.raises(openai.APIError):
            [chunk async for chunk in stream]


async def test_keys_and_models() -> None:
    async with gateway(CHAT) as bench:
        async with sdk(bench) as client:
            assert [model.id async for model in client.models.list()] == ["chat"]
            assert (await client.models.retrieve("chat")).id == "chat"
            with pytest.raises(openai.NotFoundError):
                await client.models.retrieve("other")
            with pytest.raises(openai.NotFoundError):
                await client.chat.completions.create(model="other", messages=HELLO)
        async with openai.AsyncOpenAI(base_url=f"{bench.url}/v1", api_key="sk-wrong", max_retries=0) as stranger:
            with pytest.raises(openai.AuthenticationError):
                await stranger.chat.completions.create(model="chat", messages=HELLO)


@UPSTREAM
async def test_abort_reaches_the_provider(upstream: str) -> None:
    async with gateway(upstream, models=("mock-fault-stall",)) as bench, sdk(bench) as client:
        stream = await client.chat.completions.create(model="chat", messages=HELLO, stream=True)
        async for _ in stream:
            break
        await stream.close()
        (call,) = bench.providers[0].calls
        await call.done()
        assert call.disconnected
        record = await bench.record()
        assert record.status == 499


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("back", ["as it came", "forged", "to another provider"])
async def test_reasoning_goes_there_and_back(streamed: bool, back: str) -> None:
    """What a Messages provider signed comes back to it byte for byte; what is not its own does not reach it."""
    models = ("mock-thinking", "mock-thinking")
    async with gateway(MESSAGES, MESSAGES, models=models) as bench, sdk(bench) as client:
        ask: Any = {"model": "chat", "reasoning_effort": "low", "max_completion_tokens": 3000}
        if streamed:
            stream = await client.chat.completions.create(messages=HELLO, stream=True, **ask)
            more = [choice.delta.model_extra or {} async for chunk in stream for choice in chunk.choices]
            thought = "".join(each.get("reasoning_content") or "" for each in more)
            details = [detail for each in more for detail in each.get("reasoning_details", [])]
        else:
            reply = await client.chat.completions.create(messages=HELLO, **ask)
            members: Any = reply.choices[0].message.model_extra
            thought, details = members["reasoning_content"], members["reasoning_details"]
        signed = [each for each in details if each.get("signature")]
        assert signed
        if back == "forged":
            for each in signed:
                each["signature"] = each["signature"][:-8] + "AAAAAAAA"
        if back == "to another provider":
            bench.providers[0].script(Status(500), Status(500))
        turn = {"role": "assistant", "content": "Hello", "reasoning_content": thought, "reasoning_details": details}
        said: Any = [*HELLO, turn]
        again = await client.chat.completions.with_raw_response.create(
            messages=[*said, {"role": "user", "content": "And then?"}], **ask
        )
        sent = bench.providers[1 if back == "to another provider" else 0].calls[-1].json["messages"]
        assert isinstance(sent, list)
        signatures = [(block["thinking"], block["signature"]) for block in sent[1]["content"] if "signature" in block]
        if back == "as it came":
            assert [is_genuine("mock0", *one) for one in signatures] == [True]
            assert "signature" not in again.headers.get("x-plexus-losses", "")
        else:
            assert signatures == []
            assert "signature" in again.headers["x-plexus-losses"]
