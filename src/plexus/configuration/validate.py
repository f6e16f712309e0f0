"""From a YAML text to a Document: everything that is wrong at once, and warnings for what is not in effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel, to_snake

from plexus.configuration.document import NOT_IN_EFFECT, Document
from plexus.configuration.interpolate import Stamps, interpolate
from plexus.configuration.problems import ConfigurationError, Problem
from plexus.configuration.yaml_source import Path, Source, parse_yaml


def validate(
    text: str, environ: Mapping[str, str], folder: FilePath, read: Stamps
) -> tuple[Document, Source, list[Problem]]:
    """The document, its source for later positions, and warnings. Raises ConfigurationError with all mistakes."""
    source = parse_yaml(text)
    tree, problems = interpolate(source, environ, folder, read)
    tree = {name: value for name, value in tree.items() if not name.startswith("x-")}
    try:
        document = Document.model_validate(tree)
    except ValidationError as invalid:
        problems += [_problem(error, source) for error in invalid.errors()]  # type: ignore[arg-type]
        raise ConfigurationError(sorted(problems)) from None
    if problems:
        raise ConfigurationError(sorted(problems))
    return document, source, [_not_in_effect(source, path, name) for path, name in _ineffective(tree, ())]


def _problem(error: dict[str, Any], source: Source) -> Problem:
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return source.problem(_written(path, source), f"this member does not exist.{_meant(path)}")
    if error["type"] == "missing":
        return source.problem(path[:-1], f"{path[-1]!r} is missing.")
    message = error["msg"][:1].lower() + error["msg"][1:].rstrip(".")
    shown = error.get("input")
    if isinstance(shown, bool | int | float) or (isinstance(shown, str) and not _is_secret(path)):
        message += f" (it is {shown!r})"
    return source.problem(_written(path, source), message + ".")


def _is_secret(path: Path) -> bool:
    return bool(path) and (path[0] == "keys" or str(path[-1]) in ("api_key", "admin_key", "secret"))


def _written(path: Path, source: Source) -> Path:
    """The path as the file spells it: camelCase names were turned into ours before validation."""
    written: Path = ()
    for part in path:
        candidates = (part, to_camel(part)) if isinstance(part, str) else (part,)
        found = next((name for name in candidates if source.has((*written, name))), None)
        if found is None:
            return written
        written = (*written, found)
    return written


def _meant(path: Path) -> str:
    model = _model_at(path[:-1])
    if model is None:
        return ""
    names = [name for name, field in model.model_fields.items() if not field.exclude]
    close = get_close_matches(to_snake(str(path[-1])), names, n=1, cutoff=0.6)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Known here: {', '.join(names)}."


def _model_at(path: Path) -> type[BaseModel] | None:
    """The model that describes the node at ``path``."""
    kind: Any = Document
    for part in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(part))
            kind = _inner(field.annotation) if field is not None else None
        else:
            arguments = get_args(kind)
            kind = _inner(arguments[-1]) if arguments else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _inner(kind: Any) -> Any:
    """A type without Annotated and without None."""
    while get_origin(kind) not in (None, dict, list):
        kind = next((argument for argument in get_args(kind) if argument is not type(None)), None)
    return kind


# --- members that change nothing yet


def _ineffective(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    for pattern in sorted(NOT_IN_EFFECT):
        place, _, value = pattern.partition("=")
        yield from ((found, pattern) for found in _matching(node, place.split("."), path, value))


def _matching(node: Any, pattern: list[str], path: Path, value: str) -> Iterator[Path]:
    if not pattern:
        if node not in (None, False) and (not value or node == value):
            yield path
        return
    if not isinstance(node, dict):
        return
    for name, inner in node.items():
        if pattern[0] == "*" or pattern[0] == name or to_camel(pattern[0]) == name:
            yield from _matching(inner, pattern[1:], (*path, name), value)


def _not_in_effect(source: Source, path: Path, pattern: str) -> Problem:
    note = "; random is used" if "selector=" in pattern else ""
    return source.problem(path, f"not in effect yet{note}.")
