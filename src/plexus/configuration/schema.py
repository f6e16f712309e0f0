"""The JSON Schema of the file, for editors: ``plexus config schema``, and docs/plexus.schema.json."""

from __future__ import annotations

import ast
import inspect
import itertools
import math
from typing import Any

from pydantic import BaseModel

from plexus.configuration import document, later
from plexus.configuration.document import Document
from plexus.configuration.part import all_parts, names_of

REFERENCE = {"type": "string", "pattern": r"\$\{", "description": "A reference: ${NAME} or ${NAME:-default}."}
SCALARS = ("integer", "number", "boolean")
TITLE = "Configuration of Plexus"


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12): members under all their names, described, references allowed in place of numbers."""
    schema = Document.model_json_schema(by_alias=False, mode="validation")
    parts = {part.__name__: part for part in all_parts()}
    for name, definition in [(Document.__name__, schema), *schema["$defs"].items()]:
        if name in parts:
            _complete(definition, parts[name])
    schema["patternProperties"] = {"^x-": {"description": "Free, for anchors."}}
    found = _references(schema)
    assert isinstance(found, dict)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": TITLE}


def descriptions(part: type[BaseModel]) -> dict[str, str]:
    """Member -> the text behind it in the source, on one line."""
    module = document if part.__module__ == document.__name__ else later
    body = next(
        node.body
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef) and node.name == part.__name__
    )
    found = {}
    for member, text in itertools.pairwise(body):
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name) and _is_text(text):
            assert isinstance(text, ast.Expr)
            found[member.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _complete(definition: dict[str, Any], part: type[BaseModel]) -> None:
    """Describe the members, and add those of the other dialect."""
    texts = descriptions(part)
    members = definition.get("properties", {})
    required = set(definition.pop("required", ()))
    for member, names in names_of(part).items():
        described = {key: value for key, value in members.pop(member).items() if key != "title" and value != math.inf}
        for name in names:
            also = "" if name == names[0] else f" (The same as `{names[0]}`.)"
            members[name] = {**described, "description": texts[member] + also}
    single = sorted(member for member in required if len(names_of(part)[member]) == 1)
    if single:
        definition["required"] = single
    either = [{"anyOf": [{"required": [name]} for name in names_of(part)[member]]} for member in sorted(required)]
    several = [one for one in either if len(one["anyOf"]) > 1]
    if several:
        definition["allOf"] = several


def _references(value: object) -> object:
    """Allow ``${…}`` where a number or a boolean is wanted."""
    if isinstance(value, list):
        return [_references(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") in SCALARS:
        outer = {name: value[name] for name in ("default", "description") if name in value}
        return {**outer, "anyOf": [{name: inner for name, inner in value.items() if name not in outer}, REFERENCE]}
    return {name: _references(inner) for name, inner in value.items()}
