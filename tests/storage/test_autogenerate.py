"""``scripts/migration`` (``scripts/autogenerate.py``), run in a copy of the sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def autogenerate(copy: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "autogenerate.py"), name]
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    return subprocess.run(command, cwd=copy, env=environment, check=False, capture_output=True, text=True, timeout=60)


def versions(copy: Path) -> list[str]:
    return sorted(path.name for path in (copy / "src/plexus/storage/migrations/versions").glob("*.py"))


UPGRADE = """
import asyncio
from plexus.storage.database import open_database
from plexus.storage.migrate import current, head, upgrade

async def main():
    database = open_database("sqlite://:memory:")
    await upgrade(database)
    assert await current(database) == head()
    await database.read(lambda connection: connection.exec_driver_sql("SELECT colour FROM request"))
    await database.close()
    print(head())

asyncio.run(main())
"""


def test_a_change_becomes_the_next_revision(copy: Path) -> None:
    before = versions(copy)
    schema = copy / "src/plexus/storage/schema.py"
    schema.write_text(
        schema.read_text().replace(
            '    Column("label", Word),\n', '    Column("label", Word),\n    Column("colour", Word),\n'
        )
    )
    done = autogenerate(copy, "add_colour")
    assert done.returncode == 0, done.stderr
    number = f"{len(before) + 1:04}"
    assert versions(copy) == [*before, f"{number}_add_colour.py"]
    written = (copy / f"src/plexus/storage/migrations/versions/{number}_add_colour.py").read_text()
    assert 'batch_op.add_column(sa.Column("colour", sa.Text(), nullable=True))' in written
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    upgraded = subprocess.run(
        [sys.executable, "-c", UPGRADE], env=environment, check=True, capture_output=True, text=True, timeout=60
    )
    assert upgraded.stdout.strip() == number, "the constant was changed, too"


def test_without_a_change_there_is_nothing_to_write(copy: Path) -> None:
    before = versions(copy)
    done = autogenerate(copy, "nothing_new")
    assert (done.returncode, versions(copy)) == (1, before)
    assert "has not changed" in done.stderr


@pytest.mark.parametrize("name", ["Add Colour", "", "../x", "x"])
def test_names(copy: Path, name: str) -> None:
    before = versions(copy)
    assert autogenerate(copy, name).returncode == 2
    assert versions(copy) == before
