"""Mistakes in the configuration: each with its place, what is wrong, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The way from the top of the document to a value: ``("models", "fast", "targets", 0)``."""


class Mark(NamedTuple):
    """A place in the text, both from 1. (0, 0) where there is none."""

    line: int
    column: int


class Problem(NamedTuple):
    """``path`` is for people (``models.fast.targets[0]``) and never holds a secret."""

    mark: Mark
    path: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        place = f"line {self.mark.line}, column {self.mark.column}: " if self.mark.line else ""
        path = f"{self.path}: " if self.path else ""
        return f"{place}{path}{self.message}" + (f" {self.advice}" if self.advice else "")


class ConfigurationError(Exception):
    """The document cannot be used. ``problems`` has every mistake, in the order of the file; ``source`` names the file,
    ``files`` those that it refers to."""

    def __init__(self, problems: Iterable[Problem], source: str = "", files: Iterable[FilePath] = ()) -> None:
        self.problems = tuple(problems)
        self.source = source
        self.files = tuple(files)
        count = len(self.problems)
        head = f"{source or 'The configuration'}: {count} mistake{'' if count == 1 else 's'}"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class Problems:
    """Gathers mistakes; says each once, in the order of the file."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def add(self, problem: Problem) -> None:
        """One more; nothing if it is known already."""
        self._found.setdefault(problem)

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._found, key=lambda problem: problem.mark))

    def __bool__(self) -> bool:
        return bool(self._found)


def did_you_mean(wrong: str, right: Iterable[str]) -> str:
    """``Did you mean 'x'?``, or what there is to choose from; "" for no choice at all."""
    names = list(dict.fromkeys(right))
    folded = {name.lower().replace("_", "").replace("-", ""): name for name in names}
    close = difflib.get_close_matches(wrong.lower().replace("_", "").replace("-", ""), folded, 1, 0.6)
    if close:
        return f"Did you mean `{folded[close[0]]}`?"
    if not names:
        return ""
    shown = ", ".join(f"`{name}`" for name in names[:30])
    return f"Known here: {shown}{' …' if len(names) > 30 else ''}."
