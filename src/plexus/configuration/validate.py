"""From the tree to the document: every mistake in words of the file, with what to write instead."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from plexus.configuration.document import Document
from plexus.configuration.errors import Path, Problem, Problems, did_you_mean
from plexus.configuration.later import NOT_IN_EFFECT, Pending
from plexus.configuration.part import names_of, spellings
from plexus.configuration.tree import Tree, Value

OAUTH = 'Plexus has no subscription logins. Use an API key of the provider: `api_key: "${NAME}"`, and leave this member out.'
REFUSED: dict[str, str] = {"oauth_provider": OAUTH, "oauth_account": OAUTH}
"""Members of the original that we do not build, and what to write instead."""

ENTRIES = (("providers",), ("models",), ("keys",))
MAX_ROUNDS = 3
"""A mistake of the whole can show when its parts are right; there is no third layer."""

QUOTED = 'Put it into quotes: "…".'
LISTED = "Write [a, b], or one `- a` a line."
MAPPED = "Write one `name: value` a line, indented."

MESSAGES: dict[str, tuple[str, str]] = {
    "string_type": ("text", QUOTED),
    "bool_type": ("`true` or `false`", ""),
    "bool_parsing": ("`true` or `false`", ""),
    "int_type": ("a whole number", ""),
    "int_parsing": ("a whole number", ""),
    "int_from_float": ("a whole number", ""),
    "float_type": ("a number", ""),
    "float_parsing": ("a number", ""),
    "finite_number": ("a finite number", ""),
    "dict_type": ("a mapping", MAPPED),
    "model_type": ("a mapping", MAPPED),
    "model_attributes_type": ("a mapping", MAPPED),
    "list_type": ("a list", LISTED),
    "greater_than": ("greater than {gt:g}", ""),
    "greater_than_equal": ("at least {ge:g}", ""),
    "less_than": ("less than {lt:g}", ""),
    "less_than_equal": ("at most {le:g}", ""),
}
"""pydantic's type of error -> what the value must be, and how to write it."""


def validate(tree: Tree, problems: Problems) -> Document | None:
    """The document; what has mistakes is reported and left out, so that the rest can be compiled and has its own reported
    at once. None if nothing is left."""
    tree.spellings = spellings()
    value = {} if tree.value is None else tree.value
    if not isinstance(value, dict):
        problems.add(tree.problem((), "the file must be a mapping.", "It begins with `providers:`, for example."))
        return None
    members: Value = {name: inner for name, inner in value.items() if not name.startswith("x-")}
    for _ in range(MAX_ROUNDS):
        try:
            return Document.model_validate(members)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            for problem in _problems(errors, tree):
                problems.add(problem)
            members = _without(members, {_useless(one, tree) for one in errors})
    return None


def _useless(error: ErrorDetails, tree: Tree) -> Path:
    """What is left out: an unknown member alone, otherwise the whole entry, or the whole member at the top."""
    path = tree.find(error["loc"])
    if error["type"] == "extra_forbidden":
        return path
    return path[:2] if path[:1] in ENTRIES else path[:1]


def _without(value: Value, paths: set[Path], here: Path = ()) -> Value:
    if isinstance(value, dict):
        inner = {name: (*here, name) for name in value}
        return {name: _without(value[name], paths, path) for name, path in inner.items() if path not in paths}
    if isinstance(value, list):
        return [_without(item, paths, (*here, index)) for index, item in enumerate(value)]
    return value


def _problems(errors: Sequence[ErrorDetails], tree: Tree) -> Iterator[Problem]:
    found: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        where = error["loc"]
        path = (*tree.find(where[:-1]), where[-1]) if error["type"] == "missing" else tree.find(where)
        found.setdefault(path, []).append(error)
    for path, here in found.items():
        deeper = any(other[: len(path)] == path for other in found if len(other) > len(path))
        if path in tree.unresolved or (deeper and all(_of_union(error, path) for error in here)):
            continue
        yield _problem(path, here, tree)


def _of_union(error: ErrorDetails, path: Path) -> bool:
    """Whether this is one branch of a union; another branch went further into the value."""
    return len(error["loc"]) > len(path)


def _problem(path: Path, errors: Sequence[ErrorDetails], tree: Tree) -> Problem:
    first = errors[0]
    kind = first["type"]
    if kind == "extra_forbidden":
        return tree.problem(path, *_unknown(path, tree), key=True)
    if kind == "missing":
        return tree.problem(path, "is missing.", "Add it.", key=True)
    if first["input"] is None:
        return tree.problem(path, "has no value.", "Write one, or leave the member out.", key=True)
    wanted = dict.fromkeys(_wanted(error) for error in errors)
    message = "must be " + " or ".join(what for what, _ in wanted) + "."
    return tree.problem(path, message, next(advice for _, advice in wanted))


def _wanted(error: ErrorDetails) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    if kind in MESSAGES:
        what, advice = MESSAGES[kind]
        return what.format(**context), advice
    if kind in ("literal_error", "union_tag_invalid", "union_tag_not_found"):
        words = re.findall(r"'([^']*)'", str(context.get("expected") or context.get("expected_tags") or ""))
        given = context.get("tag", error["input"])
        listed = "one of " + ", ".join(f"`{word}`" for word in words) if words else "given with its kind"
        return listed, did_you_mean(given, words) if isinstance(given, str) else ""
    if kind in ("string_too_short", "too_short"):
        return "given", "It is empty."
    return f"valid ({error['msg']})", ""


def _unknown(path: Path, tree: Tree) -> tuple[str, str]:
    name = str(path[-1])
    if name in REFUSED:
        return "is not supported.", REFUSED[name]
    parts = list(_parts_at(path[:-1]))
    for part in parts:
        for spellings_of_member in names_of(part).values():
            if name in spellings_of_member:
                others = " and ".join(f"`{other}`" for other in spellings_of_member if other != name)
                return f"says the same as {others}, which is given too.", "Keep one of them."
    names = [names[0] for part in parts for names in names_of(part).values()]
    return "is no member that is known here.", did_you_mean(name, names)


def _parts_at(path: Path) -> Iterator[type[BaseModel]]:
    """The parts whose members may stand at ``path``."""
    kinds: list[object] = [Document]
    for step in path:
        kinds = [inner for kind in kinds for inner in _below(kind, step)]
    yield from (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))


def _below(kind: object, step: str | int) -> Iterator[object]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for member, names in names_of(kind).items():
            if step in names:
                yield from _branches(kind.model_fields[member].annotation)
    elif get_origin(kind) in (dict, list):
        yield from _branches(get_args(kind)[-1])


def _branches(kind: Any) -> Iterator[object]:
    """The kinds that a union is made of; the kind itself if it is none."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _branches(get_args(kind)[0])
    elif origin in (Union, types.UnionType):
        for branch in get_args(kind):
            yield from _branches(branch)
    else:
        yield kind


def warn_of_pending(tree: Tree, warnings: Problems) -> None:
    """One warning for each member of the file that has no effect yet."""
    for pending in NOT_IN_EFFECT:
        places = list(_places(pending, tree))
        if not places:
            continue
        more = f" (and in {len(places) - 1} more place{'s' if len(places) > 2 else ''})" if len(places) > 1 else ""
        warnings.add(tree.problem(places[0], f"is not in effect yet{more}.", pending.instead, key=True))


def _places(pending: Pending, tree: Tree) -> list[Path]:
    found: list[tuple[Path, Value]] = [((), tree.value)]
    for step in pending.path:
        names = {step, *tree.spellings.get(step, ())}
        found = [
            ((*path, name), inner)
            for path, value in found
            if isinstance(value, dict)
            for name, inner in value.items()
            if step == "*" or name in names
        ]
    return [path for path, value in found if not pending.values or value in pending.values]
