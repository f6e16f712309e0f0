from __future__ import annotations

import asyncio

from tests.cli.running import Shell

from plexus.settings import database_url
from plexus.storage.database import open_database
from plexus.storage.migrate import HEAD, current, downgrade


def test_fresh_then_up_to_date_then_behind(shell: Shell) -> None:
    assert shell.run("db", "upgrade").stdout == "The schema is upgraded.\n"
    assert shell.run("db", "upgrade").stdout == "The schema is up to date.\n"

    async def go_back() -> None:
        database = open_database(database_url(f"sqlite:///{shell.config.parent / 'usage.sqlite'}"))
        await downgrade(database, "base")
        await database.close()

    async def revision() -> str | None:
        database = open_database(database_url(f"sqlite:///{shell.config.parent / 'usage.sqlite'}"))
        try:
            return await current(database)
        finally:
            await database.close()

    asyncio.run(go_back())
    assert asyncio.run(revision()) is None
    assert shell.run("db", "upgrade").stdout == "The schema is upgraded.\n"
    assert asyncio.run(revision()) == HEAD


def test_a_database_that_is_none_is_told_in_a_line(shell: Shell) -> None:
    shell.config.parent.mkdir()
    (shell.config.parent / "usage.sqlite").write_bytes(b"no database at all, but long enough to be looked at" * 20)
    result = shell.run("db", "upgrade", status=1)
    assert result.stderr.startswith("the database cannot be upgraded: ")
    assert "Traceback" not in result.output
