"""All the way: from the file to the Snapshot."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from plexus.configuration.compile import compile_document
from plexus.configuration.errors import ConfigurationError, Mark, Problem, Problems
from plexus.configuration.interpolate import References
from plexus.configuration.scope import Scope
from plexus.configuration.tree import read_tree
from plexus.configuration.validate import validate, warn_of_pending
from plexus.domain.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration that can be used. ``warnings``: what has no effect, or is probably not meant."""

    snapshot: Snapshot
    warnings: tuple[Problem, ...]
    admin_key: str | None
    """The operator's secret, where the file has one; the environment's ADMIN_KEY wins over it."""
    files: tuple[Path, ...]
    """What was read besides the file itself (``file:`` references)."""

    def __repr__(self) -> str:
        return f"Loaded(revision={self.snapshot.revision!r}, warnings={len(self.warnings)})"


def load(
    source: Path | str,
    environ: Mapping[str, str],
    *,
    pepper: bytes,
    known_protocols: frozenset[str],
    dialects: Mapping[str, type[msgspec.Struct]],
    clock: Callable[[], float] = time.time,
) -> Loaded:
    """Read a file (a path) or a text (a str).

    ``pepper``: what client secrets are hashed with (``secrets.key_digest``). ``known_protocols``: what the data plane
    speaks. ``dialects``: protocol -> its record of dialect questions. Raises ConfigurationError with every mistake there is.
    """
    text = source if isinstance(source, str) else _read(source)
    folder = Path() if isinstance(source, str) else source.parent
    problems, warnings = Problems(), Problems()
    references = References(environ, folder)
    tree = read_tree(text, references.fill, problems)
    if tree.value is not None or not problems:
        document = validate(tree, problems)
        if document is not None:
            scope = Scope(
                tree=tree,
                problems=problems,
                warnings=warnings,
                folder=folder,
                pepper=pepper,
                known_protocols=known_protocols,
                dialects=dialects,
            )
            snapshot = compile_document(document, scope, revision=revision_of(text), loaded_at=int(clock()))
            if not problems:
                warn_of_pending(tree, warnings)
                admin_key = document.admin_key.get_secret_value() if document.admin_key else None
                files = tuple(dict.fromkeys(references.files))
                return Loaded(snapshot=snapshot, warnings=tuple(warnings), admin_key=admin_key, files=files)
    raise ConfigurationError(problems, "" if isinstance(source, str) else str(source), references.files)


def revision_of(text: str) -> str:
    """What names a version of the document: 16 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        problem = Problem(Mark(0, 0), "", "there is no such file.", "`plexus init` writes one to begin with.")
    except OSError as error:
        problem = Problem(Mark(0, 0), "", f"the file cannot be read: {error.strerror or error}.")
    except UnicodeDecodeError:
        problem = Problem(Mark(0, 0), "", "the file is not UTF-8.")
    raise ConfigurationError([problem], str(path))
