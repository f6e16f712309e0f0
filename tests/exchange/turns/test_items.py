"""Items as they are kept and shown."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.exchange.turns.making import raw

from plexus.exchange.turns.items import kept_item, without_state


def kept(**members: Any) -> Any:
    return json.loads(bytes(kept_item(raw(**members))))


@pytest.mark.parametrize(
    ("role", "part"),
    [
        ("user", {"type": "input_text", "text": "Hé"}),
        ("developer", {"type": "input_text", "text": "Hé"}),
        ("assistant", {"type": "output_text", "text": "Hé", "annotations": []}),
    ],
)
def test_a_message_gets_all_that_it_is_shown_with(role: str, part: object) -> None:
    item = kept(role=role, content="Hé")
    assert item.pop("id").startswith("msg_")
    assert item == {"type": "message", "role": role, "content": [part], "status": "completed"}


def test_two_get_two_ids() -> None:
    assert kept(role="user", content="x")["id"] != kept(role="user", content="x")["id"]


@pytest.mark.parametrize(("kind", "prefix"), [("function_call", "fc_"), ("reasoning", "rs_"), ("mcp_call", "item_")])
def test_ids_are_made_by_kind(kind: str, prefix: str) -> None:
    item = kept(type=kind)
    assert item["id"].startswith(prefix)
    assert ("status" in item) == (kind == "function_call")


@pytest.mark.parametrize("ident", [None, "", 7])
def test_an_id_that_is_none_is_replaced(ident: object) -> None:
    assert kept(type="reasoning", id=ident, summary=[])["id"].startswith("rs_")


def test_what_is_whole_keeps_its_bytes() -> None:
    item = msgspec.Raw(b'{ "type":"message","id":"msg_1", "status":"completed","content":[] }')
    assert kept_item(item) is item


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        kept_item(msgspec.Raw(b"7"))


def test_sealed_thoughts_can_be_left_out() -> None:
    thought = raw(type="reasoning", id="rs_1", summary=[], encrypted_content="x")
    assert json.loads(bytes(without_state(thought))) == {"type": "reasoning", "id": "rs_1", "summary": []}
    said = raw(type="message", id="msg_1")
    assert without_state(said) is said
