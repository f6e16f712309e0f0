"""Changing the file: comments and order stay, a crash leaves the old file, and nobody's change is overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from plexus.configuration.atomic import replace
from plexus.configuration.load import revision_of

Change = Callable[[CommentedMap], None]
Check = Callable[[str], object]


class RevisionConflict(Exception):
    """The file is not the one that the change was made for. ``current`` is its revision."""

    def __init__(self, expected: str, current: str) -> None:
        super().__init__(f"The configuration has changed: it is at revision {current}, not {expected}. Read it again.")
        self.current = current


def changed(text: str, change: Change) -> str:
    """The text with ``change`` applied to its mapping; everything else, comments included, stays."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text)
    empty = document is None  # nothing but comments, which hang on nothing
    if empty:
        document = CommentedMap()
    change(document)
    written = StringIO()
    if document or not empty:
        yaml.dump(document, written)
    return (text if empty else "") + written.getvalue()


def write_back(path: Path, change: Change, *, expected: str, check: Check) -> str:
    """Apply ``change`` to the file at ``path`` and return its new revision.

    ``expected`` is the revision that the caller has seen, ``check`` raises if the new text cannot be used (``load`` does):
    then nothing is written. Raises RevisionConflict, what ``check`` raises, and OSError.
    """
    text = path.read_text(encoding="utf-8")
    current = revision_of(text)
    if current != expected:
        raise RevisionConflict(expected, current)
    new = changed(text, change)
    check(new)
    replace(path, new.encode())
    return revision_of(new)
