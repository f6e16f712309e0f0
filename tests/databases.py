"""Databases for tests: a PostgreSQL server where there is one, and the database that tests of other parts use."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

from plexus.storage.database import Database, open_database
from plexus.storage.location import parse_location
from plexus.storage.migrate import upgrade

SCRIPT = Path(__file__).parents[1] / "scripts" / "postgres"
NOT_INSTALLED = 3

Result = TypeVar("Result")


def default_url() -> str:
    """The database of tests that only need one: an SQLite in memory, unless PLEXUS_TEST_DB_URL says otherwise."""
    return os.environ.get("PLEXUS_TEST_DB_URL", "sqlite://:memory:")


@contextlib.contextmanager
def postgres_server() -> Iterator[str | None]:
    """The URL of a server: the one that PLEXUS_TEST_PG_URL names, else one of our own; None where there is none."""
    if given := os.environ.get("PLEXUS_TEST_PG_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="plexus-pg-", ignore_cleanup_errors=True) as folder:
        started = subprocess.run([SCRIPT, "start", folder], check=False, capture_output=True, text=True, timeout=60)
        if started.returncode == NOT_INSTALLED and not os.environ.get("CI"):
            yield None
            return
        assert started.returncode == 0, started.stderr
        try:
            yield started.stdout.strip()
        finally:
            subprocess.run([SCRIPT, "stop", folder], check=True, capture_output=True, timeout=60)


@contextlib.contextmanager
def postgres_database(server: str, name: str) -> Iterator[str]:
    """The URL of a new, empty database on ``server``; it is dropped at the end."""
    in_a_thread(execute(server, f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"'))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        in_a_thread(execute(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def execute(url: str, *statements: str) -> None:
    """Run statements on a connection of their own, each in its own transaction."""
    connection = await importlib.import_module("asyncpg").connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def in_a_thread(work: Coroutine[object, object, Result]) -> Result:
    """Run ``work`` on a loop of its own, whatever loop the caller may have."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@contextlib.asynccontextmanager
async def fresh_database() -> AsyncIterator[Database]:
    """A database of one test's own at ``default_url``, with the newest schema."""
    with contextlib.ExitStack() as stack:
        url = default_url()
        if parse_location(url).dialect == "postgresql":
            url = stack.enter_context(postgres_database(parse_location(url).dsn, f"plexus_test_{uuid.uuid4().hex}"))
        database = open_database(url)
        try:
            await upgrade(database)
            yield database
        finally:
            await database.close()
