"""``${ENV}``, ``${ENV:-default}`` and ``file:`` references in the document's strings.

``$${`` writes a literal ``${``. A value that is one reference as a whole keeps to the type that it looks like only where the
model wants one: everything filled in is a string.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from plexus.configuration.problems import Problem
from plexus.configuration.yaml_source import Path, Source

_REFERENCE = re.compile(r"\$(\$\{|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})")
FILE = "file:"
SECRET_MEMBERS = frozenset({"api_key", "secret", "adminKey", "admin_key"})
"""Members whose value may be ``file:PATH``: the file's text without its line end."""


def interpolate(source: Source, environ: Mapping[str, str], folder: FilePath) -> tuple[dict[str, Any], list[Problem]]:
    """The tree with all references filled in. ``file:`` paths are relative to ``folder``."""
    filler = _Filler(source, environ, folder)
    return filler.fill(source.tree, ()), filler.problems


class _Filler:
    def __init__(self, source: Source, environ: Mapping[str, str], folder: FilePath) -> None:
        self._source = source
        self._environ = environ
        self._folder = folder
        self.problems: list[Problem] = []

    def fill(self, node: Any, path: Path) -> Any:
        if isinstance(node, dict):
            return {self._key(name, path): self.fill(value, (*path, name)) for name, value in node.items()}
        if isinstance(node, list):
            return [self.fill(value, (*path, index)) for index, value in enumerate(node)]
        if isinstance(node, str):
            return self._file(self._text(node, path), path)
        return node

    def _key(self, name: str, path: Path) -> str:
        """The mission's dialect has the secret as a key of ``keys:``."""
        return self._text(name, (*path, name)) if path == ("keys",) else name

    def _text(self, text: str, path: Path) -> str:
        def one(match: re.Match[str]) -> str:
            if match[1] == "${":
                return "${"
            value: str | None = self._environ.get(match[2]) or match[3]
            if value is None:
                self._problem(path, f"the environment has no {match[2]}. Set it, or write ${{{match[2]}:-default}}.")
            return value or ""

        return _REFERENCE.sub(one, text) if "${" in text else text

    def _file(self, text: str, path: Path) -> str:
        if not text.startswith(FILE) or not path or path[-1] not in SECRET_MEMBERS:
            return text
        try:
            return (self._folder / text.removeprefix(FILE)).read_text(encoding="utf-8").strip()
        except OSError as missing:
            self._problem(path, f"the file {missing.filename} cannot be read: {missing.strerror}.")
        except ValueError:  # no UTF-8, or a NUL in its name
            self._problem(path, f"{text!r} is no text file.")
        return ""

    def _problem(self, path: Path, message: str) -> None:
        self.problems.append(self._source.problem(path, message))
