"""What real clients of Messages and Chat Completions were seen to send and to need, each through the whole gateway."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.builders import SECRET
from tests.gateway import CHAT, MESSAGES, PATHS, gateway

from plexus.app import App
from plexus.configuration.starter import write_starter
from plexus.mock_provider import Reply, Status, Stream, Text, Thinking, ToolCall
from plexus.settings import Settings

UPSTREAM = pytest.mark.parametrize("upstream", [CHAT, MESSAGES])
VERSION = {"anthropic-version": "2023-06-01"}
TOOLS: Any = [
    {
        "name": f"tool_{number}",
        "description": "What it does, at length. " * 120,
        "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    }
    for number in range(24)
]
CLAUDE_CODE: Any = {
    "model": "chat",
    "max_tokens": 32_000,
    "stream": True,
    "system": [
        {"type": "text", "text": "You are an agent."},
        {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
    ],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "system", "content": "The folder is empty."},
    ],
    "tools": TOOLS,
    "thinking": {"type": "adaptive", "display": "omitted"},
    "output_config": {"effort": "high"},
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "metadata": {"user_id": json.dumps({"device_id": "d", "session_id": "s"})},
}
BETAS = "mid-conversation-system-2026-04-07,context-management-2025-06-27,never-heard-of-2031-01-01"


async def test_a_look_at_the_root_needs_no_key(tmp_path: Path) -> None:
    config = tmp_path / "plexus.yaml"
    write_starter(config)
    app = App(Settings.from_environ({"PLEXUS_CONFIG": str(config), "PORT": "0"}), {})
    await app.start()
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{app.server.port}", timeout=30) as client:
            reply = await client.head("/")
            assert reply.status_code < 500
            assert reply.content == b""
            assert (await client.get("/health")).status_code == 200, "the connection is still good"
    finally:
        await app.stop()


@UPSTREAM
async def test_what_claude_code_sends_is_served(upstream: str) -> None:
    """Some 80 kB, 24 tools, a system turn inside messages, adaptive thinking, effort, a JSON string as the user."""
    body = json.dumps(CLAUDE_CODE).encode()
    assert len(body) > 70_000
    async with gateway(upstream) as bench:
        reply = await bench.client.post(
            "/v1/messages?beta=true",
            content=body,
            headers={**VERSION, "anthropic-beta": BETAS, "content-type": "application/json"},
        )
        assert reply.status_code == 200
        assert "event: message_stop" in reply.text
        (call,) = bench.providers[0].calls
        assert call.refused is None
        messages: Any = call.json["messages"]
        assert {"role": "system", "content": "The folder is empty."} in messages
        assert len(call.json["tools"]) == len(TOOLS)  # type: ignore[arg-type]  # a list, or it fails
        if upstream == MESSAGES:
            assert call.headers.text(b"anthropic-beta") == BETAS
            assert call.query == "beta=true"
            assert call.json == json.loads(body) | {"model": "mock-chat"}
        else:
            assert call.headers.get(b"anthropic-beta") is None
            assert call.json["reasoning_effort"] == "high"
            assert call.json["user"] == CLAUDE_CODE["metadata"]["user_id"]


async def test_a_404_on_a_stream_is_one_and_the_next_try_without_stream_works() -> None:
    async with gateway(MESSAGES) as bench:
        bench.providers[0].script(Status(404), Reply("Here I am"))
        first = await bench.ask(MESSAGES, stream=True, headers=VERSION)
        assert first.status_code == 404
        assert first.json()["error"]["type"] == "not_found_error"
        second = await bench.ask(MESSAGES, headers=VERSION)
        assert second.json()["content"][0]["text"] == "Here I am"


@UPSTREAM
@pytest.mark.parametrize("streamed", [True, False])
async def test_an_unknown_model_is_a_404_either_way(upstream: str, streamed: bool) -> None:
    async with gateway(upstream) as bench:
        reply = await bench.ask(MESSAGES, stream=streamed, headers=VERSION, model="claude-nobody-knows")
        assert reply.status_code == 404
        assert reply.json()["error"]["type"] == "not_found_error"
        assert len(bench.providers[0].calls) == 0


@UPSTREAM
@pytest.mark.parametrize("header", [{"x-api-key": SECRET}, {"authorization": f"Bearer {SECRET}"}])
async def test_either_header_carries_the_key(upstream: str, header: dict[str, str]) -> None:
    async with gateway(upstream) as bench, httpx2.AsyncClient(base_url=bench.url, timeout=30) as client:
        body = {"model": "chat", "max_tokens": 30, "messages": [{"role": "user", "content": "Hello"}]}
        reply = await client.post("/v1/messages", json=body, headers=header | VERSION)
        assert reply.status_code == 200
        assert SECRET not in str(list(bench.providers[0].calls[0].headers))


async def test_overload_and_its_wait_arrive_as_such() -> None:
    async with gateway(MESSAGES) as bench:
        bench.providers[0].script(*[Status(529, retry_after=600)] * 5)
        reply = await bench.ask(MESSAGES, headers=VERSION)
        assert reply.status_code == 529
        assert reply.headers["retry-after"] == "600"
        assert reply.json()["type"] == "error"
        assert reply.json()["error"]["type"] == "overloaded_error"


@UPSTREAM
async def test_an_error_in_a_stream_is_anthropics_event(upstream: str) -> None:
    async with gateway(upstream) as bench:
        bench.providers[0].script(Stream("One two three four five", error_after=6))
        reply = await bench.ask(MESSAGES, stream=True, headers=VERSION)
        *_, last = reply.text.strip().split("\n\n")
        event, data = last.split("\n")
        assert event == "event: error"
        assert json.loads(data.removeprefix("data: "))["type"] == "error"
        assert "message_stop" not in reply.text


async def test_signed_thinking_survives_byte_for_byte() -> None:
    ask: Any = {"max_tokens": 3000, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    async with gateway(MESSAGES) as bench:
        bench.providers[0].script(Reply([Thinking("Ünï — \u2028 thoughts"), Text("Yes")]))
        reply = await bench.ask(MESSAGES, headers=VERSION, **ask)
        content = reply.json()["content"]
        assert content[0]["signature"]
        turns = [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": content},
            {"role": "user", "content": "And?"},
        ]
        body = json.dumps({"model": "chat", "messages": turns, **ask}, ensure_ascii=False).encode()
        again = await bench.client.post("/v1/messages", content=body, headers=VERSION)
        assert again.status_code == 200
        sent = bench.providers[0].calls[-1].body
        assert json.dumps(content, ensure_ascii=False).encode() in sent


@UPSTREAM
async def test_tokens_are_counted_with_all_of_it(upstream: str) -> None:
    counted = {name: value for name, value in CLAUDE_CODE.items() if name not in ("stream", "max_tokens", "metadata")}
    async with gateway(upstream) as bench:
        headers = {**VERSION, "anthropic-beta": BETAS}
        reply = await bench.client.post("/v1/messages/count_tokens?beta=true", json=counted, headers=headers)
        assert reply.status_code == 200, reply.text
        assert reply.json()["input_tokens"] > 10_000


@UPSTREAM
async def test_models_in_anthropics_shape(upstream: str) -> None:
    async with gateway(upstream) as bench:
        listed = (await bench.client.get("/v1/models", headers=VERSION)).json()
        assert [model["type"] for model in listed["data"]] == ["model"]
        assert listed["has_more"] is False


@UPSTREAM
async def test_a_title_is_asked_for_beside_the_main_question(upstream: str) -> None:
    """opencode: two streams at once, one with tools and one without; each gets its own answer and its own record."""
    tool = {"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}
    async with gateway(upstream, models=("main",), more={"small": "title"}) as bench:
        bench.providers[0].script(Reply(ToolCall("read", {})), model="main")
        bench.providers[0].script(Reply("A title"), model="title")
        ask: Any = {"stream": True, "stream_options": {"include_usage": True}}
        main, title = await asyncio.gather(
            bench.ask(CHAT, tools=[tool], tool_choice="auto", **ask), bench.ask(CHAT, **ask | {"model": "small"})
        )
        assert '"tool_calls"' in main.text
        assert '"tool_calls"' not in title.text
        for reply in (main, title):
            assert reply.text.endswith("data: [DONE]\n\n")
            assert '"usage":{' in reply.text.replace(" ", "")
        await bench.journal.filed.wait()
        assert {(record.model, record.finish) for record in bench.journal.records} == {
            ("chat", "tool_calls"),
            ("small", "stop"),
        }


@UPSTREAM
@pytest.mark.parametrize("client", [CHAT, MESSAGES])
async def test_no_header_of_the_clients_sdk_goes_further(client: str, upstream: str) -> None:
    sdk = {
        "x-stainless-lang": "js",
        "x-stainless-retry-count": "0",
        "x-claude-code-session-id": "s",
        "session_id": "s",
        "x-session-affinity": "s",
        "user-agent": "claude-cli/2.1",
        "x-app": "cli",
    }
    async with gateway(upstream) as bench:
        assert (await bench.client.post(PATHS[client], json=_hello(), headers=sdk)).status_code == 200
        (call,) = bench.providers[0].calls
        names = {name.decode().lower() for name, _ in call.headers}
        assert names & set(sdk) == {"user-agent"}
        assert call.headers.text(b"user-agent") == "plexus/test"


def _hello() -> dict[str, Any]:
    return {"model": "chat", "max_tokens": 30, "messages": [{"role": "user", "content": "Hello"}]}
