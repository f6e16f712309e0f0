"""Brings the schema up to date, under a lock, at start. Alembic is imported only when there is something to do."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from plexus.storage.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0002"
"""The newest revision. A test keeps it true."""
LOCK = 0x706C6578
"""The advisory lock under which PostgreSQL is migrated: ``plex``."""


async def current(database: Database) -> str | None:
    """The revision that the database is at; None for an empty one."""
    async with database.read() as connection:
        return await connection.run_sync(_current)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])


async def upgrade(database: Database, revision: str = "head") -> bool:
    """Upgrade to ``revision``; False when nothing was to be done. Safe for several processes at once."""
    if revision == "head" and await current(database) == HEAD:
        return False
    await _run(database, lambda config: _command().upgrade(config, revision))
    return True


async def downgrade(database: Database, revision: str) -> None:
    """Go back to ``revision`` (``base``: to an empty database)."""
    await _run(database, lambda config: _command().downgrade(config, revision))


def _command() -> Any:
    from alembic import command  # noqa: PLC0415 - 0.4 s that an up-to-date start must not pay

    return command


async def _run(database: Database, step: Callable[[Config], None]) -> None:
    def work(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        step(config)

    if database.dialect == "postgresql":
        async with database.write() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            await connection.run_sync(work)
        return
    async with _file_lock(database.engine.url.database), database.write() as connection:
        await connection.run_sync(work)


@asynccontextmanager
async def _file_lock(path: str | None) -> AsyncIterator[None]:
    """SQLite has no advisory lock: a file beside the database is one."""
    if path in (None, "", ":memory:"):
        yield
        return
    with Path(f"{path}.migrate").open("w") as file:  # noqa: ASYNC230 - a local file, once, at start
        await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield


def alembic_config() -> Config:
    """Alembic's configuration, without a file."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
