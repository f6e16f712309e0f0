"""What the dialect's refused members do to a body that otherwise stays as it is; the rest is tested through the gateway."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.gateway import CHAT, MESSAGES, gateway

from plexus.exchange.prepare import without_refused
from plexus.mock_provider import Status
from plexus.protocols import envelope
from plexus.protocols.openai_chat.dialect import ChatDialect

BODY = b'{ "model":"m", "seed":1,"messages": [] ,"stream_options":{"include_usage":true} }'


def test_a_body_without_refused_members_is_the_very_same() -> None:
    body = envelope.read(BODY)
    kept, losses = without_refused(body, frozenset({"logit_bias"}))
    assert kept is body
    assert losses == []


def test_a_refused_member_is_left_out_and_named() -> None:
    kept, losses = without_refused(envelope.read(BODY), frozenset({"seed", "user"}))
    assert kept.raw == b'{"model":"m","messages": [],"stream_options":{"include_usage":true}}'
    assert [(loss.path, loss.reason) for loss in losses] == [("seed", "refused")]


def test_a_wish_for_usage_that_is_refused_is_no_loss() -> None:
    kept, losses = without_refused(envelope.read(BODY), frozenset({"stream_options"}))
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
