"""Rules on schemas and media."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from plexus.mock_provider.strictness import explain, is_base64, object_schemas, open_objects, optional_members

_CLOSED: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
_OPEN: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(
    "schema",
    [
        _OPEN,
        {**_CLOSED, "properties": {"x": _OPEN}},
        {"type": "array", "items": _OPEN},
        {"anyOf": [{"type": "null"}, _OPEN]},
        {"$defs": {"it": _OPEN}, "$ref": "#/$defs/it"},
    ],
)
def test_open_objects_are_found_wherever_they_are(schema: dict[str, Any]) -> None:
    assert list(open_objects(schema)) == [_OPEN]
    assert list(optional_members(schema))[-1] == "a"


def test_what_is_closed_and_complete_is_not() -> None:
    schema = {**_CLOSED, "properties": {"a": {"type": "string"}}, "required": ["a"]}
    assert list(object_schemas(schema)) == [schema]
    assert list(open_objects(schema)) == []
    assert list(optional_members(schema)) == []
    assert list(object_schemas(True)) == []


@pytest.mark.parametrize(("data", "sound"), [("AAAA", True), ("", False), ("A", False), ("A A=", False), ("é", False)])
def test_base64(data: str, sound: bool) -> None:
    assert is_base64(data) == sound


def test_what_is_wrong_and_where() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"a": [{"b": 1}]}, dict[str, list[dict[str, str]]])
    assert explain(caught.value) == ("Expected `str`, got `int`", "[...][0][...]")
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(1, str)
    assert explain(caught.value) == ("Expected `str`, got `int`", "")
