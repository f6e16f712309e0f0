"""Each store test runs on SQLite and on PostgreSQL (``scripts/test`` starts one and sets PLEXUS_TEST_DB_URL)."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from plexus.settings import database_url
from plexus.storage.database import Database, open_database
from plexus.storage.migrate import upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database of its own, without any table."""
    if request.param == "sqlite":
        database = open_database(database_url(f"sqlite:///{tmp_path / 'test.sqlite'}"))
        yield database
        await database.close()
        return
    server = os.environ.get("PLEXUS_TEST_DB_URL")
    if server is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have PostgreSQL: PLEXUS_TEST_DB_URL is not set")
        pytest.skip("PLEXUS_TEST_DB_URL is not set; scripts/test sets it")
    name = f"test_{uuid.uuid4().hex}"
    admin = create_async_engine(database_url(server), isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    database = open_database(database_url(server.rsplit("/", 1)[0] + f"/{name}"))
    yield database
    await database.close()
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await admin.dispose()


@pytest.fixture
async def database(empty_database: Database) -> Database:
    """A database at the newest revision."""
    await upgrade(empty_database)
    return empty_database
