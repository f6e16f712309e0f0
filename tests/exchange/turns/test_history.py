"""Earlier turns in a body."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ClientError
from plexus.domain.turn import Past
from plexus.exchange.turns.history import check_state, items_for, own_items, unknown_turn, with_history
from plexus.protocols import envelope
from plexus.protocols.envelope import Envelope


def body(**members: Any) -> Envelope:
    return envelope.read(json.dumps({"model": "chat", **members}).encode())


def raw(**members: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(members).encode())


SAID = {"type": "message", "role": "user", "content": "Hi"}


def test_a_string_is_a_users_message() -> None:
    assert [json.loads(bytes(item)) for item in own_items(body(input="H\u00e9\n"))] == [{**SAID, "content": "Hé\n"}]


@pytest.mark.parametrize("nothing", [{}, {"input": None}, {"input": []}])
def test_nothing_is_no_item(nothing: dict[str, Any]) -> None:
    assert own_items(body(**nothing)) == []


def test_any_other_input_is_refused() -> None:
    with pytest.raises(ClientError, match="input must be") as refused:
        own_items(body(input={"role": "user"}))
    assert refused.value.param == "input"


def test_history_stands_in_front_and_names_are_gone() -> None:
    whole = with_history(body(input="Hi", previous_response_id="resp_1", store=False), [raw(id="a"), raw(id="b")])
    assert json.loads(whole.raw) == {"model": "chat", "input": [{"id": "a"}, {"id": "b"}, SAID], "store": False}
    assert "previous_response_id" not in whole.members
    whole = with_history(body(conversation={"id": "conv_1"}), [raw(id="a")])
    assert json.loads(whole.raw) == {"model": "chat", "input": [{"id": "a"}]}


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)


@given(
    st.dictionaries(st.text(), JSON).map(lambda members: {**members, "previous_response_id": "x"}),
    st.lists(st.dictionaries(st.text(), JSON)),
    st.lists(st.dictionaries(st.text(), JSON)),
)
def test_all_else_stays(members: dict[str, Any], before: list[Any], own: list[Any]) -> None:
    asked = envelope.read(json.dumps({**members, "input": own}).encode())
    whole = json.loads(with_history(asked, [raw(**item) for item in before]).raw)
    assert whole.pop("input") == before + own
    assert whole == {
        name: value for name, value in members.items() if name not in ("previous_response_id", "conversation", "input")
    }


def test_thoughts_stay_with_their_issuer() -> None:
    said = Past(raw(type="message", content="reasoning"), "other")
    bare = Past(raw(type="reasoning", id="rs_1", summary=[]), "other")
    sealed = Past(raw(type="reasoning", id="rs_1", encrypted_content="gAAA"), "other")
    ours = Past(raw(type="reasoning", id="rs_1", encrypted_content="plx1.abc"), "other")
    mine = Past(raw(type="reasoning", id="rs_2"), "acme")
    clients = Past(raw(type="reasoning", id="rs_3", encrypted_content="gAAA"))
    assert items_for("acme", [said, ours, mine, clients]) == ([said.raw, ours.raw, mine.raw, clients.raw], False)
    assert items_for("acme", [said, bare, sealed]) == ([said.raw], True)


def test_an_unknown_turn_is_openais_400() -> None:
    error = unknown_turn("resp_1", " Send it.")
    assert error.message == "Previous response with id 'resp_1' not found. Send it."
    assert (error.code, error.param) == ("previous_response_not_found", "previous_response_id")


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ({}, (None, None)),
        ({"previous_response_id": None, "conversation": None}, (None, None)),
        ({"previous_response_id": "resp_1"}, ("resp_1", None)),
        ({"conversation": "conv_1"}, (None, "conv_1")),
        ({"conversation": {"id": "conv_1"}}, (None, "conv_1")),
    ],
)
def test_what_a_body_names(members: dict[str, Any], state: tuple[str | None, str | None]) -> None:
    assert check_state(body(**members)) == state


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"previous_response_id": "a", "conversation": "b"}, "previous_response_id"),
        ({"previous_response_id": 1}, "previous_response_id"),
        ({"conversation": 1}, "conversation"),
        ({"conversation": {}}, "conversation"),
    ],
)
def test_what_a_body_may_not_name(members: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientError) as refused:
        check_state(body(**members))
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("more", "refused"),
    [({"background": True}, True), ({"background": False}, False), ({"background": True, "stream": True}, False)],
)
def test_a_reply_in_the_background_must_be_streamed(more: dict[str, Any], refused: bool) -> None:
    if not refused:
        assert check_state(body(**more)) == (None, None)
        return
    with pytest.raises(ClientError, match="Leave background out") as error:
        check_state(body(**more))
    assert error.value.param == "background"
