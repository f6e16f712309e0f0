"""One open database. SQLite by default (WAL, one writer at a time), PostgreSQL in production."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

BUSY_SECONDS = 5
POOL_SIZE = 5


class DatabaseError(Exception):
    """A database that cannot be used as configured. The message says what to do."""


class Database:
    """``read`` and ``write`` give connections; a write is one transaction, and with SQLite one at a time.

    ``file`` is where SQLite keeps it, None in memory and for others. A connection knows its file as it was when it opened
    it: read-only for ever if it was then, and still there where somebody has deleted it. So a failed write forgets the
    connections, and nothing is written to a file that has gone.
    """

    def __init__(self, engine: AsyncEngine, file: Path | None = None) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        """``sqlite`` or ``postgresql``."""
        self._writing = asyncio.Lock()
        self._file = file
        self._known: tuple[int, int] | None = None
        """The file that was written to: device and inode."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with."""
        if self.dialect == "sqlite" and self._file is None:  # in memory there is one connection: its end is a rollback
            async with self._writing, self.engine.connect() as connection:
                yield connection
            return
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, rolled back when the block raises.

        Raises FileNotFoundError for a file that was there and has gone.
        """
        if self._file is None:
            async with self._transaction() as connection:
                yield connection
            return
        async with self._writing:
            await self._look_at(self._file)
            try:
                async with self.engine.begin() as connection:
                    yield connection
            except OperationalError:
                await self.engine.dispose()
                raise
            if self._known is None:
                self._known = _identity(self._file)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        if self.dialect == "sqlite":  # in memory there is one connection
            async with self._writing, self.engine.begin() as connection:
                yield connection
        else:
            async with self.engine.begin() as connection:
                yield connection

    async def _look_at(self, file: Path) -> None:
        if self._known is None:
            return
        found = _identity(file)
        if found is None:
            raise FileNotFoundError(f"{file} has gone. Put it back, or start the gateway again to begin a new one.")
        if found != self._known:
            self._known = found
            await self.engine.dispose()

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def open_database(url: str) -> Database:
    """The database behind an SQLAlchemy URL with an asynchronous driver; connects when first used.

    Raises DatabaseError for a driver that is not installed.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        file = None if parsed.database in (None, "", ":memory:") else Path(str(parsed.database))
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        options: dict[str, Any] = {"poolclass": StaticPool} if file is None else {"pool_size": POOL_SIZE}
        engine = create_async_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, **options)
        event.listen(engine.sync_engine, "connect", _configure_sqlite)
        return Database(engine, file)
    try:
        engine = create_async_engine(parsed, pool_size=POOL_SIZE, max_overflow=0, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise DatabaseError("PostgreSQL needs the extra: pip install 'plexus-gateway[postgres]'.") from None
    return Database(engine)


def _configure_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
