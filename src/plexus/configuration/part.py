"""What all parts of the document have in common."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Annotated, TypeAlias

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

Text: TypeAlias = Annotated[str, Field(min_length=1)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A mapping with known members; others are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def spelled(*names: str) -> AliasChoices:
    """The names under which a member may stand: ours first, then the original's."""
    return AliasChoices(*names)


def names_of(part: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    """Member -> the names under which it may stand in the file."""
    found = {}
    for name, field in part.model_fields.items():
        alias = field.validation_alias
        found[name] = tuple(str(one) for one in alias.choices) if isinstance(alias, AliasChoices) else (name,)
    return found


@functools.cache
def spellings() -> dict[str, frozenset[str]]:
    """Any name of a member -> its other names, over all parts. (No name means different things in two parts.)"""
    found: dict[str, frozenset[str]] = {}
    for part in all_parts():
        for field, names in names_of(part).items():
            for name in {field, *names}:
                found[name] = found.get(name, frozenset()) | ({field, *names} - {name})
    return {name: others for name, others in found.items() if others}


def all_parts(root: type[Part] = Part) -> Iterator[type[Part]]:
    """Every kind of part there is."""
    for part in root.__subclasses__():
        yield part
        yield from all_parts(part)
