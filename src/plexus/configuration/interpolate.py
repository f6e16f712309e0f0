"""What a value refers to: ``${NAME}``, ``${NAME:-default}``, and for secrets ``file:path``.

``$${`` stands for a literal ``${``. What comes from the environment or a file is put in as it is: it is neither expanded
again nor read as YAML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath

from plexus.configuration.errors import Path

REFERENCE = re.compile(r"\$(\$\{)|\$\{([^}]*)(\}?)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SECRETS = frozenset({"api_key", "secret", "adminKey", "admin_key"})
"""Members whose value may be ``file:path``; so may the value of each header."""
FILE = "file:"
MAX_FILE = 64 * 1024


class Unresolved(ValueError):
    """A reference that leads nowhere. ``advice`` says what to write."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class References:
    """Fills in references. ``folder`` is where relative ``file:`` paths begin; ``files`` are those that were read."""

    def __init__(self, environ: Mapping[str, str], folder: FilePath) -> None:
        self._environ = environ
        self._folder = folder
        self.files: list[FilePath] = []

    def fill(self, text: str, path: Path) -> str:
        """``text`` with its references filled in. Raises Unresolved."""
        if text.startswith(FILE) and is_secret(path):
            return self._read(self._variables(text[len(FILE) :]))
        return self._variables(text)

    def _variables(self, text: str) -> str:
        return REFERENCE.sub(self._variable, text) if "${" in text else text

    def _variable(self, match: re.Match[str]) -> str:
        escaped, inner, end = match.groups()
        if escaped:
            return "${"
        name, has_default, default = inner.partition(":-")
        if not end or NAME.fullmatch(name) is None:
            # What stands there is not told: it may be part of a secret.
            raise Unresolved(
                "`${` begins no reference here.", "Write ${NAME} or ${NAME:-default}; $${ for a literal ${."
            )
        value = self._environ.get(name)
        if has_default:
            return value or default
        if value is None:
            raise Unresolved(
                f"the environment variable {name} is not set.", f"Set it, or give a default: ${{{name}:-default}}."
            )
        return value

    def _read(self, name: str) -> str:
        file = self._folder / name
        self.files.append(file)
        try:
            with file.open("rb") as opened:
                raw = opened.read(MAX_FILE + 1)
        except OSError as error:
            raise Unresolved(
                f"`{FILE}{name}` cannot be read: {error.strerror or error}.",
                "Relative paths begin at the folder of the configuration.",
            ) from None
        try:
            text = raw.decode().strip()
        except UnicodeDecodeError:
            text = ""
        if not text or len(raw) > MAX_FILE:
            raise Unresolved(f"`{FILE}{name}` holds no secret.", "It must be a text file of at most 64 KiB, not empty.")
        return text


def is_secret(path: Path) -> bool:
    """Whether the value at ``path`` may be a ``file:`` reference."""
    return bool(path) and (path[-1] in SECRETS or (len(path) > 1 and path[-2] == "headers"))
