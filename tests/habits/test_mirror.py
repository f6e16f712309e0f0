"""``src/plexus/a/b.py`` is tested by ``tests/a/test_b.py``, or by several ``tests/a/test_b_*.py``.

A file that has grown into a folder (``a/b/c.py``, ``a/b/d.py``) may keep ``tests/a/test_b.py``.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tests.habits.tree import ROOT, SOURCE, parse, tracked

REVISIONS = Path("storage/migrations/versions")
"""Each is run up and down by tests/storage/test_migrate.py."""


def has_code(path: Path) -> bool:
    """Whether there is a function that does something: types, tables and protocols need no test of their own."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_only_declared(node):
            return True
    return False


def _is_only_declared(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in function.body)


def has_twin(path: Path, names: frozenset[str]) -> bool:
    """``path`` is relative to src/plexus."""
    subjects = [path.with_suffix("")]
    if len(path.parts) > 2:
        subjects.append(path.parent)
    prefixes = tuple(str(Path("tests", subject.parent, f"test_{subject.name}")) for subject in subjects)
    return any(name == f"{prefix}.py" or name.startswith(f"{prefix}_") for prefix in prefixes for name in names)


def test_every_module_with_code_has_its_tests() -> None:
    names = frozenset(str(path) for path in tracked())
    modules = [path for path in tracked() if path.suffix == ".py" and (ROOT / path).is_relative_to(SOURCE)]
    assert len(modules) > 50
    inner = [(ROOT / path).relative_to(SOURCE) for path in modules if path.name not in ("__init__.py", "__main__.py")]
    inner = [path for path in inner if path.parent != REVISIONS]
    lonely = {str(path) for path in inner if not has_twin(path, names) and has_code(Path("src/plexus", path))}
    assert lonely == set(), "write tests/<folder>/test_<name>.py for these"
