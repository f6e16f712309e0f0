"""``plexus db``: the schema of the database."""

from __future__ import annotations

import asyncio

import typer

from plexus.cli.common import fail, settings_for

app = typer.Typer(no_args_is_help=True, help="Look after the database.")


@app.command()
def upgrade() -> None:
    """Bring the schema up to date. The gateway does so itself when it starts."""
    url = settings_for().database_url
    try:
        changed = asyncio.run(_upgrade(url))
    except Exception as down:  # noqa: BLE001 - whatever the driver raises, one line is what helps
        fail(f"the database cannot be upgraded: {down}")
    typer.echo("The schema is upgraded." if changed else "The schema is up to date.")


async def _upgrade(url: str) -> bool:
    from plexus.storage.database import open_database  # noqa: PLC0415 - SQLAlchemy takes a third of a second
    from plexus.storage.migrate import upgrade as run  # noqa: PLC0415

    database = open_database(url)
    try:
        return await run(database)
    finally:
        await database.close()
