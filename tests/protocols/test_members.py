from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import members, raw, value

from plexus.canonical.content import Extras
from plexus.canonical.errors import ClientError, ErrorKind
from plexus.protocols.members import (
    ABSENT,
    Array,
    Members,
    Object,
    decode_as,
    is_string,
    own_members,
    present,
    raw_json,
    with_twins,
)

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


@pytest.mark.parametrize(
    ("document", "kind", "expected"),
    [
        ("a", str, "a"),
        (3, int, 3),
        (3, float, 3.0),
        (2.5, float, 2.5),
        (True, bool, True),
        (["a"], list[str], ["a"]),
    ],
)
def test_a_member_is_taken_once_with_its_type(document: Any, kind: Any, expected: Any) -> None:
    node = members({"x": document})
    assert node.take("x", kind) == expected
    assert node.take("x", kind) is None
    assert node.rest("p") is None


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (3, str), ("3", int), (2.5, int), (True, int), ("2", float), (1, bool), ("x", Object), ({}, Array), ([1], list[str]),
    ],
)  # fmt: skip
def test_another_type_is_the_clients_fault_and_named(document: Any, kind: Any) -> None:
    with pytest.raises(ClientError) as refused:
        members({"x": document}, "a.b[0]").take("x", kind)
    assert refused.value.kind is ErrorKind.BAD_REQUEST
    assert refused.value.param == "a.b[0].x"
    assert refused.value.message.startswith("a.b[0].x: Expected")


def test_null_is_as_good_as_absent() -> None:
    node = members({"a": None, "b": None, "c": None, "d": None})
    assert node.take("a", str) is None
    assert node.take_raw("b") is None
    assert node.take_list("c") == []
    assert node.take_members("d") is None
    assert members({"e": None}).rest("p") is None
    with pytest.raises(ClientError, match="e is missing"):
        members({"e": None}).require("e", str)


def test_paths_grow_downwards() -> None:
    inner = members({"list": [{"y": {"z": 1}}]}, "top").take_list("list")[0]
    below = inner.take_members("y")
    assert below is not None
    assert below.where("z") == "top.list[0].y.z"
    with pytest.raises(ClientError) as refused:
        members({"list": [{}, 5]}).take_list("list")
    assert refused.value.param == "list[1]"


def test_peeking_takes_nothing() -> None:
    node = members({"x": 1})
    assert value(node.peek("x")) == 1
    assert node.peek("y") is None
    assert node.take("x", int) == 1


def test_the_clients_own_document_stays_whole() -> None:
    document = {"x": raw(1)}
    Members(document).take("x", int)
    assert set(document) == {"x"}


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
@settings(deadline=None)
def test_what_nobody_took_is_kept_byte_for_byte(document: dict[str, Any]) -> None:
    node = members(document)
    assert value(node.whole()) == document
    rest = node.rest("p")
    kept = {} if rest is None else {name: value(item) for name, item in rest.members.items()}
    assert kept == {name: item for name, item in document.items() if item is not None}


@given(VALUES)
@settings(deadline=None)
def test_values_survive_as_raw_json(document: Any) -> None:
    assert value(raw_json(document)) == document
    assert is_string(raw_json(document)) == isinstance(document, str)
    assert present(raw_json(document)) == (document is not None)


def test_a_member_of_a_struct_that_was_not_there() -> None:
    assert not present(ABSENT)


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(ClientError) as refused:
        decode_as(msgspec.Raw(b'"\xff"'), str, "x")
    assert refused.value.param == "x"


def test_extras_go_back_to_their_own_protocol_alone() -> None:
    extras = Extras("p", {"a": raw(1)}, {"b": raw(2)})
    assert {name: value(item) for name, item in own_members(extras, "p").items()} == {"a": 1, "b": 2}
    assert own_members(extras, "q") == {}
    assert own_members(None, "p") == {}


def test_twins_stand_beside_the_members() -> None:
    assert with_twins(None, "p", {}) is None
    alone = with_twins(None, "p", {"b": raw(2)})
    assert alone is not None
    assert (alone.members, set(alone.twins)) == ({}, {"b"})
    both = with_twins(Extras("p", {"a": raw(1)}), "p", {"b": raw(2)})
    assert both is not None
    assert (set(both.members), set(both.twins)) == ({"a"}, {"b"})
