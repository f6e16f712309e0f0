"""Members into the text of a settings file, with everything else kept. Pure: text in, text out."""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, Final

from plexus.clients.client import Form

Members = Mapping[str, Any]


class CannotMerge(Exception):
    """The file is in a form that cannot be changed without losing something. The message says what is in the way."""


def merge(text: str, form: Form, members: Members) -> str:
    """``text`` with ``members`` in it; an empty text makes a new file. Raises CannotMerge."""
    return _MERGERS[form](text, members)


def merged_values(old: Members, new: Members) -> dict[str, Any]:
    """Objects member by member; everything else of ``new`` replaces what was there."""
    result = dict(old)
    for name, value in new.items():
        before = result.get(name)
        both = isinstance(value, Mapping) and isinstance(before, Mapping)
        result[name] = merged_values(before, value) if both else value  # type: ignore[arg-type]  # both are, then
    return result


def _json(text: str, members: Members) -> str:
    try:
        old = json.loads(text) if text.strip() else {}
    except ValueError:
        raise CannotMerge("it is no plain JSON (comments cannot be kept)") from None
    if not isinstance(old, dict):
        raise CannotMerge("it holds no JSON object")
    return json.dumps(merged_values(old, members), indent=2, ensure_ascii=False) + "\n"


def _yaml(text: str, members: Members) -> str:
    from ruamel.yaml import YAML  # noqa: PLC0415 - only for such files
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    yaml = YAML()
    yaml.preserve_quotes = True
    try:
        document = yaml.load(text) if text.strip() else {}
    except YAMLError:
        raise CannotMerge("it is no YAML") from None
    if document is None:  # nothing but comments
        return text.rstrip("\n") + "\n" + _yaml("", members)
    if not isinstance(document, dict):
        raise CannotMerge("it holds no mapping")
    _put(document, members)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def _put(document: dict[str, Any], members: Members) -> None:
    """In place, so that comments stay where they are."""
    for name, value in members.items():
        before = document.get(name)
        if isinstance(value, Mapping) and isinstance(before, dict):
            _put(before, value)
        else:
            document[name] = value


_LINE: Final = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")


def _env(text: str, members: Members) -> str:
    kept = [line for line in text.splitlines() if (found := _LINE.match(line)) is None or found[1] not in members]
    return "\n".join([*kept, *(f"{name}={value}" for name, value in members.items())]) + "\n"


# --- TOML


_HEADER: Final = re.compile(r"^\s*\[")


def _toml(text: str, members: Members) -> str:
    """Root members above the first table, our tables at the end, by lines; that it came out right is then parsed."""
    try:
        wanted = merged_values(tomllib.loads(text), members)
    except tomllib.TOMLDecodeError:
        raise CannotMerge("it is no TOML") from None
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if _HEADER.match(line)), len(lines))
    roots = {name: value for name, value in members.items() if not isinstance(value, Mapping)}
    tables = {
        f"{name}.{inner}": values
        for name, value in members.items()
        if isinstance(value, Mapping)
        for inner, values in value.items()
    }
    top = [line for line in lines[:first] if line.partition("=")[0].strip() not in roots]
    kept = "\n".join([*(_assignment(name, value) for name, value in roots.items()), *top])
    rest = "\n".join(_without_tables(lines[first:], set(tables)))
    ours = ["\n".join(_table(name, _all_of(wanted, name) | values)) for name, values in tables.items()]
    result = "\n\n".join(part.strip("\n") for part in (kept, rest, *ours) if part.strip("\n"))
    result = result.strip("\n") + "\n"
    try:
        right = tomllib.loads(result) == wanted
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        raise CannotMerge("its tables are written in a way that cannot be changed by lines")
    return result


def _all_of(document: Members, name: str) -> dict[str, Any]:
    outer, _, inner = name.partition(".")
    return dict(document[outer][inner])


def _without_tables(lines: list[str], names: set[str]) -> list[str]:
    kept, dropping = list[str](), False
    for line in lines:
        if _HEADER.match(line):
            dropping = line.partition("#")[0].strip().strip("[]").replace(" ", "") in names
        if not dropping:
            kept.append(line)
    return kept


def _table(name: str, values: Members) -> list[str]:
    return [f"[{name}]", *(_assignment(member, value) for member, value in values.items())]


def _assignment(name: str, value: object) -> str:
    if not isinstance(value, str | int | float | list):
        raise CannotMerge(f"{name} holds a table")
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"


_MERGERS: Final[Mapping[Form, Callable[[str, Members], str]]] = {
    "json": _json,
    "toml": _toml,
    "yaml": _yaml,
    "env": _env,
}
