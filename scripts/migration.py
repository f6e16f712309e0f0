"""Autogenerates a revision: upgrade a scratch database to head, compare it with the schema, write the difference."""

from __future__ import annotations

import sys

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from plexus.storage.migrate import alembic_config


def main(message: str) -> None:
    config = alembic_config()
    with create_engine("sqlite://").connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
    print("Review the new file, set HEAD in src/plexus/storage/migrate.py, and commit both.")


if __name__ == "__main__":
    main(sys.argv[1])
