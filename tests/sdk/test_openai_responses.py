"""The official openai SDK's ``client.responses`` against the gateway, over each upstream protocol."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from tests.builders import SECRET
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, UPSTREAMS, Bench, gateway
from tests.sdk.material import CITY, PDF, png

UPSTREAM = pytest.mark.parametrize("upstream", UPSTREAMS)
READS_PDF = pytest.mark.parametrize("upstream", [CHAT, RESPONSES, MESSAGES, GEMINI])
TOOLS: Any = [
    {"type": "function", "name": name, "description": "d", "parameters": CITY, "strict": True}
    for name in ("weather", "time")
]


def sdk(bench: Bench) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{bench.url}/v1", api_key=SECRET, max_retries=0)


async def respond(client: openai.AsyncOpenAI, streamed: bool, **ask: Any) -> Any:
    """The whole reply, either way."""
    ask = {"model": "chat", "max_output_tokens": 300, "store": False, **ask}
    if not streamed:
        return await client.responses.create(**ask)
    async with client.responses.stream(**ask) as stream:
        return await stream.get_final_response()


@UPSTREAM
@pytest.mark.parametrize("streamed", [False, True])
async def test_text(upstream: str, streamed: bool) -> None:
    async with gateway(upstream) as bench, sdk(bench) as client:
        reply = await respond(client, streamed, input="Hello", instructions="Be kind.")
        assert "Hello" in reply.output_text
        assert reply.status == "completed"
        assert reply.id.startswith("resp_")
        record = await bench.record()
        assert record.usage is not None
        assert record.usage.output == reply.usage.output_tokens > 0
        assert record.usage.input == reply.usage.input_tokens > 0
        assert record.protocol == "openai_responses"


@UPSTREAM
async def test_the_events_come_in_order(upstream: str) -> None:
    async with gateway(upstream) as bench, sdk(bench) as client:
        stream = await client.responses.create(model="chat", input="Hello", stream=True)
        events = [event async for event in stream]
        assert [event.sequence_number for event in events] == list(range(len(events)))
        kinds = list(dict.fromkeys(event.type for event in events))
        assert kinds == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]


@UPSTREAM
@pytest.mark.parametrize("streamed", [False, True])
async def test_parallel_tools_there_and_back(upstream: str, streamed: bool) -> None:
    async with gateway(upstream, models=("mock-tools",)) as bench, sdk(bench) as client:
        turns: list[Any] = [{"role": "user", "content": "Hello"}]
        reply = await respond(client, streamed, input=turns, tools=TOOLS)
        calls = [item for item in reply.output if item.type == "function_call"]
        assert [call.name for call in calls] == ["weather", "time"]
        assert all(set(json.loads(call.arguments)) == {"city"} for call in calls)
        turns += [item.model_dump(exclude={"parsed_arguments"}, exclude_none=True) for item in reply.output]
        turns += [
            {"type": "function_call_output", "call_id": call.call_id, "output": f"{call.name}: fine"} for call in calls
        ]
        last = await respond(client, streamed, input=turns, tools=TOOLS)
        assert "fine" in last.output_text


@READS_PDF
async def test_image_and_pdf_arrive(upstream: str) -> None:
    parts: Any = [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{png()}", "detail": "auto"},
        {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"},
    ]
    async with gateway(upstream) as bench, sdk(bench) as client:
        await client.responses.create(model="chat", input=[{"role": "user", "content": parts}])
        (call,) = bench.providers[0].calls
        assert png().encode() in call.body
        assert PDF.encode() in call.body


@pytest.mark.parametrize("streamed", [False, True])
async def test_signed_thoughts_go_there_and_back(streamed: bool) -> None:
    async with gateway(MESSAGES, models=("mock-thinking",)) as bench, sdk(bench) as client:
        turns: list[Any] = [{"role": "user", "content": "Hello"}]
        ask: Any = {
            "reasoning": {"effort": "low"},
            "include": ["reasoning.encrypted_content"],
            "max_output_tokens": 9000,
        }
        for _ in range(3):
            reply = await respond(client, streamed, input=turns, **ask)
            assert [item.type for item in reply.output] == ["reasoning", "message"]
            assert reply.output[0].summary[0].text
            assert reply.output[0].encrypted_content
            turns += [item.model_dump(exclude_none=True, exclude={"parsed": True}) for item in reply.output]
            turns.append({"role": "user", "content": "And then?"})
        sent: Any = bench.providers[0].calls[-1].json["messages"]
        thoughts = [block for turn in sent for block in turn["content"] if isinstance(block, dict)]
        signed = [block["signature"] for block in thoughts if block.get("type") == "thinking"]
        assert len(signed) == 2
        assert all(signature and not signature.startswith("plx1") for signature in signed)


@UPSTREAM
async def test_structured_output(upstream: str) -> None:
    form: Any = {"format": {"type": "json_schema", "name": "city", "strict": True, "schema": CITY}}
    async with gateway(upstream, models=("mock-json",)) as bench, sdk(bench) as client:
        reply = await client.responses.create(model="chat", input="Hello", text=form)
        assert set(json.loads(reply.output_text)) == {"city"}


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
            await client.responses.create(model="chat", input="Hello")


@UPSTREAM
async def test_a_stream_that_breaks_fails_with_what_was_said(upstream: str) -> None:
    async with gateway(upstream, models=("mock-fault-cut-mid-stream",)) as bench, sdk(bench) as client:
        stream = await client.responses.create(model="chat", input="Hello", stream=True)
        events: list[Any] = [event async for event in stream]
        assert events[-1].type == "response.failed"
        assert [event.sequence_number for event in events] == list(range(len(events)))
        said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        failed = events[-1].response
        assert (failed.status, failed.error.code) == ("failed", "server_error")
        assert failed.id == events[0].response.id
        assert failed.output[0].content[0].text == said != ""


@pytest.mark.parametrize("upstream", [CHAT, MESSAGES])
@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
    ],
)
async def test_what_hangs_on_stored_state_is_refused(upstream: str, more: dict[str, Any], param: str) -> None:
    async with gateway(upstream) as bench, sdk(bench) as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await client.responses.create(**{"model": "chat", "input": "Hello", **more})
        assert refused.value.param == param
        assert not bench.providers[0].calls


async def test_a_get_is_answered_cleanly() -> None:
    """Codex tries a WebSocket first, and falls back to HTTP on a 405."""
    async with gateway(CHAT) as bench:
        answer = await bench.client.get("/v1/responses")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
