"""From a text to a snapshot in one call."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from plexus.configuration.compile import Rules, compile_document
from plexus.configuration.problems import Problem
from plexus.configuration.validate import validate
from plexus.domain.snapshot import Snapshot


class Loaded(NamedTuple):
    """``admin_key`` is the file's, if it has one."""

    snapshot: Snapshot
    warnings: list[Problem]
    admin_key: str | None


def load_text(text: str, environ: Mapping[str, str], folder: Path, rules: Rules) -> Loaded:
    """Validate and compile. The revision is a hash of the text. Raises ConfigurationError with all mistakes."""
    document, source, warnings = validate(text, environ, folder)
    revision = hashlib.sha256(text.encode()).hexdigest()[:12]
    snapshot, more = compile_document(document, source, rules, revision)
    return Loaded(snapshot, sorted(warnings + more), document.admin_key)
