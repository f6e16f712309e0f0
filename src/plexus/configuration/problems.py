"""What is wrong with a configuration: every mistake at once, each with its place and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """``line`` and ``column`` count from 1; ``path`` is where it stands (``providers.acme.api_key``)."""

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        return (
            f"{self.line}:{self.column}: {self.path}: {self.message}"
            if self.path
            else f"{self.line}:{self.column}: {self.message}"
        )


class ConfigurationError(Exception):
    """A document that cannot be used. ``problems`` is not empty."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
