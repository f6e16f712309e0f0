"""The tracked files, as the habit tests see them."""

from __future__ import annotations

import ast
import functools
import gc
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


def parse(path: Path) -> ast.Module:
    """The syntax tree of a tracked Python file.

    Without collecting garbage meanwhile: a finalizer that runs in the parser makes CPython 3.11 fail (python/cpython#106905).
    """
    gc.disable()
    try:
        return ast.parse(read(path))
    finally:
        gc.enable()
