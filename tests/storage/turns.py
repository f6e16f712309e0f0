"""Turns to store."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from sqlalchemy import func, select

from plexus.domain.turn import Issuer, Past, Turn
from plexus.storage.database import Database
from plexus.storage.schema import METADATA
from plexus.storage.turns import store_turns


def raw(ident: str, **members: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps({"id": ident, **members}).encode())


def turn(number: int, previous: int | None = None, **members: Any) -> Turn:
    """``resp_N`` at time N, with the items ``in_N`` and ``out_N``."""
    kept: dict[str, Any] = {
        "owner": "k",
        "id": f"resp_{number}",
        "created_at": number,
        "previous": None if previous is None else f"resp_{previous}",
        "provider": "p",
        "body": raw(f"resp_{number}"),
        "given": (raw(f"in_{number}"),),
        "output": (raw(f"out_{number}"),),
    }
    return Turn(**{**kept, **members})


async def store(database: Database, *turns: Turn) -> None:
    await store_turns(database, turns)


def ids(items: Any) -> list[str]:
    return [json.loads(bytes(item.raw if isinstance(item, Past) else item))["id"] for item in items]


async def count(database: Database, table: str) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(METADATA.tables[table]))).scalar_one())


ISSUER = Issuer("p", "default", "resp_up")
