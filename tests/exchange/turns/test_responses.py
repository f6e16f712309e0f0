"""Kept replies, as they are asked for. Over HTTP with the openai SDK: ``tests/sdk/test_openai_state.py``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.exchange.turns.making import MemorySpool, raw, state_of, turn

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.domain.snapshot import Retention
from plexus.exchange.turns.asking import Asking
from plexus.exchange.turns.responses import cancel_response, get_response, list_input, remove_response, unknown_response
from plexus.exchange.turns.state import State

THOUGHT = raw(id="rs_1", type="reasoning", summary=[], encrypted_content="x")


def asking(**members: Any) -> Asking:
    return Asking(owner="tester", ident="resp_1", **members)


@pytest.fixture
def state() -> State:
    spool = MemorySpool()
    spool.add(turn("resp_1", output=(THOUGHT,), body=raw(id="resp_1", output=[], model="m")))
    return state_of(None, spool)


async def test_sealed_thoughts_are_shown_to_who_asks_for_them(state: State) -> None:
    plain = json.loads(bytes(await get_response(asking(), state)))
    assert plain == {"id": "resp_1", "output": [{"id": "rs_1", "type": "reasoning", "summary": []}], "model": "m"}
    include = frozenset({"reasoning.encrypted_content"})
    whole = json.loads(bytes(await get_response(asking(include=include), state)))
    assert whole["output"] == [json.loads(bytes(THOUGHT))]


@pytest.mark.parametrize("wish", ["true", "1"])
async def test_a_stream_is_refused(state: State, wish: str) -> None:
    with pytest.raises(ClientError, match="not streamed") as refused:
        await get_response(asking(query={"stream": wish}), state)
    assert refused.value.param == "stream"
    await get_response(asking(query={"stream": "false"}), state)


async def test_nothing_runs_in_the_background(state: State) -> None:
    with pytest.raises(ClientError, match="background") as refused:
        await cancel_response(asking(), state)
    assert refused.value.kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize("action", [get_response, remove_response, list_input, cancel_response])
async def test_switched_off_nothing_is_found(action: Any) -> None:
    with pytest.raises(ClientError) as missing:
        await action(asking(), state_of(None, retention=Retention(store=False)))
    assert missing.value.message == unknown_response("resp_1").message == "Response with id 'resp_1' not found."
    assert missing.value.kind is ErrorKind.NOT_FOUND
