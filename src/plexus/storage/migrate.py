"""Bringing a database to the schema of this release.

At start the revision is read with plain SQL; Alembic, which takes half a second to import, is loaded only when the
database is behind.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from plexus.storage.database import WRITES, Database

HEAD = "0001"
"""The newest revision; ``scripts/migration`` changes it with each one that it writes."""

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0x706C6578  # "plex": the advisory lock of everyone who changes this database's schema
PATIENCE_MS = 60_000
"""How long an SQLite waits for another process that is migrating."""


class SchemaUnknown(Exception):
    """The database is at a revision that this release does not know: a newer one made it."""

    def __init__(self, revision: str | None) -> None:
        super().__init__(
            f"the database is at revision {revision}, and this release knows revisions up to {HEAD}: "
            "it was used by a newer release. Start that one, or restore a backup from before"
        )


def head() -> str:
    """The revision of this release's schema."""
    return HEAD


async def current(database: Database) -> str | None:
    """The revision that the database is at; None where it is empty. Raises SQLAlchemyError."""
    return await database.read(_current)


async def upgrade(database: Database) -> None:
    """Bring the database to ``head``, whoever else tries the same at the same time.

    Raises SchemaUnknown, and SQLAlchemyError; then nothing has changed.
    """
    if await current(database) == HEAD:
        return
    async with changing(database) as connection:
        if await _current(connection) != HEAD:  # another process may have been faster
            await connection.run_sync(migrate, HEAD)


@contextlib.asynccontextmanager
async def changing(database: Database) -> AsyncIterator[AsyncConnection]:
    """One transaction that changes the schema, alone. Nothing stays of it when it fails: both databases undo DDL."""
    if database.is_sqlite:
        async with database.turn, _changing_sqlite(database) as connection:
            yield connection
    else:
        async with database.engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            yield connection


@contextlib.asynccontextmanager
async def _changing_sqlite(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.engine.execution_options(**{WRITES: True}).connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        busy_timeout = await (await raw.execute("PRAGMA busy_timeout")).fetchone()
        # Batch mode copies a table and drops the old one: with foreign keys on, that would delete what refers to it.
        # It can only be said outside a transaction.
        await raw.execute("PRAGMA foreign_keys = OFF")
        await raw.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        try:
            async with connection.begin():
                yield connection
                broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).fetchall()
                if broken:
                    raise RuntimeError(f"the revision leaves {len(broken)} rows that refer to nothing")
        finally:
            await raw.execute(f"PRAGMA busy_timeout = {busy_timeout[0]}")
            await raw.execute("PRAGMA foreign_keys = ON")


def migrate(connection: Connection, revision: str) -> None:
    """Run the revisions up (or down) to ``revision`` in the connection's transaction. Raises SchemaUnknown."""
    command = importlib.import_module("alembic.command")
    config = importlib.import_module("alembic.config").Config()
    unknown: type[Exception] = importlib.import_module("alembic.util").CommandError
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("*.py")} | {None}
    now = _read_revision(connection)
    if now not in known:
        raise SchemaUnknown(now)
    is_down = revision == "base" or (now is not None and revision < now)
    try:
        (command.downgrade if is_down else command.upgrade)(config, revision)
    except unknown as error:
        raise SchemaUnknown(now) from error


async def _current(connection: AsyncConnection) -> str | None:
    return await connection.run_sync(_read_revision)


def _read_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision
