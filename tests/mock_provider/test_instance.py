"""Whatever schema is asked for, the instance fits it (judged by jsonschema)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from plexus.mock_provider.instance import instance

_NAMES = st.text("abcxyz", min_size=1, max_size=3)


def _integers(low: int, size: int, step: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": low + size + step, "multipleOf": step}


_LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": "number"}, {"type": "integer"}, {}]),
    st.builds(_integers, st.integers(-50, 50), st.integers(0, 20), st.integers(1, 7)),
    st.builds(
        lambda low, size: {"type": "number", "minimum": low, "maximum": low + size}, st.floats(-9, 9), st.floats(0, 9)
    ),
    st.builds(lambda low: {"type": "number", "exclusiveMinimum": low}, st.integers(-9, 9)),
    st.builds(lambda top: {"type": "integer", "exclusiveMaximum": top}, st.integers(-9, 9)),
    st.builds(
        lambda low, size: {"type": "string", "minLength": low, "maxLength": low + size},
        st.integers(0, 20),
        st.integers(0, 9),
    ),
    st.builds(lambda values: {"enum": values}, st.lists(st.integers() | _NAMES, min_size=1, max_size=3)),
    st.builds(lambda value: {"const": value}, st.integers() | _NAMES),
)


def _bigger(below: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    members = st.dictionaries(_NAMES, below, max_size=3)
    return st.one_of(
        st.builds(
            lambda found, closed: {
                "type": "object",
                "properties": found,
                "required": sorted(found),
                "additionalProperties": not closed,
            },
            members,
            st.booleans(),
        ),
        st.builds(lambda item, size: {"type": "array", "items": item, "minItems": size}, below, st.integers(0, 3)),
        st.builds(lambda first, second: {"anyOf": [first, second]}, below, below),
        st.builds(lambda one: {"$defs": {"it": one}, "allOf": [{"$ref": "#/$defs/it"}]}, _LEAVES),
    )


@given(
    st.recursive(_LEAVES, _bigger, max_leaves=6).filter(lambda schema: "$defs" not in str(schema) or "$defs" in schema)
)
def test_it_fits_the_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator(schema).validate(instance(schema))


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {}),
        ({"type": ["null", "string"], "format": "date"}, "2026-01-01"),
        ({"type": "string", "default": "x"}, "x"),
        ({"properties": {"city": {"type": "string"}}, "required": ["city"]}, {"city": "Paris"}),
        ({"allOf": [{"required": ["a"]}, {"properties": {"a": {"const": 1}}, "required": ["a"]}]}, {"a": 1}),
        ({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}]}, [1, 2]),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, pytest.approx(0.999999)),
        (True, "text"),
    ],
)
def test_known_schemas(schema: Any, wanted: Any) -> None:
    assert instance(schema) == wanted


def test_a_recursive_schema_ends() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    assert list(instance(schema) or ()) == ["next"]  # type: ignore[call-overload]
