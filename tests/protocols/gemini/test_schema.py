"""Schemas of the OpenAPI subset and JSON Schema."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.protocols.gemini.schema import from_openapi, to_openapi


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": "TYPE_UNSPECIFIED", "title": "t"}, {"title": "t"}),
        ({"type": "STRING", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "STRING", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "ARRAY", "items": {"type": "INTEGER"}, "minItems": "2"},
         {"type": "array", "items": {"type": "integer"}, "minItems": 2}),
        ({"type": "OBJECT", "properties": {"type": {"type": "NUMBER"}}, "propertyOrdering": ["type"]},
         {"type": "object", "properties": {"type": {"type": "number"}}}),
        ({"any_of": [{"type": "STRING"}, {"ref": "#/defs/a"}], "defs": {"a": {"type": "BOOLEAN"}}},
         {"anyOf": [{"type": "string"}, {"$ref": "#/defs/a"}], "$defs": {"a": {"type": "boolean"}}}),
    ],
)  # fmt: skip
def test_the_subset_becomes_json_schema(old: Any, new: Any) -> None:
    assert json.loads(bytes(from_openapi(raw(old)))) == new


@pytest.mark.parametrize(
    ("schema", "written", "lost"),
    [
        ({"type": "string", "minLength": 1}, {"type": "STRING", "minLength": 1}, []),
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}, []),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}, []),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}, []),
        ({"const": "a"}, {"enum": ["a"], "type": "STRING"}, []),
        ({"enum": [1, 2]}, {}, ["enum"]),
        ({"type": "object", "additionalProperties": False, "$schema": "x"}, {"type": "OBJECT"}, []),
        ({"type": "object", "additionalProperties": {"type": "string"}}, {"type": "OBJECT"}, ["additionalProperties"]),
        ({"properties": {"a": {"not": {}}}}, {"properties": {"a": {}}}, ["properties.a.not"]),
        ({"properties": {"a": {"$ref": "#/$defs/x", "description": "d"}}, "$defs": {"x": {"type": "null"}}},
         {"properties": {"a": {"nullable": True, "description": "d"}}}, []),
        ({"$defs": {"n": {"properties": {"next": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"},
         {"properties": {"next": {"type": "OBJECT"}}}, ["properties.next.$ref"]),
    ],
)  # fmt: skip
def test_json_schema_becomes_the_subset_and_names_what_it_cannot_say(schema: Any, written: Any, lost: Any) -> None:
    assert to_openapi(raw(schema)) == (written, lost)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "anyOf", "enum", "$ref", "nullable", "const", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_taken(value: Any) -> None:
    from_openapi(raw(value))
    if isinstance(value, dict):
        to_openapi(raw(value))


def test_endless_nesting_ends() -> None:
    deep: Any = {}
    for _ in range(300):
        deep = {"items": deep}
    assert bytes(from_openapi(raw(deep)))
