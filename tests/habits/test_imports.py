"""Importing does no work: no reads, no loops, and only the libraries that the first request needs."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.habits.tree import ROOT, SOURCE, parse, tracked

LATER = {
    "alembic",
    "anthropic",
    "asyncpg",
    "fastapi",
    "genai_prices",
    "httpx",
    "httpx2",
    "openai",
    "rich",
    "starlette",
    "typer",
    "websockets",
}
"""Loaded after the port listens, or by other commands than ``serve``: each costs tens to hundreds of milliseconds."""

LOADED = """
import json, sys
before = set(sys.modules)
import {module}
names = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(json.dumps(sorted(names - set(sys.stdlib_module_names))))
"""


def third_party(module: str) -> set[str]:
    """The libraries that ``import module`` loads in a fresh process."""
    program = LOADED.format(module=module)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout)) - {"plexus"}


@pytest.mark.parametrize("module", ["plexus", "plexus.app", "plexus.cli", "plexus.storage"])
def test_a_library_is_loaded_when_it_is_needed(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        module = "plexus"  # not written yet: the package itself is held to the same rule
    assert third_party(module) & LATER == set()


def test_the_hub_and_the_spokes_need_little() -> None:
    assert third_party("plexus.canonical.request, plexus.protocols.codec, plexus.domain.snapshot") <= {
        "msgspec",
        "typing_extensions",
    }


WORK = (ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Delete, ast.Global)
READS = {"open", "print", "input", "getenv", "read_text", "read_bytes", "mkdir", "socket", "connect"}


def work_at_import(path: Path) -> list[int]:
    """The lines of statements that do something when the module is imported."""
    lines = []
    for node in parse(path).body:
        if isinstance(node, WORK):
            lines.append(node.lineno)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) and node.value is not None:
            calls = [inner.func for inner in ast.walk(node.value) if isinstance(inner, ast.Call)]
            names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
            if names & READS or "os.environ" in ast.unparse(node.value):
                lines.append(node.lineno)
    return lines


def test_no_module_works_when_it_is_imported() -> None:
    modules = [path for path in tracked() if path.suffix == ".py" and (ROOT / path).is_relative_to(SOURCE)]
    migrations = Path("src/plexus/storage/migrations")  # run by Alembic, never imported
    working = {str(path): work_at_import(path) for path in modules if not path.is_relative_to(migrations)}
    assert {path: lines for path, lines in working.items() if lines} == {}


def test_work_at_import_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "busy.py"
    file.write_text(
        "import os\nHOME = os.environ['HOME']\nTEXT = open('x').read()\nfor x in TEXT:\n    pass\nFINE = 1\n"
    )
    assert work_at_import(file) == [2, 3, 4]
