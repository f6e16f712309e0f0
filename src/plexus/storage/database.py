"""An open database, SQLite or PostgreSQL: two ways in, ``write`` and ``read``."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, StaticPool

from plexus.storage.location import DatabaseUrlError, Location, parse_location

Result = TypeVar("Result")

WRITES = "plexus_writes"
"""The execution option of transactions that write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOptions:
    """Times in seconds."""

    busy_timeout: float = 5.0
    """How long SQLite waits for another process that writes."""
    connect_timeout: float = 10.0
    command_timeout: float = 60.0
    """For one statement of PostgreSQL, so that a network gone silent is an error in the end."""
    connections: int = 4
    """At most, for each process."""
    pool_timeout: float = 30.0
    """How long a caller waits for a free connection."""


@dataclass(frozen=True, slots=True)
class Database:
    """``work`` is a function of a connection; it runs in one transaction, which is committed when it returns."""

    location: Location
    engine: AsyncEngine
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whose turn it is to write (SQLite: one writer at a time, ours queue here and not in its busy loop)."""

    @property
    def is_sqlite(self) -> bool:
        """SQLite; else PostgreSQL."""
        return self.location.dialect == "sqlite"

    async def write(self, work: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        """Run ``work`` in a transaction that may write. Raises SQLAlchemyError, and what ``work`` raises."""
        async with self._turn_if(self.is_sqlite), self.engine.execution_options(**{WRITES: True}).begin() as connection:
            return await work(connection)

    async def read(self, work: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        """Run ``work`` in a transaction that only reads. Raises SQLAlchemyError, and what ``work`` raises."""
        # An SQLite in memory has one connection, and a transaction belongs to a connection.
        async with self._turn_if(self.location.in_memory), self.engine.begin() as connection:
            return await work(connection)

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    def _turn_if(self, needed: bool) -> AbstractAsyncContextManager[object]:
        return self.turn if needed else contextlib.nullcontext()


def open_database(url: str, options: DatabaseOptions | None = None) -> Database:
    """The database at ``url`` (see ``location``); it connects when it is first used.

    Makes the file of an SQLite and its folder. Raises DatabaseUrlError, and OSError where the file cannot be made.
    """
    location, options = parse_location(url), options or DatabaseOptions()
    engine = _open_sqlite(location, options) if location.dialect == "sqlite" else _open_postgresql(location, options)
    return Database(location, engine)


def _open_sqlite(location: Location, options: DatabaseOptions) -> AsyncEngine:
    if not location.in_memory and not location.path.startswith("file:"):
        path = Path(location.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # for the owner only, as are the files that SQLite makes beside it
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    url = URL.create("sqlite+aiosqlite", database=location.path, query=dict(location.options))
    if location.in_memory:
        engine = create_async_engine(url, poolclass=StaticPool)
    else:
        engine = create_async_engine(
            url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=options.connections,
            max_overflow=0,
            pool_timeout=options.pool_timeout,
        )

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # Transactions begin when we say so (below), not when the driver meets the first INSERT.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {round(options.busy_timeout * 1000)}")
        with contextlib.suppress(engine.dialect.loaded_dbapi.OperationalError):  # a read-only file stays as it is
            cursor.execute("PRAGMA journal_mode = WAL")
        # The journal forgets a record when the database has committed it, so a commit must survive a power cut: in WAL
        # mode, NORMAL would not. It is one fsync a batch, in the connection's own thread.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    def begin(connection: Connection) -> None:
        # A transaction that first reads and then writes can fail at once, without waiting its turn; IMMEDIATE waits.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def _open_postgresql(location: Location, options: DatabaseOptions) -> AsyncEngine:
    try:
        asyncpg = importlib.import_module("asyncpg")  # half a hundred milliseconds that SQLite does not need
    except ModuleNotFoundError:
        raise DatabaseUrlError(
            "PostgreSQL needs a driver that is not installed: pip install 'plexus-gateway[postgres]'"
        ) from None

    async def connect() -> object:
        # asyncpg reads the URL itself: it knows sslmode, several hosts, sockets, pass files and libpq's environment.
        connection: object = await asyncpg.connect(
            location.dsn, timeout=options.connect_timeout, command_timeout=options.command_timeout
        )
        return connection

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=options.connections,
        max_overflow=0,
        pool_timeout=options.pool_timeout,
        pool_pre_ping=True,  # the server may have been restarted
        pool_use_lifo=True,
    )
