"""What each target is sent of the earlier turns. Over HTTP: ``tests/sdk/test_openai_state.py``."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import CHAT_REPLY, Lab, call, json_reply, lab
from tests.exchange.turns.making import MemorySpool, ScriptedStore, raw, state_of, turn

from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.domain.snapshot import Retention
from plexus.domain.turn import EarlierTurn, Issuer, Past, Turn
from plexus.exchange.pipeline import run
from plexus.exchange.turns.recall import Recall, account_of, conversation_items, unknown_conversation
from plexus.protocols import envelope

RESPONSES, CHAT = "openai_responses", "openai_chat"
OWN = {"model": "chat", "input": "Hi", "previous_response_id": "resp_1"}
SAID = {"type": "message", "role": "user", "content": "Hi"}
FIRST = {"id": "msg_1", "type": "message", "role": "user", "content": "x"}
THOUGHT: dict[str, Any] = {"id": "rs_1", "type": "reasoning", "summary": []}
EARLIER = EarlierTurn(
    id="resp_1",
    items=(Past(raw(**FIRST)), Past(raw(**THOUGHT), "acme")),
    issuer=Issuer("acme", "default", "resp_up"),
)


def recall(earlier: EarlierTurn | None = EARLIER, body: Any = None, **members: Any) -> Recall:
    kept: dict[str, Any] = {
        "own": envelope.read(json.dumps(body or OWN).encode()),
        "wanted": True,
        "stored": True,
        "earlier": earlier,
        "items": earlier.items if earlier is not None else (),
    }
    return Recall(**{**kept, **members})


def sent(found: Recall, name: str = "acme", protocol: str = RESPONSES, *, keeps: bool = True) -> tuple[Any, bool]:
    body, lost = found.body_for(target(provider(name)), protocol, keeps_state=keeps)
    return json.loads(body.raw), lost


def test_a_call_that_names_nothing_stays_as_it_is() -> None:
    found = recall(None, {"model": "chat", "input": "Hi"})
    body, lost = found.body_for(target(provider()), RESPONSES, keeps_state=True)
    assert body is found.own
    assert not lost


def test_the_issuer_gets_its_own_name_for_the_turn() -> None:
    assert sent(recall()) == ({**OWN, "previous_response_id": "resp_up"}, False)
    same = recall(msgspec.structs.replace(EARLIER, issuer=Issuer("acme", "default", "resp_1")))
    assert same.body_for(target(provider()), RESPONSES, keeps_state=True)[0] is same.own, "the bytes stay"


HERE = {"model": "chat", "input": [FIRST, THOUGHT, SAID]}
WITHOUT_THOUGHT = {"model": "chat", "input": [FIRST, SAID]}


def test_all_others_get_the_items() -> None:
    assert sent(recall(), "other") == (WITHOUT_THOUGHT, True)
    assert sent(recall(), "acme", keeps=False) == (HERE, False)
    assert sent(recall(), "other", CHAT) == (HERE, False), "its codec knows what to do with a thought"
    moved = msgspec.structs.replace(EARLIER, issuer=Issuer("acme", "another account", "resp_up"))
    assert sent(recall(moved)) == (HERE, False)
    assert sent(recall(msgspec.structs.replace(EARLIER, issuer=None))) == (HERE, False)


def test_an_issuer_that_has_forgotten_gets_the_items_once() -> None:
    found = recall()
    gone = ProviderError(ErrorKind.BAD_REQUEST, "gone", code="previous_response_not_found")
    assert not found.forgotten(ProviderError(ErrorKind.BAD_REQUEST, "other"))
    assert found.forgotten(gone)
    assert sent(found) == (HERE, False)
    assert not found.forgotten(gone), "not again and again"


def test_switched_off_nothing_is_stored_upstream() -> None:
    found = recall(None, {"model": "chat", "input": "Hi"}, stored=False)
    assert sent(found) == ({"model": "chat", "input": "Hi", "store": False}, False)
    assert sent(found, protocol=CHAT)[0] == {"model": "chat", "input": "Hi"}
    unwanted = recall(None, {"model": "chat", "input": "Hi"}, wanted=False, stored=False)
    assert unwanted.body_for(target(), RESPONSES, keeps_state=True)[0] is unwanted.own


def test_named_items_are_sent_themselves() -> None:
    thought = Past(raw(id="rs_9", type="reasoning"), "acme")
    found = recall(None, {"model": "chat", "input": []}, given=(thought, Past(raw(id="msg_9"))))
    assert sent(found)[0]["input"] == [{"id": "rs_9", "type": "reasoning"}, {"id": "msg_9"}]
    assert sent(found, "other") == ({"model": "chat", "input": [{"id": "msg_9"}]}, True)
    assert sent(found, protocol=CHAT)[0]["input"] == [{"id": "rs_9", "type": "reasoning"}, {"id": "msg_9"}]


def test_an_account_is_its_credential() -> None:
    assert account_of(provider()) == "default"
    assert account_of(msgspec.structs.replace(provider(), credential=None)) == ""


async def test_a_conversation_is_read_by_its_key() -> None:
    store = ScriptedStore(conversation=[Past(raw(id="a"))])
    assert await conversation_items("tester", "conv_1", state_of(store)) == (Past(raw(id="a")),)
    assert [asked[0] for asked in store.asked] == ["tester", "tester"]
    with pytest.raises(ClientError) as missing:
        await conversation_items("tester", "conv_2", state_of(store))
    assert missing.value.message == unknown_conversation("conv_2").message


# --- in the pipeline


class Memory:
    """A connection's memory: one earlier turn."""

    def __init__(self, earlier: EarlierTurn) -> None:
        self.earlier = earlier
        self.added: list[tuple[Turn, Any]] = []

    async def get(self, owner: str, ident: str) -> EarlierTurn | None:
        return self.earlier if ident == self.earlier.id else None

    def add(self, turn: Turn, before: Any) -> None:
        self.added.append((turn, before))


def over(*protocols: str, spool: MemorySpool | None = None, retention: Retention | None = None) -> Lab:
    """A gateway with one target for each of ``protocols``, and a store that must not be asked."""
    targets = [target(provider(f"p{number}", protocols=(protocol,))) for number, protocol in enumerate(protocols)]
    one = lab(json_reply(), of=snapshot(route("chat", *targets)))
    one.gateway.state = state_of(None, spool, retention)
    return one


async def test_the_issuer_is_asked_first() -> None:
    spool = MemorySpool()
    spool.add(turn("resp_1", issuer=Issuer("p1", "default", "resp_up")))
    one = over(RESPONSES, RESPONSES, spool=spool)
    one.upstream.script = [json_reply({"id": "resp_2", "status": "completed", "output": [], "store": True})]
    record = await one.ask({**OWN, "messages": None}, protocol=RESPONSES)
    assert (record.provider, record.reason) == ("p1", "in_order, earlier turn")
    assert json.loads(one.upstream.requests[0].body)["previous_response_id"] == "resp_up"


async def test_no_stored_state_asks_no_database() -> None:
    one = over(CHAT)
    record = await one.ask({"input": "Hi"}, protocol=RESPONSES)
    assert record.status == 200


async def test_a_connection_remembers_what_is_not_stored() -> None:
    memory, spool = Memory(EARLIER), MemorySpool()
    one = over(CHAT, spool=spool)
    asked = msgspec.structs.replace(call({**OWN, "store": False}, protocol=RESPONSES), memory=memory)
    await run(asked, one.sink, one.gateway)
    assert one.said["store"] is False
    assert one.said["previous_response_id"] == "resp_1"
    ((kept, before),) = memory.added
    assert (kept.id, before) == (one.said["id"], EARLIER.items)
    assert spool.all == []


async def test_a_turn_that_goes_on_from_a_connections_memory_is_stored_whole() -> None:
    memory, spool = Memory(EARLIER), MemorySpool()
    one = over(CHAT, spool=spool)
    asked = msgspec.structs.replace(call(OWN, protocol=RESPONSES), memory=memory)
    await run(asked, one.sink, one.gateway)
    (kept,) = spool.all
    assert kept.previous is None
    assert [json.loads(bytes(item))["id"] for item in kept.given[:2]] == ["msg_1", "rs_1"]
    assert one.said["id"] != CHAT_REPLY["id"]
