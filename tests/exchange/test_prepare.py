"""From a target to the request that goes upstream: the lane, the bytes, the head."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import Lab, json_reply, lab
from tests.gateway import CHAT, MESSAGES, gateway

from plexus.canonical.losses import Losses
from plexus.exchange.prepare import without_refused
from plexus.mock_provider import Status
from plexus.protocols import envelope
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.openai_chat.dialect import ChatDialect

BODY = b'{ "model":"m", "seed":1,"messages": [] ,"stream_options":{"include_usage":true} }'


def test_a_body_without_refused_members_is_the_very_same() -> None:
    body = envelope.read(BODY)
    losses = Losses()
    kept = without_refused(body, frozenset({"logit_bias"}), losses)
    assert kept is body
    assert losses == []


def test_a_refused_member_is_left_out_and_named() -> None:
    losses = Losses()
    kept = without_refused(envelope.read(BODY), frozenset({"seed", "user"}), losses)
    assert kept.raw == b'{"model":"m","messages": [],"stream_options":{"include_usage":true}}'
    assert [(loss.path, loss.reason) for loss in losses] == [("seed", "refused")]


def test_a_wish_for_usage_that_is_refused_is_no_loss() -> None:
    losses = Losses()
    kept = without_refused(envelope.read(BODY), frozenset({"stream_options"}), losses)
    assert b"stream_options" not in kept.raw
    assert losses == []


@pytest.mark.parametrize(("refused", "lost"), [((), None), (("seed",), "seed;refused")])
async def test_on_the_lane_that_keeps_the_body(refused: tuple[str, ...], lost: str | None) -> None:
    dialect: Any = ChatDialect(refused_members=frozenset(refused))
    async with gateway(CHAT, dialects={CHAT: dialect}) as bench:
        reply = await bench.ask(CHAT, seed=1)
        assert reply.status_code == 200
        assert reply.headers.get("x-plexus-losses") == lost
        sent = json.loads(bench.providers[0].calls[0].body)
        assert ("seed" in sent) is not bool(refused)
        assert (await bench.record()).lane == "edit"


@pytest.mark.parametrize(("refused", "lane"), [((), "pass"), (("seed",), "edit")])
async def test_leaving_something_out_is_an_edit(refused: tuple[str, ...], lane: str) -> None:
    dialect = ChatDialect(refused_members=frozenset(refused))
    async with gateway(CHAT, models=("chat",), dialects={CHAT: dialect}) as bench:
        await bench.ask(CHAT, seed=1)
        assert (await bench.record()).lane == lane


async def test_a_developer_turn_is_no_reason_to_withhold_the_usage_that_was_asked_for() -> None:
    turns = [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "hi"}]
    async with gateway(CHAT, dialects={CHAT: ChatDialect(developer_role=False)}) as bench:
        wish = {"include_usage": True}
        reply = await bench.ask(CHAT, stream=True, messages=turns, stream_options=wish)
        assert [turn["role"] for turn in json.loads(bench.providers[0].calls[0].body)["messages"]] == ["system", "user"]
        assert '"choices":[],"usage":{' in reply.text.replace(", ", ",").replace(": ", ":")
        assert "x-plexus-losses" not in reply.headers


async def test_strictness_refuses_the_loss_before_anything_is_sent() -> None:
    dialect = ChatDialect(refused_members=frozenset({"seed"}))
    async with gateway(CHAT, dialects={CHAT: dialect}) as bench:
        reply = await bench.ask(CHAT, seed=1, headers={"x-plexus-strict": "true"})
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "loss_refused")
        assert list(bench.providers[0].calls) == []


async def test_losses_are_those_of_the_attempt_that_answered() -> None:
    async with gateway(MESSAGES, CHAT) as bench:
        bench.providers[0].script(Status(401))
        reply = await bench.ask(CHAT, seed=1)
        assert (reply.status_code, reply.headers["x-plexus-attempts"]) == (200, "2")
        assert "x-plexus-losses" not in reply.headers
        record = await bench.record()
        assert [attempt.lane for attempt in record.attempts] == ["translate", "edit"]
        assert record.losses == ()


def to(*protocols: str, model: str = "m1", **members: Any) -> Lab:
    """A gateway with one target."""
    of = provider(protocols=protocols or (CHAT,), **members)
    return lab(json_reply(), of=snapshot(route("chat", target(of, model))))


async def test_with_nothing_to_change_the_bytes_are_the_client_s() -> None:
    bench = to(model="chat")
    body = b'{ "model": "chat",\n "messages": [{"role":"user","content":"\\u0048i"}], "unknown": 1e2 }'
    record = await bench.ask(body)
    assert record.lane == "pass"
    assert bench.upstream.requests[0].body is body


async def test_an_edit_changes_the_member_and_no_other_byte() -> None:
    bench = to()
    body = b'{ "model": "chat",\n "messages": [{"role":"user","content":"\\u0048i"}], "unknown": 1e2 }'
    record = await bench.ask(body)
    assert record.lane == "edit"
    assert bench.upstream.requests[0].body == body.replace(b'"chat"', b'"m1"')


async def test_what_the_operator_adds_wins_over_the_client() -> None:
    bench = to(model="chat")
    of = msgspec.structs.replace(
        bench.gateway.snapshot().routes["chat"].targets[0], extra_body={"max_tokens": msgspec.Raw(b"5")}
    )
    bench.gateway.snapshot = lambda: snapshot(route("chat", of))
    await bench.ask()
    assert json.loads(bench.upstream.requests[0].body)["max_tokens"] == 5


async def test_another_protocol_is_translated_to_its_own_path() -> None:
    bench = to(MESSAGES)
    bench.upstream.script = [
        json_reply({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m1", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "Hi."}], "usage": {"input_tokens": 5, "output_tokens": 2},
        })
    ]  # fmt: skip
    record = await bench.ask({"seed": 1}, openai_beta="x")
    (request,) = bench.upstream.requests
    assert (record.lane, request.target) == ("translate", b"/v1/messages")
    assert [(loss.path, loss.reason) for loss in record.losses] == [("seed", "unsupported")]
    assert dict(request.headers) == {b"anthropic-version": b"2023-06-01"}, "no header of the client's protocol"
    assert json.loads(request.body)["model"] == "m1"


async def test_the_client_s_own_protocol_headers_go_up_and_no_others() -> None:
    bench = to(model="chat")
    await bench.ask(openai_beta="assistants=v2", anthropic_beta="no", cookie="no", x_stainless_os="no")
    assert dict(bench.upstream.requests[0].headers) == {b"openai-beta": b"assistants=v2"}


async def test_what_the_operator_configured_is_not_overwritten_by_the_client() -> None:
    bench = to(model="chat", headers=((b"OpenAI-Beta", b"ours"),))
    await bench.ask(openai_beta="theirs")
    (request,) = bench.upstream.requests
    assert request.headers == []
    assert b"OpenAI-Beta: ours\r\n" in request.lines


async def test_strictness_prefers_a_target_without_loss() -> None:
    lossy, exact = target(provider("lossy", protocols=(MESSAGES,))), target(provider("exact"))
    bench = lab(json_reply(), of=snapshot(route("chat", lossy, exact)))
    record = await bench.ask({"seed": 1}, x_plexus_strict="true")
    assert (record.status, record.provider) == (200, "exact")
    alone = lab(of=snapshot(route("chat", lossy)))
    refused = await alone.ask({"seed": 1}, x_plexus_strict="true")
    assert (refused.status, refused.error, alone.upstream.requests) == (400, "loss_refused", [])


async def test_a_credential_in_the_query_stands_behind_the_client_s_own() -> None:
    bench = to(model="chat", auth={CHAT: "query"})
    await bench.ask()
    assert bench.upstream.requests[0].target == b"/v1/chat/completions?key=upstream-secret"


async def test_a_member_that_the_provider_must_not_see_is_taken_out() -> None:
    dialects = {MESSAGES: MessagesDialect(version_in_body="vertex-1")}
    bench = lab(
        json_reply({"type": "message", "content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn"}),
        of=snapshot(route("chat", target(provider(protocols=(MESSAGES,), dialects=dialects)))),
    )
    record = await bench.ask(protocol=MESSAGES)
    (request,) = bench.upstream.requests
    assert json.loads(request.body) == {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
        "anthropic_version": "vertex-1",
    }
    assert (record.status, record.attempts[0].lane) == (200, "edit")


async def test_an_address_may_hold_the_model_and_a_query() -> None:
    of = provider()
    endpoint = msgspec.structs.replace(of.endpoints[CHAT], prefix="/deployments/{model}", query=b"api-version=1")
    bench = lab(
        json_reply(), of=snapshot(route("chat", target(msgspec.structs.replace(of, endpoints={CHAT: endpoint}))))
    )
    await bench.ask()
    assert bench.upstream.requests[0].target == b"/deployments/m1/chat/completions?api-version=1"
