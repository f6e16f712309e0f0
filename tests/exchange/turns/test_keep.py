"""Which replies are kept, and as what."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import DONE, chunk, json_reply, lab, stream_reply
from tests.exchange.turns.making import MemorySpool, state_of

from plexus.domain.record import Record
from plexus.domain.turn import Issuer, Turn
from plexus.exchange.turns.keep import terminal_reply
from plexus.protocols.openai_responses.dialect import ResponsesDialect

RESPONSES, CHAT = "openai_responses", "openai_chat"
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": []}
REPLY: dict[str, Any] = {
    "id": "resp_up",
    "object": "response",
    "status": "completed",
    "output": [MESSAGE],
    "store": True,
    "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
}


def event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


CREATED = event("response.created", response={**REPLY, "status": "in_progress", "output": []})
DELTA = event("response.output_text.delta", delta="Hi", item_id="msg_1", output_index=0, content_index=0)


async def keep(
    reply: Any, protocol: str = RESPONSES, *, keeps_state: bool = True, **asked: Any
) -> tuple[list[Turn], Record]:
    """What is kept of ``reply``."""
    dialects = {RESPONSES: ResponsesDialect(keeps_state=keeps_state)}
    one = lab(reply, of=snapshot(route("chat", target(provider(protocols=(protocol,), dialects=dialects)))))
    spool = MemorySpool()
    one.gateway.state = state_of(None, spool)
    return spool.all, await one.ask({"input": "Hi", **asked}, protocol=RESPONSES)


async def test_a_reply_is_kept_as_the_client_saw_it() -> None:
    (kept,), _ = await keep(json_reply(REPLY))
    assert (kept.owner, kept.id, kept.provider) == ("tester", "resp_up", "acme")
    assert kept.issuer == Issuer("acme", "default", "resp_up")
    body = json.loads(bytes(kept.body))
    assert body == {**REPLY, "output": [], "previous_response_id": None}
    assert [json.loads(bytes(item)) for item in kept.output] == [MESSAGE]
    (given,) = [json.loads(bytes(item)) for item in kept.given]
    assert given["content"] == [{"type": "input_text", "text": "Hi"}]


async def test_another_protocols_reply_gets_an_id_of_its_own() -> None:
    replies = [await keep(json_reply(), CHAT) for _ in range(2)]
    ids = {kept.id for (kept,), _ in replies}
    assert len(ids) == 2, "though the provider gave the same id twice"
    assert all(ident.startswith("resp_") for ident in ids)
    assert replies[0][0][0].issuer is None


async def test_a_stream_is_kept_under_the_id_that_the_client_saw() -> None:
    one = lab(stream_reply(chunk("Hi"), chunk(finish="stop"), DONE))
    spool = MemorySpool()
    one.gateway.state = state_of(None, spool)
    await one.ask({"input": "Hi", "stream": True}, protocol=RESPONSES)
    (kept,) = spool.all
    assert one.sink.body.count(kept.id.encode()) > 2
    assert b"Hi" in bytes(kept.output[0])


@pytest.mark.parametrize(
    ("store", "keeps_state"), [(False, True), (None, True), (True, False)], ids=["said no", "said nothing", "dialect"]
)
async def test_a_provider_that_keeps_nothing_is_no_issuer(store: object, keeps_state: bool) -> None:
    (kept,), _ = await keep(json_reply({**REPLY, "store": store}), keeps_state=keeps_state)
    assert kept.issuer is None
    assert json.loads(bytes(kept.body))["store"] is True


async def test_a_reply_that_was_cut_short_is_one() -> None:
    (kept,), _ = await keep(json_reply({**REPLY, "status": "incomplete"}))
    assert json.loads(bytes(kept.body))["status"] == "incomplete"
    last = event("response.incomplete", response={**REPLY, "status": "incomplete"})
    (kept,), _ = await keep(stream_reply(CREATED, DELTA, last), stream=True)
    assert kept.id == "resp_up"


@pytest.mark.parametrize("status", ["queued", "in_progress", "cancelled"])
async def test_what_is_not_complete_is_not_kept(status: str) -> None:
    kept, record = await keep(json_reply({**REPLY, "status": status}))
    assert kept == []
    assert record.notes == ()


@pytest.mark.parametrize(
    "last",
    [b"", event("response.failed", response={**REPLY, "status": "failed", "error": {"code": "x", "message": "y"}})],
    ids=["cut", "failed"],
)
async def test_a_stream_that_broke_is_not_kept(last: bytes) -> None:
    kept, record = await keep(stream_reply(CREATED, DELTA, last), stream=True)
    assert kept == []
    assert record.error is not None


async def test_what_must_not_be_stored_is_not() -> None:
    assert (await keep(json_reply(REPLY), store=False))[0] == []


@pytest.mark.parametrize("odd", [{"id": 7}, {"id": None}])
async def test_a_reply_that_cannot_be_read_is_noted(odd: dict[str, Any]) -> None:
    kept, record = await keep(
        stream_reply(CREATED, DELTA, event("response.completed", response={**REPLY, **odd})), stream=True
    )
    assert kept == []
    assert record.status == 200
    assert "not_stored" in record.notes


def test_the_last_event_with_a_reply_counts() -> None:
    done = event("response.completed", response={"id": "b"})
    for passed in (CREATED + done, CREATED + done + b": ping\n\ndata: [DONE]\n\n", done.replace(b"\n", b"\r\n")):
        assert bytes(terminal_reply(passed)["id"]) == b'"b"'
    with pytest.raises(msgspec.MsgspecError):
        terminal_reply(b": nothing\n\n")
