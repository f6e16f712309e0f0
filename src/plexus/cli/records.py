"""``plexus records``: what the gateway did lately."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from plexus.cli.common import JsonOption, fail, print_json, settings_for
from plexus.domain.record import Record


def records(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    key: Annotated[str | None, typer.Option(help="Only this key's.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model's, as clients named it.")] = None,
    failed: Annotated[bool | None, typer.Option("--failed/--good", help="Only failures, or only successes.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest records of the database."""
    url = settings_for().database_url
    try:
        found = asyncio.run(_list(url, limit, key, model, failed))
    except Exception as down:  # noqa: BLE001 - whatever the driver raises, one line is what helps
        fail(f"the database cannot be read: {down}")
    if as_json:
        print_json(found)
        return
    _print_table(found)


async def _list(url: str, limit: int, key: str | None, model: str | None, failed: bool | None) -> list[Record]:
    from plexus.storage.database import open_database  # noqa: PLC0415 - SQLAlchemy takes a third of a second
    from plexus.storage.records import Filter, list_records  # noqa: PLC0415

    database = open_database(url)
    try:
        async with database.read() as connection:
            return await list_records(connection, Filter(key=key, model=model, failed=failed), limit=limit)
    finally:
        await database.close()


def _print_table(found: list[Record]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only for people
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("time", "key", "model", "target", "lane", "in", "out", "ms", "first ms", "status", "finish"):
        table.add_column(title, justify="right" if title in ("in", "out", "ms", "first ms", "status") else "left")
    for record in found:
        table.add_row(*row(record), style="red" if record.error else None)
    Console().print(table)


def row(record: Record) -> list[str]:
    """One line of the table."""
    moment = datetime.fromtimestamp(record.started_at / 1e6, UTC).strftime("%m-%d %H:%M:%S")
    who = f"{record.key}:{record.label}" if record.label else record.key or ""
    usage = record.usage
    return [
        moment,
        who,
        record.model,
        f"{record.provider}/{record.target_model}" if record.provider else "",
        record.lane or "",
        str(usage.input) if usage else "",
        str(usage.output) if usage else "",
        f"{record.duration_us / 1000:.0f}",
        f"{record.first_token_us / 1000:.0f}" if record.first_token_us is not None else "",
        str(record.status),
        record.error or record.finish or "",
    ]
