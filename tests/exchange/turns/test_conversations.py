"""Conversations: what is refused. What works is asked over HTTP with the openai SDK: ``tests/sdk/test_openai_state.py``."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.exchange.turns.making import ScriptedStore, state_of

from plexus.canonical.errors import ClientError
from plexus.domain.turn import Conversation
from plexus.exchange.turns.asking import Asking
from plexus.exchange.turns.conversations import add_items, change_conversation, create_conversation, shown


def asking(body: Any) -> Asking:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Asking(owner="tester", ident="conv_1", body=raw)


MESSAGE = {"role": "user", "content": "x"}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"items": "x"}, "items"),
        ({"items": [1]}, "items"),
        ({"items": [MESSAGE] * 21}, "items"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"metadata": {"a" * 65: "b"}}, "metadata"),
        ({"metadata": {"a": "b" * 513}}, "metadata"),
        ({"metadata": {str(number): "b" for number in range(17)}}, "metadata"),
        (b"[]", None),
    ],
)
async def test_a_body_that_is_wrong(body: Any, param: str | None) -> None:
    with pytest.raises(ClientError) as refused:
        await create_conversation(asking(body), state_of(ScriptedStore()))
    assert refused.value.param == param


async def test_items_and_metadata_must_be_there() -> None:
    with pytest.raises(ClientError, match="'items'"):
        await add_items(asking({"items": []}), state_of(ScriptedStore()))
    with pytest.raises(ClientError, match="'metadata'"):
        await change_conversation(asking({}), state_of(ScriptedStore()))


def test_times_are_seconds() -> None:
    found = shown(Conversation(id="conv_1", created_at=7_900_000, metadata=msgspec.Raw(b'{"a":"b"}')))
    assert json.loads(bytes(found)) == {
        "id": "conv_1",
        "object": "conversation",
        "created_at": 7,
        "metadata": {"a": "b"},
    }
