"""Revisions make what METADATA says, on both databases, whoever starts at the same time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tests.sample_records import record

from plexus.storage import migrate
from plexus.storage.database import Database, open_database
from plexus.storage.records import add_records, get_record
from plexus.storage.schema import METADATA


def script_directory() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    return ScriptDirectory.from_config(config)


REVISIONS = [revision.revision for revision in reversed(list(script_directory().walk_revisions()))]


def differences(connection: Connection, metadata: Any = METADATA) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


async def migrate_to(database: Database, revision: str) -> None:
    async with migrate.changing(database) as connection:
        await connection.run_sync(migrate.migrate, revision)


def test_the_head_is_the_newest_revision() -> None:
    assert migrate.head() == script_directory().get_current_head()


def test_revisions_are_numbered_in_one_line() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS


async def test_an_empty_database_is_brought_to_the_schema(empty_database: Database) -> None:
    assert await migrate.current(empty_database) is None
    await migrate.upgrade(empty_database)
    assert await migrate.current(empty_database) == migrate.head()
    assert await empty_database.read(lambda connection: connection.run_sync(differences)) == []


async def test_a_difference_would_be_seen(empty_database: Database) -> None:
    await migrate.upgrade(empty_database)
    await empty_database.write(lambda connection: connection.execute(text("DROP INDEX ix_request_key")))
    await empty_database.write(lambda connection: connection.execute(text("ALTER TABLE attempt DROP COLUMN hint")))
    found = await empty_database.read(lambda connection: connection.run_sync(differences))
    assert sorted(difference[0] for difference in found) == ["add_column", "add_index"]


@pytest.mark.parametrize("number", range(len(REVISIONS)), ids=REVISIONS)
async def test_each_revision_up_down_and_up_again(empty_database: Database, number: int) -> None:
    before = REVISIONS[number - 1] if number else "base"
    if number:
        await migrate_to(empty_database, before)
    await migrate_to(empty_database, REVISIONS[number])
    await migrate_to(empty_database, before)
    assert await migrate.current(empty_database) == (before if number else None)
    await migrate.upgrade(empty_database)
    assert await empty_database.read(lambda connection: connection.run_sync(differences)) == []


async def test_what_was_there_stays(empty_database: Database) -> None:
    await migrate.upgrade(empty_database)
    await empty_database.write(lambda connection: add_records(connection, [record(1)]))
    async with migrate.changing(empty_database) as connection:
        # What a revision does when it changes a table in batch mode: on SQLite the table is copied and dropped.
        await connection.run_sync(recreate)
    assert await empty_database.read(lambda connection: get_record(connection, record(1).id)) == record(1)


def recreate(connection: Connection) -> None:
    from alembic.operations import Operations  # noqa: PLC0415 - as a revision has it

    with Operations(MigrationContext.configure(connection)).batch_alter_table("request", recreate="auto") as batch:
        batch.alter_column("label", new_column_name="label_2")
    with Operations(MigrationContext.configure(connection)).batch_alter_table("request", recreate="auto") as batch:
        batch.alter_column("label_2", new_column_name="label")


async def test_starting_together(database_url: str) -> None:
    databases = [open_database(database_url) for _ in range(3)]
    await asyncio.gather(*(migrate.upgrade(database) for database in databases))
    assert [await migrate.current(database) for database in databases] == [migrate.head()] * 3
    for database in databases:
        await database.close()


async def test_a_newer_release_was_here(empty_database: Database) -> None:
    await migrate.upgrade(empty_database)
    await empty_database.write(
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    )
    with pytest.raises(migrate.SchemaUnknown, match=r"9999.*newer release"):
        await migrate.upgrade(empty_database)
    assert await migrate.current(empty_database) == "9999"


async def test_a_revision_that_fails_leaves_nothing(empty_database: Database) -> None:
    # In the way of the second table: the first one is undone, too.
    await empty_database.write(lambda connection: connection.execute(text("CREATE TABLE attempt (number INTEGER)")))
    with pytest.raises(DBAPIError):
        await migrate.upgrade(empty_database)
    await empty_database.write(lambda connection: connection.execute(text("DROP TABLE attempt")))
    await migrate.upgrade(empty_database)
    assert await empty_database.read(lambda connection: connection.run_sync(differences)) == []


async def test_sqlite_in_memory() -> None:
    database = open_database("sqlite://:memory:")
    await migrate.upgrade(database)
    await migrate.upgrade(database)
    assert await database.read(lambda connection: connection.run_sync(differences)) == []
    foreign_keys = await database.read(lambda connection: connection.exec_driver_sql("PRAGMA foreign_keys"))
    assert foreign_keys.scalar() == 1, "they are on again"
    await database.close()


START = """
import asyncio, sys
from plexus.storage.database import open_database
from plexus.storage.migrate import upgrade

async def main():
    database = open_database(sys.argv[1])
    await upgrade(database)
    await database.close()
    print("alembic" in sys.modules)

asyncio.run(main())
"""


def test_alembic_is_loaded_only_when_there_is_something_to_do(tmp_path: Any) -> None:
    command = [sys.executable, "-c", START, f"sqlite:///{tmp_path}/usage.sqlite"]
    loaded = [subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout for _ in range(2)]
    assert loaded == ["True\n", "False\n"]
