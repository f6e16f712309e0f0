"""From a text to a snapshot in one call."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from plexus.configuration.compile import Rules, compile_document
from plexus.configuration.document import Document
from plexus.configuration.interpolate import Stamps
from plexus.configuration.problems import Problem
from plexus.configuration.validate import validate
from plexus.domain.snapshot import Snapshot

MOCK = "mock"
"""The preset of the provider that is played by the gateway itself."""


class Loaded(NamedTuple):
    """``admin_key`` is the file's, if it has one. ``trial_key`` is the first client key while all providers are mocks."""

    snapshot: Snapshot
    warnings: list[Problem]
    admin_key: str | None
    trial_key: str | None


def load_text(text: str, environ: Mapping[str, str], folder: Path, rules: Rules, read: Stamps | None = None) -> Loaded:
    """Validate and compile. The revision is a hash of the text. ``read`` gets the files that ``file:`` references name,
    also when it fails. Raises ConfigurationError with all mistakes."""
    document, source, warnings = validate(text, environ, folder, {} if read is None else read)
    revision = hashlib.sha256(text.encode()).hexdigest()[:12]
    snapshot, more = compile_document(document, source, rules, revision)
    return Loaded(snapshot, sorted(warnings + more), document.admin_key, _trial_key(document, snapshot))


def _trial_key(document: Document, snapshot: Snapshot) -> str | None:
    if not document.keys or any(provider.preset != MOCK for provider in snapshot.providers.values()):
        return None
    name, key = next(iter(document.keys.items()))
    return key.secret or name
