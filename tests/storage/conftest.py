"""Every test that takes ``database`` (or ``empty_database``) runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.databases import execute, postgres_database, postgres_server

from plexus.storage.database import Database, DatabaseOptions, open_database
from plexus.storage.schema import METADATA

IMPATIENT = DatabaseOptions(busy_timeout=0.02)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server for this worker."""
    with postgres_server() as url:
        if url is None:
            pytest.skip("no PostgreSQL is installed")
        yield url


@pytest.fixture(scope="session")
def postgres_url(server_url: str, worker_id: str) -> Iterator[str]:
    """A database of this worker's own."""
    with postgres_database(server_url, f"plexus_test_{worker_id}_{os.getpid()}") as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/plexus.sqlite"
    url: str = request.getfixturevalue("postgres_url")
    await execute(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return url


@pytest.fixture
async def empty_database(database_url: str) -> AsyncIterator[Database]:
    """A database without a table."""
    database = open_database(database_url, IMPATIENT)
    yield database
    await database.close()


@pytest.fixture
async def database(empty_database: Database) -> Database:
    """A database with the newest schema (made from METADATA: test_migrate proves that revisions make the same)."""
    await empty_database.write(lambda connection: connection.run_sync(METADATA.create_all))
    return empty_database
