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
SECRET_MEMBERS = frozenset(
    {"api_key", "secret", "adminKey", "admin_key", "secret_access_key", "session_token", "client_secret", "credentials"}
)
"""Members whose value may be ``file:PATH``, beside those of ``headers``: the file's text without its line end."""


Stamp = tuple[int, int, int]
"""When a file was changed, its inode and its size: what differs when it is another."""
Stamps = dict[FilePath, Stamp | None]
"""Files that were read, each as it was before that; None where it could not be found."""


def stamp(path: FilePath) -> Stamp | None:
    """The file's stamp; None when there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_size)


def interpolate(
    source: Source, environ: Mapping[str, str], folder: FilePath, read: Stamps
) -> tuple[dict[str, Any], list[Problem]]:
    """The tree with all references filled in. ``file:`` paths are relative to ``folder``, and noted in ``read``."""
    filler = _Filler(source, environ, folder, read)
    return filler.fill(source.tree, ()), filler.problems


class _Filler:
    def __init__(self, source: Source, environ: Mapping[str, str], folder: FilePath, read: Stamps) -> None:
        self._read = read
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
        if not text.startswith(FILE) or not (path[-1] in SECRET_MEMBERS or "headers" in path[-2:-1]):
            return text
        file = self._folder / text.removeprefix(FILE)
        self._read[file] = stamp(file)
        try:
            return file.read_text(encoding="utf-8").strip()
        except OSError as missing:
            self._problem(path, f"the file {missing.filename} cannot be read: {missing.strerror}.")
        except ValueError:  # no UTF-8, or a NUL in its name
            self._problem(path, f"{text!r} is no text file.")
        return ""

    def _problem(self, path: Path, message: str) -> None:
        self.problems.append(self._source.problem(path, message))
