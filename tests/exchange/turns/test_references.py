"""Items that are only named."""

from __future__ import annotations

import pytest
from tests.exchange.turns.making import ScriptedStore, ids, raw, state_of

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.domain.turn import Past
from plexus.exchange.turns.references import follow_references, id_of, missing_item, named_by

NAMED = raw(type="item_reference", id="msg_1")
SAID = raw(type="message", id="msg_9", content="item_reference")


def test_an_id_is_a_text() -> None:
    assert id_of(raw(id="a")) == "a"
    assert id_of(raw(id=1)) == id_of(raw()) == id_of(raw(x=1)) == ""


def test_only_references_are_followed() -> None:
    assert named_by([SAID, NAMED, raw(type="item_reference", id=1), raw(type="item_reference")]) == {1: "msg_1"}


async def test_no_reference_asks_nobody() -> None:
    assert await follow_references("tester", [SAID], [], state_of(None)) is None


async def test_earlier_items_need_no_store() -> None:
    before = [Past(raw(id="msg_1", text="x"), "acme")]
    found = await follow_references("tester", [SAID, NAMED], before, state_of(None))
    assert found == (Past(SAID), before[0])


async def test_others_come_from_the_store() -> None:
    store = ScriptedStore(items=[Past(raw(id="msg_1", text="x"), "acme")])
    found = await follow_references("tester", [NAMED, SAID], [], state_of(store))
    assert found is not None
    assert ids(found) == ["msg_1", "msg_9"]
    assert found[0].provider == "acme"


async def test_what_is_not_there_is_a_404() -> None:
    with pytest.raises(ClientError) as missing:
        await follow_references("tester", [NAMED], [], state_of(ScriptedStore()))
    assert missing.value.kind is ErrorKind.NOT_FOUND
    assert missing.value.message == missing_item("msg_1").message == "Item with id 'msg_1' not found."
