from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.protocols import envelope

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.text(max_size=6), VALUES, max_size=6)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n\t", " : \r\n")])


def write(document: dict[str, Any], separators: tuple[str, str], *, ascii_only: bool) -> bytes:
    return json.dumps(document, separators=separators, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


@given(DOCUMENTS, SEPARATORS, st.booleans())
def test_members_are_found_and_nothing_changes_without_edits(
    document: dict[str, Any], separators: tuple[str, str], ascii_only: bool
) -> None:
    body = write(document, separators, ascii_only=ascii_only)
    read = envelope.read(body)
    assert {name: json.loads(bytes(value)) for name, value in read.members.items()} == document
    assert read.replace({}) is body


@given(DOCUMENTS, SEPARATORS, VALUES)
def test_only_the_edited_member_changes(document: dict[str, Any], separators: tuple[str, str], value: Any) -> None:
    body = write({**document, "model": "a"}, separators, ascii_only=True)
    edited = envelope.read(body).replace({"model": json.dumps(value).encode(), "added": b"1"})
    assert json.loads(edited) == {**document, "model": value, "added": 1}
    start, _ = body.split(b'"model"', 1)
    assert edited.startswith(start)
    assert list(json.loads(edited))[: len(json.loads(body))] == list(json.loads(body))


@given(DOCUMENTS, SEPARATORS, VALUES, VALUES, st.integers(0, 5))
def test_a_duplicate_is_refused_wherever_it_stands(
    document: dict[str, Any], separators: tuple[str, str], one: Any, two: Any, place: int
) -> None:
    document.pop("model", None)
    item, colon = separators
    members = [json.dumps(name) + colon + json.dumps(value) for name, value in document.items()]
    members.insert(min(place, len(members)), '"model"' + colon + json.dumps(one))
    members.append('"mod\\u0065l"' + colon + json.dumps(two))
    with pytest.raises(ClientError, match="more than once") as refused:
        envelope.read(("{" + item.join(members) + "}").encode())
    assert refused.value.param == "model"


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":"......}..."}',
        b'{"a":1,"a":1}',
        b'{"a":"x","a":"x"}',
        b'{"a":1,"b":2,"a":3}',
        b'{"a":[1],"a":[1,{}]}',
        b'{"a":1 , "b":"\\"a\\":1" , "a" : 1}',
        b'{"":1,"":1}',
    ],
)
def test_duplicates_that_could_fool_a_walk_by_lengths(body: bytes) -> None:
    with pytest.raises(ClientError, match="more than once"):
        envelope.read(body)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"1", b'"x"', b"null", b"{", b'{"a"}', b'{"a":1}x', b"\xff{}", b'{"a":"\xff"}']
)
def test_what_is_no_json_object_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(ClientError) as refused:
        envelope.read(body).get("a", str)
    assert refused.value.kind is ErrorKind.BAD_REQUEST


def test_a_member_of_the_wrong_type_is_named() -> None:
    read = envelope.read(b'{"model":1,"stream":null}')
    with pytest.raises(ClientError) as refused:
        read.get("model", str)
    assert refused.value.param == "model"
    assert read.get("stream", bool) is None
    assert read.get("absent", bool) is None


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_our_own_error(body: bytes) -> None:
    try:
        envelope.read(body)
    except ClientError:
        pass


def test_removing_members_keeps_the_others_bytes() -> None:
    read = envelope.read(b'{"a": [1, 2], "b":2 , "c" : {"x":  1}}')
    assert read.remove(frozenset({"b"})).raw == b'{"a": [1, 2],"c" : {"x":  1}}'


@pytest.mark.parametrize(("body", "words"), [
    (b'{"a":"\xff"}', "utf-8"), (b'{"a":{"b":["\xed\xa0\x80"]}}', "utf-8"), (b'{"a":' + b"[" * 100_000, "recursion"),
])  # fmt: skip
def test_what_lies_deep_in_a_body_is_refused_at_once(body: bytes, words: str) -> None:
    """Members are decoded later, or by others: what no reader could make sense of does not get that far."""
    with pytest.raises(ClientError, match=words):
        envelope.read(body)
