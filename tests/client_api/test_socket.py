"""Responses over WebSocket, through the whole gateway, with the ``websockets`` client and the openai SDK."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openai import AsyncOpenAI
from tests.builders import SECRET
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, Bench
from tests.gateway import gateway as any_gateway
from tests.kept import kept, nothing_kept
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from plexus.client_api import socket as sockets
from plexus.client_api.socket import SessionLimits
from plexus.http1.websocket import CloseCode
from plexus.mock_provider import Hang, Reply, Status, Stream, ToolCall

BEARER = {"authorization": f"Bearer {SECRET}"}
UPSTREAM = pytest.mark.parametrize("upstream", [CHAT, MESSAGES, RESPONSES, GEMINI])
ENDS = ("response.completed", "response.incomplete", "response.failed", "error")


def gateway(*upstream: str, **members: Any) -> AbstractAsyncContextManager[Bench]:
    """One whose operator stores nothing: what is remembered, the connection remembers."""
    return any_gateway(*upstream, state=nothing_kept(), **members)


class Talk:
    """A client's end of the connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **members: Any) -> None:
        create = {"type": "response.create", "model": "chat", "store": False, "max_output_tokens": 300}
        await self.connection.send(json.dumps({**create, **members}))

    async def event(self) -> Any:
        return json.loads(await self.connection.recv())

    async def until(self, *kinds: str) -> list[Any]:
        events = [await self.event()]
        while events[-1]["type"] not in kinds:
            events.append(await self.event())
        return events

    async def ask(self, **members: Any) -> Any:
        """One turn: its last event."""
        await self.send(**members)
        return (await self.until(*ENDS))[-1]

    async def closed(self) -> int | None:
        """The code with which the gateway closes."""
        with pytest.raises(ConnectionClosed):
            await self.connection.recv()
        return self.connection.close_code


@asynccontextmanager
async def talk(bench: Bench, query: str = "", headers: dict[str, str] | None = None) -> AsyncIterator[Talk]:
    url = f"ws://127.0.0.1:{bench.server.port}/v1/responses{query}"
    async with connect(url, additional_headers=BEARER if headers is None else headers) as connection:
        yield Talk(connection)


def limited(monkeypatch: pytest.MonkeyPatch, **limits: Any) -> None:
    monkeypatch.setattr(sockets, "DEFAULT_LIMITS", SessionLimits(**limits))


def text(end: Any) -> str:
    assert end["type"] == "response.completed", end
    found: str = end["response"]["output"][-1]["content"][0]["text"]
    return found


# --- turns


@UPSTREAM
async def test_a_tool_loop_sends_only_what_is_new(upstream: str) -> None:
    async with gateway(upstream) as bench, talk(bench) as client:
        bench.providers[0].script(Reply(ToolCall("weather", {"city": "Ulm"})), Reply("It rains."), Reply("Bye."))
        tools = [{"type": "function", "name": "weather", "parameters": {"type": "object"}}]
        asked = {"type": "message", "role": "user", "content": "Weather in Ulm?"}
        warm = await client.ask(generate=False, input=[asked], tools=tools)
        assert (warm["type"], warm["response"]["output"]) == ("response.completed", [])
        called = await client.ask(previous_response_id=warm["response"]["id"], input=[], tools=tools)
        call = called["response"]["output"][-1]
        answer = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
        told = await client.ask(previous_response_id=called["response"]["id"], input=[answer], tools=tools)
        assert text(told) == "It rains."
        last = await client.ask(previous_response_id=told["response"]["id"], input="Thanks", tools=tools)
        assert text(last) == "Bye."
        calls = bench.providers[0].calls
        assert [one.refused for one in calls] == [None] * 3
        assert all(b"Weather in Ulm?" in one.body for one in calls)
        assert [(b"rain" in one.body, b"It rains." in one.body) for one in calls] == [
            (False, False), (True, False), (True, True),
        ]  # fmt: skip
        records = bench.journal.records
        assert [record.notes for record in records] == [("prewarm",), (), (), ()]
        assert [record.status for record in records] == [200] * 4
        assert all(record.usage is not None and record.usage.output > 0 for record in records[1:])
        assert all(record.stream for record in records)
        assert len({record.id for record in records}) == 4


@UPSTREAM
async def test_the_events_are_those_of_a_stream(upstream: str) -> None:
    async with gateway(upstream) as bench, talk(bench) as client:
        reply = await bench.ask(RESPONSES, stream=True)
        streamed = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: ")]
        await client.send(input="Hello")
        said = await client.until(*ENDS)
        assert [one["type"] for one in said] == [one["type"] for one in streamed]
        assert [one["sequence_number"] for one in said] == list(range(len(said)))


async def test_the_openai_sdk_connects() -> None:
    async with gateway(MESSAGES) as bench:
        sdk = AsyncOpenAI(api_key=SECRET, base_url=f"{bench.url}/v1")
        async with sdk.responses.connect() as connection:
            await connection.response.create(model="chat", input="Hello", store=False, stream_id="main")
            said = ""
            async for event in connection:
                assert event.stream_id == "main"
                if event.type == "response.output_text.delta":
                    said += event.delta
                if event.type == "response.completed":
                    assert event.response.output_text == said
                    break
        await sdk.close()


@pytest.mark.parametrize("upstream", [MESSAGES, RESPONSES])
async def test_only_the_last_turn_is_remembered(upstream: str) -> None:
    async with gateway(upstream) as bench, talk(bench) as client:
        first = await client.ask(input="One")
        await client.ask(input="Two", previous_response_id=first["response"]["id"])
        late = await client.ask(input="Three", previous_response_id=first["response"]["id"])
        assert (late["status"], late["error"]["code"]) == (400, "previous_response_not_found")
        assert text(await client.ask(input="Four")), "the connection is still good"


async def test_another_connection_remembers_nothing() -> None:
    async with gateway(MESSAGES) as bench:
        async with talk(bench) as client:
            first = await client.ask(input="One")
        async with talk(bench) as client:
            late = await client.ask(input="Two", previous_response_id=first["response"]["id"])
            assert (late["status"], late["error"]["code"]) == (400, "previous_response_not_found")


async def test_a_failed_turn_can_be_tried_again() -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        bench.providers[0].script(
            Reply("One"), Status(400, message="No."), Stream("Half of it", cut_after=3), Reply("Two")
        )
        first = await client.ask(input="Hi")
        again = {"input": "And?", "previous_response_id": first["response"]["id"]}
        refused = await client.ask(**again)
        assert (refused["type"], refused["status"]) == ("error", 400)
        assert refused["error"]["message"]
        assert refused["headers"]["x-request-id"] == bench.journal.records[1].id
        broken = await client.ask(**again)
        assert broken["type"] == "response.failed"
        assert text(await client.ask(**again)) == "Two"
        lost = await client.ask(input="More", previous_response_id=broken["response"]["id"])
        assert lost["status"] == 400, "a cut reply is nothing to go on from"


async def test_failover_works_as_over_http() -> None:
    async with gateway(CHAT, MESSAGES) as bench, talk(bench) as client:
        bench.providers[0].script(*[Status(500)] * 2)
        bench.providers[1].script(Reply("From the second."))
        assert text(await client.ask(input="Hi")) == "From the second."
        assert len((await bench.record()).attempts) > 1


async def test_a_rate_limit_says_when_to_come_back() -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        bench.providers[0].script(*[Status(429, retry_after=600)] * 3)
        refused = await client.ask(input="Hi")
        assert (refused["status"], refused["error"]["code"]) == (429, "rate_limit_exceeded")
        assert refused["headers"]["retry-after"] == "600"


async def test_what_became_too_long_is_forgotten() -> None:
    async with gateway(CHAT, max_body_bytes=2000) as bench, talk(bench) as client:
        first = await client.ask(input="a" * 1300)
        assert text(first)
        grown = await client.ask(input="b" * 1300, previous_response_id=first["response"]["id"])
        assert text(grown)
        lost = await client.ask(input="c", previous_response_id=grown["response"]["id"])
        assert (lost["status"], lost["error"]["code"]) == (400, "previous_response_not_found")
        await client.send(input="c" * 2001)
        assert await client.closed() == CloseCode.MESSAGE_TOO_BIG


@UPSTREAM
async def test_stored_turns_and_others_go_on_from_each_other(upstream: str, tmp_path: Path) -> None:
    async with kept(tmp_path) as store, any_gateway(upstream, state=store.state) as bench:
        bench.providers[0].script(Reply("One"), Reply("Two"), Reply("Three"), Reply("Four"))
        async with talk(bench) as client:
            warm = await client.ask(input="0", generate=False, store=True)
            first = await client.ask(input="1", previous_response_id=warm["response"]["id"], store=True)
            second = await client.ask(input="2", previous_response_id=first["response"]["id"], store=True)
            third = await client.ask(input="3", previous_response_id=second["response"]["id"], store=False)
            assert list(map(text, (first, second, third))) == ["One", "Two", "Three"]
        async with talk(bench) as client:
            again = await client.ask(input="4", previous_response_id=second["response"]["id"], store=False)
            assert text(again) == "Four"
            for lost in (warm, third):
                late = await client.ask(input="5", previous_response_id=lost["response"]["id"])
                assert (late["status"], late["error"]["code"]) == (400, "previous_response_not_found")
        whole = await bench.client.get(f"/v1/responses/{second['response']['id']}/input_items?order=asc")
        texts = [item["content"][0]["text"] for item in whole.json()["data"]]
        assert texts == ["0", "1", "One", "2"]


# --- messages that are none


@pytest.mark.parametrize(
    ("said", "param"),
    [
        ("no JSON", None),
        ("[]", None),
        ('{"type":"response.create","type":"x"}', "type"),
        ('{"type":"session.update"}', "type"),
        ('{"type":"response.create","stream_id":""}', "stream_id"),
        ('{"type":"response.create","model":"chat","background":true}', "background"),
    ],
)
async def test_what_cannot_be_understood_is_said(said: str, param: str | None) -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        await client.connection.send(said)
        refused = await client.event()
        assert (refused["type"], refused["status"], refused["error"]["param"]) == ("error", 400, param)
        assert text(await client.ask(input="Hi"))


async def test_an_unknown_model_is_a_record_too() -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        refused = await client.ask(input="Hi", model="nobody")
        assert (refused["status"], refused["error"]["code"]) == (404, "model_not_found")
        assert (await bench.record()).status == 404


# --- who may


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sk-somebody-else-000"}])
async def test_a_wrong_key_is_refused_before_the_upgrade(headers: dict[str, str]) -> None:
    async with gateway(CHAT) as bench:
        with pytest.raises(InvalidStatus) as refused:
            async with talk(bench, headers=headers):
                raise AssertionError
        assert refused.value.response.status_code == 401
        assert b"invalid_api_key" in (refused.value.response.body or b"")


async def test_a_key_is_asked_for_again_with_each_turn() -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        assert text(await client.ask(input="Hi"))
        now = bench.configuration[-1]
        bench.configuration.append(msgspec.structs.replace(now, keys={}))
        refused = await client.ask(input="Hi")
        assert (refused["status"], refused["error"]["code"]) == (401, "invalid_api_key")


async def test_a_browser_sends_its_key_as_a_subprotocol() -> None:
    async with gateway(RESPONSES) as bench:
        offered = [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{SECRET}")]
        url = f"ws://127.0.0.1:{bench.server.port}/v1/responses"
        async with connect(url, subprotocols=offered) as connection:
            assert connection.subprotocol == "realtime"
            assert text(await Talk(connection).ask(input="Hi"))
        assert SECRET not in repr([list(call.headers) for call in bench.providers[0].calls])


async def test_the_key_may_stand_in_the_query() -> None:
    async with gateway(CHAT) as bench, talk(bench, f"?key={SECRET}", headers={}) as client:
        assert text(await client.ask(input="Hi"))


async def test_the_provider_hears_nothing_of_the_websocket() -> None:
    headers = {**BEARER, "openai-beta": "responses_websockets=2026-02-06,other=v1"}
    async with gateway(RESPONSES) as bench, talk(bench, headers=headers) as client:
        assert text(await client.ask(input="Hi"))
        (call,) = bench.providers[0].calls
        assert call.headers.text(b"openai-beta") == "other=v1"
        assert not any(name.lower().startswith(b"sec-") for name, _ in call.headers)


@pytest.mark.parametrize("members", [{}, {"responses_websocket": False}])
async def test_without_an_upgrade_or_switched_off_it_is_a_405(members: dict[str, Any]) -> None:
    async with gateway(CHAT, **members) as bench:
        upgrade = {"connection": "upgrade", "upgrade": "websocket"} if members else {}
        reply = await bench.client.get("/v1/responses", headers=upgrade)
        assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
        assert reply.json()["error"]["code"] == "method_not_allowed"


# --- lanes


async def test_a_second_reply_waits_for_the_first() -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        bench.providers[0].script(Hang(then=Reply("One")), Reply("Two"))
        await client.send(input="1")
        await client.send(input="2")
        await bench.providers[0].stalled()
        assert len(bench.providers[0].calls) == 1
        bench.providers[0].release()
        ends = [(await client.until(*ENDS))[-1] for _ in range(2)]
        assert list(map(text, ends)) == ["One", "Two"]


async def test_lanes_run_side_by_side_and_may_fork() -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        bench.providers[0].script(Reply("Root"), Hang(then=Reply("Slow")), Reply("Quick"))
        root = await client.ask(input="0", stream_id="main")
        assert root["stream_id"] == "main"
        before = root["response"]["id"]
        await client.send(input="1", stream_id="main", previous_response_id=before)
        await bench.providers[0].stalled()
        quick = await client.ask(input="2", stream_id="fork", previous_response_id=before)
        assert (quick["stream_id"], text(quick)) == ("fork", "Quick")
        bench.providers[0].release()
        slow = (await client.until(*ENDS))[-1]
        assert (slow["stream_id"], text(slow)) == ("main", "Slow")
        assert all(b"Root" in call.body for call in list(bench.providers[0].calls)[1:])


async def test_there_are_only_so_many_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, lanes=2)
    async with gateway(CHAT) as bench, talk(bench) as client:
        for lane in (None, "a", "b", "a"):
            assert text(await client.ask(input="Hi", stream_id=lane))
        refused = await client.ask(input="Hi", stream_id="c")
        assert (refused["status"], refused["stream_id"]) == (400, "c")
        assert refused["error"]["code"] == "websocket_stream_limit_reached"


async def test_only_so_many_replies_run_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, running=1)
    async with gateway(CHAT) as bench, talk(bench) as client:
        bench.providers[0].script(Hang(then=Reply("One")), Reply("Two"))
        await client.send(input="1", stream_id="a")
        await bench.providers[0].stalled()
        await client.send(input="2", stream_id="b")
        pong = await client.connection.ping()
        await pong
        assert len(bench.providers[0].calls) == 1
        bench.providers[0].release()
        ends = [(await client.until(*ENDS))[-1] for _ in range(2)]
        assert [one["stream_id"] for one in ends] == ["a", "b"]


async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken from the socket while so many messages wait; then they are served in order."""
    limited(monkeypatch, waiting=2)
    taken: list[bytes] = []
    take = sockets.Session._take

    def watch(session: sockets.Session, message: bytes) -> None:
        taken.append(message)
        take(session, message)

    monkeypatch.setattr(sockets.Session, "_take", watch)
    async with gateway(CHAT) as bench, talk(bench) as client:
        bench.providers[0].script(Hang(then=Reply("0")), *[Reply(str(number)) for number in range(1, 6)])
        for number in range(6):
            await client.send(input=str(number))
        await bench.providers[0].stalled()
        await (await client.connection.ping())
        assert len(taken) == 3
        bench.providers[0].release()
        assert [text((await client.until(*ENDS))[-1]) for _ in range(6)] == list("012345")


# --- ends


async def test_a_client_that_leaves_is_not_worked_for_any_more() -> None:
    async with gateway(CHAT) as bench:
        bench.providers[0].script(Hang())
        async with talk(bench) as client:
            await client.send(input="Hi")
            await client.send(input="Never begun")
            await bench.providers[0].stalled()
        record = await bench.record()
        assert (record.status, record.error) == (499, "client_gone")
        assert len(bench.providers[0].calls) == 1


async def test_a_stopping_gateway_finishes_the_reply_and_begins_no_other() -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        bench.providers[0].script(Hang(then=Reply("Last words")))
        await client.send(input="1")
        await bench.providers[0].stalled()
        stopping = asyncio.create_task(bench.server.drain(30))
        await asyncio.sleep(0)
        refused = await client.ask(input="2")
        assert (refused["status"], refused["error"]["code"]) == (503, "overloaded")
        assert refused["headers"]["retry-after"] == "1"
        bench.providers[0].release()
        assert text((await client.until(*ENDS))[-1]) == "Last words"
        assert await client.closed() == CloseCode.SERVICE_RESTART
        await stopping


async def test_an_idle_connection_does_not_keep_the_gateway() -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        assert text(await client.ask(input="1"))
        stopping = asyncio.create_task(bench.server.drain(30))
        assert await client.closed() == CloseCode.SERVICE_RESTART
        await stopping


async def test_a_reply_that_takes_too_long_is_cut_when_the_gateway_stops() -> None:
    async with gateway(CHAT) as bench, talk(bench) as client:
        bench.providers[0].script(Stream("One two three", stall_after=3))
        await client.send(input="1")
        await client.until("response.output_text.delta")
        stopping = asyncio.create_task(bench.server.drain(0))
        end = (await client.until(*ENDS))[-1]
        assert end["type"] == "response.failed"
        assert await client.closed() == CloseCode.SERVICE_RESTART
        await stopping
        assert (await bench.record()).error == "shutting_down"


async def test_an_old_connection_is_closed_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, life=0.05)
    async with gateway(CHAT) as bench, talk(bench) as client:
        end = await client.event()
        assert (end["type"], end["status"]) == ("error", 400)
        assert end["error"]["code"] == "websocket_connection_limit_reached"
        assert await client.closed() == CloseCode.NORMAL_CLOSURE


async def test_a_long_reply_arrives_whole() -> None:
    """Longer than any buffer on its way."""
    async with gateway(CHAT) as bench:
        said = "word " * 400_000
        bench.providers[0].script(Stream(said, chunk=4000))
        url = f"ws://127.0.0.1:{bench.server.port}/v1/responses"
        async with connect(url, additional_headers=BEARER, max_queue=1, max_size=None) as connection:
            client = Talk(connection)
            await client.send(input="1", max_output_tokens=1_000_000)
            assert text((await client.until(*ENDS))[-1]) == said
