"""Schemas: Gemini's older members take a subset of OpenAPI 3.0, the newer ones JSON Schema.

https://ai.google.dev/api/caching#Schema
"""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.protocols.unreadable import UNREADABLE

MAX_DEPTH = 64

Document = dict[str, Any]


def from_openapi(raw: msgspec.Raw) -> msgspec.Raw:
    """A ``Schema`` as JSON Schema: types in lower case, ``nullable`` as a type. What is no schema stays as it is."""
    try:
        return msgspec.Raw(msgspec.json.encode(_to_json_schema(msgspec.json.decode(raw), 0)))
    except UNREADABLE:
        return raw


COUNTS = ("minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength")
"""int64 members, which proto3 JSON writes as strings."""


def _to_json_schema(node: Any, depth: int) -> Any:
    if not isinstance(node, dict) or depth > MAX_DEPTH:
        return node
    out: Document = {}
    for name, value in node.items():
        if isinstance(name, str) and name not in ORDER:
            out[RENAMED.get(name, name)] = _to_json_member(name, value, depth + 1)
    if out.get("type") == "type_unspecified":
        del out["type"]
    if node.get("nullable") is True and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
        if "enum" in out and None not in out["enum"]:
            out["enum"] = [*out["enum"], None]
    return out


RENAMED: dict[str, str] = {"defs": "$defs", "any_of": "anyOf", "ref": "$ref"}
ORDER = frozenset({"nullable", "propertyOrdering", "property_ordering"})
"""Members that JSON Schema says otherwise, or has no need of."""


def _to_json_member(name: str, value: Any, depth: int) -> Any:
    if name in ("properties", "defs", "$defs") and isinstance(value, dict):
        return {key: _to_json_schema(inner, depth) for key, inner in value.items()}
    if isinstance(value, list) and name in ("anyOf", "any_of", "oneOf", "prefixItems"):
        return [_to_json_schema(inner, depth) for inner in value]
    if name in ("items", "additionalProperties"):
        return _to_json_schema(value, depth)
    if name == "type" and isinstance(value, str):
        return value.lower()
    return int(value) if name in COUNTS and isinstance(value, str) and value.isdecimal() else value


KEPT = frozenset({
    "title", "description", "format", "enum", "default", "example", "minItems", "maxItems", "minProperties",
    "maxProperties", "minLength", "maxLength", "minimum", "maximum", "pattern", "required", "nullable",
    "propertyOrdering",
})  # fmt: skip
SILENT = frozenset({"$schema", "$id", "$comment", "$defs", "definitions", "examples"})
"""Members that say nothing of the value."""


def to_openapi(raw: msgspec.Raw) -> tuple[Document, list[str]]:
    """A JSON Schema in the subset, and the paths of what the subset cannot say. References are resolved where they are not
    recursive. Raises msgspec.MsgspecError for what is no JSON object."""
    root = msgspec.json.decode(raw, type=Document)
    lost: list[str] = []
    return _Subset(root, lost).write(root, "", ()), lost


class _Subset:
    def __init__(self, root: Document, lost: list[str]) -> None:
        self._root = root
        self._lost = lost

    def write(self, node: Any, path: str, seen: tuple[str, ...]) -> Document:
        if not isinstance(node, dict):
            return {}
        if "$ref" in node:
            return self._reference(node, path, seen)
        out = {name: value for name, value in node.items() if name in KEPT}
        for name, value in node.items():
            self._member(name, value, f"{path}.{name}".lstrip("."), seen, out)
        enum = out.get("enum")
        if isinstance(enum, list):
            self._enum(enum, path, out)
        return out

    def _member(self, name: str, value: Any, where: str, seen: tuple[str, ...], out: Document) -> None:
        if name == "properties" and isinstance(value, dict):
            out[name] = {key: self.write(inner, f"{where}.{key}", seen) for key, inner in value.items()}
        elif name == "items" and isinstance(value, dict):
            out[name] = self.write(value, where, seen)
        elif name in ("anyOf", "oneOf") and isinstance(value, list):
            self._alternatives(value, where, seen, out)
        elif name == "type":
            self._type(value, where, out)
        elif name == "const":
            out["enum"] = [value]
        elif name not in KEPT | SILENT and not (name == "additionalProperties" and value is False):
            self._lost.append(where)

    def _reference(self, node: Document, path: str, seen: tuple[str, ...]) -> Document:
        ref = node["$ref"]
        found: Any = self._root
        if not isinstance(ref, str) or not ref.startswith("#/") or ref in seen or len(seen) > MAX_DEPTH:
            self._lost.append(f"{path}.$ref".lstrip("."))
            return {"type": "OBJECT"}
        for step in ref[2:].split("/"):
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        beside = {name: value for name, value in node.items() if name in ("description", "title")}
        return {**self.write(found, path, (*seen, ref)), **beside}

    def _alternatives(self, value: list[Any], where: str, seen: tuple[str, ...], out: Document) -> None:
        real = [inner for inner in value if not (isinstance(inner, dict) and inner.get("type") == "null")]
        if len(real) < len(value):
            out["nullable"] = True
        if len(real) == 1:
            out.update({**self.write(real[0], where, seen), **out})
        else:
            out["anyOf"] = [self.write(inner, f"{where}[{index}]", seen) for index, inner in enumerate(real)]

    def _type(self, value: Any, where: str, out: Document) -> None:
        kinds = [kind for kind in (value if isinstance(value, list) else [value]) if isinstance(kind, str)]
        real = [kind for kind in kinds if kind != "null"]
        if len(real) < len(kinds):
            out["nullable"] = True
        if len(real) > 1:
            out["anyOf"] = [{"type": kind.upper()} for kind in real]
        elif real:
            out["type"] = real[0].upper()
        elif not kinds:
            self._lost.append(where)

    def _enum(self, enum: list[Any], path: str, out: Document) -> None:
        """Only strings may be enumerated."""
        if None in enum:
            out["nullable"] = True
        words = [value for value in enum if value is not None]
        if all(isinstance(word, str) for word in words):
            out["enum"] = words
            out.setdefault("type", "STRING")
        else:
            del out["enum"]
            self._lost.append(f"{path}.enum".lstrip("."))
