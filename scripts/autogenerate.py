"""Write the next revision: what scripts/migration runs. The newest schema is made in memory and compared with METADATA."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.operations.ops import MigrationScript
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from plexus.storage import migrate
from plexus.storage.database import open_database


def write_revision(connection: Connection, name: str) -> Path | None:
    """The new file; None where the schema has not changed."""
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is not None:
        command.upgrade(config, head)

    def leave_out_empty(_context: object, _revision: object, directives: list[MigrationScript]) -> None:
        upgrade = directives[0].upgrade_ops
        if upgrade is None or upgrade.is_empty():
            directives.clear()

    script = command.revision(
        config,
        message=name.replace("_", " "),
        autogenerate=True,
        rev_id=f"{int(head or 0) + 1:04}",
        process_revision_directives=leave_out_empty,
    )
    return Path(script.path) if script and not isinstance(script, list) else None


def set_head(revision: str) -> None:
    """Keep the constant by which a database is known to be up to date."""
    file = Path(migrate.__file__)
    text, count = re.subn(
        r'^HEAD = ".*"$', f'HEAD = "{revision}"', file.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert count == 1, f"no HEAD in {file}"
    file.write_text(text, encoding="utf-8")


def tidy(path: Path) -> None:
    """The project's own checks leave revisions alone, because a released one must not change; a new one may."""
    subprocess.run([sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=120", "-q", path], check=True)


async def main(name: str) -> int:
    """Exit status: 1 where there is nothing to write."""
    if not re.fullmatch(r"[a-z][a-z0-9_]+", name):
        print("name the change in lower case: add_cost_columns", file=sys.stderr)
        return 2
    database = open_database("sqlite://:memory:")
    try:
        path = await database.write(lambda connection: connection.run_sync(write_revision, name))
    finally:
        await database.close()
    if path is None:
        print("The schema has not changed: there is nothing to write.", file=sys.stderr)
        return 1
    tidy(path)
    set_head(path.name.partition("_")[0])
    print(f"{path.relative_to(Path.cwd())}: review it; scripts/test proves it on both databases")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
