"""Conversations of the Responses API, and the items that clients put into them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec
from sqlalchemy import Exists, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from plexus.domain.turn import Conversation
from plexus.storage.schema import conversation, response, response_item
from plexus.storage.turns import item_row


async def add_conversation(
    connection: AsyncConnection, owner: str, new: Conversation, items: Sequence[msgspec.Raw]
) -> None:
    """A new conversation with its first items."""
    row = {
        "owner": owner,
        "id": new.id,
        "created_at": new.created_at,
        "used_at": new.created_at,
        "metadata": bytes(new.metadata),
    }
    await connection.execute(insert(conversation).values(row))
    await add_items(connection, owner, new.id, new.created_at, items)


async def get_conversation(connection: AsyncConnection, owner: str, ident: str, since: int) -> Conversation | None:
    """A conversation that was used after ``since``."""
    row = (
        await connection.execute(
            select(conversation.c.created_at, conversation.c.metadata).where(
                conversation.c.owner == owner, conversation.c.id == ident, conversation.c.used_at >= since
            )
        )
    ).first()
    return None if row is None else Conversation(id=ident, created_at=row[0], metadata=msgspec.Raw(row[1]))


async def change_conversation(connection: AsyncConnection, owner: str, ident: str, metadata: msgspec.Raw) -> None:
    """Replace its metadata."""
    await connection.execute(
        update(conversation)
        .where(conversation.c.owner == owner, conversation.c.id == ident)
        .values(metadata=bytes(metadata))
    )


async def add_items(
    connection: AsyncConnection, owner: str, ident: str, created_at: int, items: Sequence[msgspec.Raw]
) -> None:
    """Put items behind the others."""
    if not items:
        return
    holder = f"added_{uuid.uuid4().hex}"
    rows = [
        item_row(owner, holder, position, raw)
        | {"conversation_id": ident, "created_at": created_at, "provider": None, "output": False}
        for position, raw in enumerate(items)
    ]
    await connection.execute(insert(response_item), rows)
    await connection.execute(
        update(conversation).where(conversation.c.owner == owner, conversation.c.id == ident).values(used_at=created_at)
    )


async def remove_item(connection: AsyncConnection, owner: str, ident: str, item: str) -> bool:
    """Take an item out of a conversation; whether it was there."""
    there = (
        response_item.c.owner == owner,
        response_item.c.conversation_id == ident,
        response_item.c.item_id == item,
    )
    gone = await connection.execute(delete(response_item).where(*there, ~_has_response()))
    left = await connection.execute(update(response_item).where(*there).values(conversation_id=None))
    return gone.rowcount + left.rowcount > 0


async def remove_conversation(connection: AsyncConnection, owner: str, ident: str) -> None:
    """Delete it with its items; those that a kept reply came with stay with that."""
    items = (response_item.c.owner == owner, response_item.c.conversation_id == ident)
    await connection.execute(delete(response_item).where(*items, ~_has_response()))
    await connection.execute(update(response_item).where(*items).values(conversation_id=None))
    await connection.execute(delete(conversation).where(conversation.c.owner == owner, conversation.c.id == ident))


async def sweep_conversations(connection: AsyncConnection, since: int) -> int:
    """Delete those that were last used before ``since``; how many."""
    rows = (
        await connection.execute(
            select(conversation.c.owner, conversation.c.id).where(conversation.c.used_at < since).limit(1000)
        )
    ).all()
    for owner, ident in rows:
        await remove_conversation(connection, owner, ident)
    return len(rows)


def _has_response() -> Exists:
    return exists().where(response.c.owner == response_item.c.owner, response.c.id == response_item.c.holder)
