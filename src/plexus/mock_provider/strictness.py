"""Rules that both vendors check on JSON Schemas and on media."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

import msgspec

from plexus.mock_provider.answer import Json

_BELOW: Final = ("properties", "$defs", "definitions")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")


def open_objects(schema: object) -> Iterator[Json]:
    """Object schemas inside ``schema`` that do not say ``additionalProperties: false``."""
    for one in object_schemas(schema):
        if one.get("additionalProperties") is not False:
            yield one


def optional_members(schema: object) -> Iterator[str]:
    """Names of members that their object schema does not require."""
    for one in object_schemas(schema):
        properties, required = one.get("properties"), one.get("required")
        if isinstance(properties, dict):
            wanted = required if isinstance(required, list) else []
            yield from (name for name in properties if name not in wanted)


def object_schemas(schema: object) -> Iterator[Json]:
    """``schema`` and everything below it that describes an object."""
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" or "properties" in schema:
        yield schema
    for name in _BELOW:
        below = schema.get(name)
        if isinstance(below, dict):
            for one in below.values():
                yield from object_schemas(one)
    for name in _LISTS:
        branches = schema.get(name)
        for one in branches if isinstance(branches, list) else ():
            yield from object_schemas(one)
    yield from object_schemas(schema.get("items"))


def is_base64(data: str) -> bool:
    """Whether ``data`` is standard base64 of at least a byte."""
    try:
        return bool(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        return False


def standard_base64(data: str) -> str:
    """``data`` in the standard alphabet, padded: proto3 JSON takes bytes in both alphabets, with padding or without.
    https://protobuf.dev/programming-guides/json"""
    return data.replace("-", "+").replace("_", "/") + "=" * (-len(data) % 4)


def explain(error: msgspec.ValidationError) -> tuple[str, str]:
    """What msgspec found wrong, and where: ``("Expected `int`, got `str`", "messages[0].n")``; the path may be empty."""
    what, _, where = str(error).partition(" - at `$")
    return what, where.rstrip("`").lstrip(".")
