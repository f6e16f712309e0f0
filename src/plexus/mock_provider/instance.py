"""The smallest value that fits a JSON Schema: what the mock answers where a schema is asked for, and calls tools with.

Covers what the vendors accept in tool and output schemas: types, enum and const, references into the document, required
members, the combinators, bounds and the common formats. A pattern is met only by a default, an example or an enum.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from plexus.mock_provider.answer import Json

MAX_DEPTH: Final = 16
"""A recursive schema is followed this far; then optional members and items are left out anyway."""

FORMATS: Final[Mapping[str, str]] = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}

SAMPLES: Final[Mapping[str, str]] = {
    "command": "ls",
    "cmd": "ls",
    "script": "ls",
    "path": "README.md",
    "file": "README.md",
    "file_path": "README.md",
    "filepath": "README.md",
    "filename": "README.md",
    "pattern": "*",
    "glob": "*",
    "url": "https://example.com/",
    "city": "Paris",
    "location": "Paris",
    "query": "plexus",
    "timezone": "Europe/Paris",
}
"""Strings that make sense for a member of this name, so that a tool called by the mock does something harmless."""


def instance(schema: object, name: str = "") -> object:
    """A minimal value for ``schema``; ``name`` is the member that it will be, for the choice of a string."""
    root: Json = schema if isinstance(schema, dict) else {}
    return _value(root, _Place(root, name, 0))


class _Place:
    """Where in the document we are."""

    def __init__(self, root: Json, name: str, depth: int) -> None:
        self.root = root
        self.name = name
        self.depth = depth

    def below(self, name: str) -> _Place:
        return _Place(self.root, name, self.depth + 1)


def _value(schema: object, place: _Place) -> object:
    if not isinstance(schema, dict) or place.depth > MAX_DEPTH:
        return None
    schema = _joined(schema, place.root)
    for member in ("const", "default"):
        if member in schema and schema[member] is not None:
            return schema[member]
    for member in ("enum", "examples"):
        choices = schema.get(member)
        if isinstance(choices, list) and choices:
            return choices[0]
    kind = _type_of(schema)
    return _MAKERS[kind](schema, place) if kind in _MAKERS else None


def _joined(schema: Json, root: Json) -> Json:
    """``schema`` with its reference, its ``allOf`` and the first of its alternatives folded in."""
    for _ in range(MAX_DEPTH):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            schema = {**_resolve(reference, root), **{k: v for k, v in schema.items() if k != "$ref"}}
            continue
        combined = next((name for name in ("allOf", "anyOf", "oneOf") if schema.get(name)), None)
        if combined is None:
            break
        branches = schema[combined]
        chosen = [one for one in branches if isinstance(one, dict)] if isinstance(branches, list) else []
        rest = {k: v for k, v in schema.items() if k != combined}
        for branch in chosen if combined == "allOf" else chosen[:1]:
            rest = _merged(rest, _joined(branch, root))
        schema = rest
    return schema


def _merged(one: Json, other: Json) -> Json:
    merged = {**one, **other}
    for member in ("properties", "required"):
        left, right = one.get(member), other.get(member)
        if isinstance(left, dict) and isinstance(right, dict):
            merged[member] = {**left, **right}
        elif isinstance(left, list) and isinstance(right, list):
            merged[member] = list(dict.fromkeys([*left, *right]))
    return merged


def _resolve(reference: str, root: Json) -> Json:
    found: object = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step and isinstance(found, dict):
            found = found.get(step.replace("~1", "/").replace("~0", "~"))
    return found if isinstance(found, dict) else {}


def _type_of(schema: Json) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema else "string"


def _object(schema: Json, place: _Place) -> Json:
    properties = schema.get("properties")
    members: Json = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    names = [one for one in required if isinstance(one, str)] if isinstance(required, list) else []
    return {name: _value(members.get(name, {}), place.below(name)) for name in names}


def _array(schema: Json, place: _Place) -> list[object]:
    fixed = schema.get("prefixItems")
    found = [_value(one, place.below(place.name)) for one in fixed] if isinstance(fixed, list) else []
    size = _number(schema.get("minItems")) or 0
    while len(found) < size:
        found.append(_value(schema.get("items", {}), place.below(place.name)))
    return found


def _string(schema: Json, place: _Place) -> str:
    shape = schema.get("format")
    text = FORMATS.get(shape, "") if isinstance(shape, str) else ""
    text = text or SAMPLES.get(place.name.lower(), "") or place.name or "text"
    low, high = _number(schema.get("minLength")) or 0, _number(schema.get("maxLength"))
    text = text.ljust(int(low), "x")
    return text if high is None else text[: int(high)]


def _numeric(schema: Json, whole: bool) -> float:
    step = _number(schema.get("multipleOf")) or (1.0 if whole else 0.0)
    low = _number(schema.get("minimum"))
    above = _number(schema.get("exclusiveMinimum"))
    high = _number(schema.get("maximum"))
    below = _number(schema.get("exclusiveMaximum"))
    if above is not None and (low is None or above >= low):
        low = above + (step or (0.5 if below is None and high is None else 1e-6))
    top = high if high is not None else None if below is None else below - (step or 1e-6)
    value = 1.0 if low is None or low <= 1.0 else low
    if top is not None and value > top:
        value = top
    if step:
        value = math.floor(value / step) * step
        if low is not None and value < low:
            value += step
    return value


def _integer(schema: Json, _: _Place) -> int:
    return int(_numeric(schema, whole=True))


def _real(schema: Json, _: _Place) -> float:
    return _numeric(schema, whole=False)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


_MAKERS: Final[Mapping[str, Callable[[Json, _Place], object]]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _real,
    "boolean": lambda _schema, _place: True,
}
