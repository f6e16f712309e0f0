"""The tracked files, as the habit tests see them."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "plexus"
FOREIGN = ("tests/wire/", "tests/specs/", "requirements/")
"""Recordings, vendors' documents and locks: not ours to shape."""


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Every file that git knows and that is still there, relative to the root, without what is foreign."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = [name for name in listed.split("\0") if name and not name.startswith(FOREIGN)]
    return tuple(Path(name) for name in names if (ROOT / name).is_file())


def read(path: Path) -> str:
    """The text of a tracked file; empty for one that is no text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
