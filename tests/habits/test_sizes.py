"""It is the longest file that rots. Functions, parameters and complexity are limited by ruff (pyproject.toml)."""

from __future__ import annotations

from tests.habits.tree import read, tracked

HARD_LIMIT = 500
SUFFIXES = {".py", ".ts", ".tsx", ".c", ".sh"}


def test_no_file_is_longer_than_the_limit() -> None:
    lengths = {path: read(path).count("\n") for path in tracked() if path.suffix in SUFFIXES}
    assert len(lengths) > 50
    assert {str(path): lines for path, lines in lengths.items() if lines > HARD_LIMIT} == {}
