from __future__ import annotations

import asyncio
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from plexus.settings import MEMORY
from plexus.storage.database import Database, open_database
from plexus.storage.migrate import HEAD, alembic_config, current, downgrade, upgrade
from plexus.storage.schema import METADATA


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, METADATA))


async def test_upgrading_from_nothing_gives_the_schema(empty_database: Database) -> None:
    assert await current(empty_database) is None
    assert await upgrade(empty_database)
    assert await current(empty_database) == HEAD
    async with empty_database.read() as connection:
        assert await connection.run_sync(differences) == []
    assert not await upgrade(empty_database)


async def test_every_revision_goes_down_and_up_again(empty_database: Database) -> None:
    revisions = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
    await upgrade(empty_database)
    for below in [*revisions[1:], "base"]:
        await downgrade(empty_database, below)
    async with empty_database.read() as connection:
        left = await connection.run_sync(lambda inner: inspect(inner).get_table_names())
    assert left == ["alembic_version"]
    for revision in reversed(revisions):
        await upgrade(empty_database, revision)
    async with empty_database.read() as connection:
        assert await connection.run_sync(differences) == []


def test_the_constant_names_the_newest_revision() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


async def test_two_at_once_migrate_once(empty_database: Database) -> None:
    first, second = await asyncio.gather(upgrade(empty_database), upgrade(empty_database))
    assert first or second
    assert await current(empty_database) == HEAD


async def test_a_database_in_memory_works(tmp_path: Path) -> None:
    database = open_database(MEMORY)
    assert await upgrade(database)
    assert await current(database) == HEAD
    await database.close()
