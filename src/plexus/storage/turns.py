"""Turns of the Responses API: written idempotently, read with all that they go on from, deleted when their time is over."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Select, and_, delete, exists, insert, literal, or_, select, tuple_, update
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from plexus.domain.turn import EarlierTurn, Issuer, Past, Turn
from plexus.storage.database import Database
from plexus.storage.schema import conversation, response, response_item

log = logging.getLogger(__name__)

LONGEST_CHAIN = 10_000
"""Turns of a chain that are read; no model's context holds so many."""
SWEPT = 500
"""Replies that one statement of the sweep deletes."""


async def store_turns(database: Database, turns: Sequence[Turn]) -> None:
    """Write turns in a transaction of their own. Raises what the driver raises where the database is away.

    A turn that no column takes must not keep all later ones out: it is left out, and logged.
    """
    try:
        async with database.write() as connection:
            await add_turns(connection, turns)
    except (OperationalError, InterfaceError, FileNotFoundError):
        raise
    except (DBAPIError, OverflowError):
        for turn in turns:
            try:
                async with database.write() as connection:
                    await add_turns(connection, [turn])
            except (OperationalError, InterfaceError):
                raise
            except (DBAPIError, OverflowError) as refused:
                log.error("the response %s does not fit the database and is not kept: %s", turn.id, refused)


async def add_turns(connection: AsyncConnection, turns: Sequence[Turn]) -> None:
    """Write turns with their items. Those that are there already stay as they are."""
    for turn in turns:
        at = (response.c.owner == turn.owner) & (response.c.id == turn.id)
        if (await connection.execute(select(response.c.id).where(at))).first() is not None:
            continue
        issuer = turn.issuer
        row = {
            "owner": turn.owner,
            "id": turn.id,
            "created_at": turn.created_at,
            "previous_id": turn.previous,
            "conversation_id": turn.conversation,
            "provider": turn.provider,
            "account": issuer.account if issuer is not None else None,
            "upstream_id": issuer.response_id if issuer is not None else None,
            "deleted": False,
            "body": bytes(turn.body),
        }
        await connection.execute(insert(response).values(row))
        items = [(raw, False) for raw in turn.given] + [(raw, True) for raw in turn.output]
        rows = [
            item_row(turn.owner, turn.id, position, raw)
            | {
                "conversation_id": turn.conversation,
                "created_at": turn.created_at,
                "provider": turn.provider if output else None,
                "output": output,
            }
            for position, (raw, output) in enumerate(items)
        ]
        if rows:
            await connection.execute(insert(response_item), rows)
        if turn.conversation is not None:
            await connection.execute(
                update(conversation)
                .where(conversation.c.owner == turn.owner, conversation.c.id == turn.conversation)
                .values(used_at=turn.created_at)
            )


class _Identified(msgspec.Struct):
    id: str = ""


_ID = msgspec.json.Decoder(_Identified)


def item_row(owner: str, holder: str, position: int, raw: msgspec.Raw) -> dict[str, Any]:
    """The columns that every item has."""
    ident = _ID.decode(raw).id.replace("\0", "")[:255]
    return {"owner": owner, "holder": holder, "position": position, "item_id": ident, "body": bytes(raw)}


# --- reading


def _here(owner: str, ident: str, since: int) -> Any:
    """The condition for a reply that is neither deleted nor over."""
    return and_(
        response.c.owner == owner,
        response.c.id == ident,
        response.c.deleted.is_(False),
        response.c.created_at >= since,
    )


async def get_turn(connection: AsyncConnection, owner: str, ident: str, since: int) -> Turn | None:
    """A turn with its own items."""
    row = (await connection.execute(select(response).where(_here(owner, ident, since)))).mappings().first()
    if row is None:
        return None
    items = (
        await connection.execute(
            select(response_item.c.body, response_item.c.output)
            .where(response_item.c.owner == owner, response_item.c.holder == ident)
            .order_by(response_item.c.position)
        )
    ).all()
    return Turn(
        owner=owner,
        id=ident,
        created_at=row["created_at"],
        previous=row["previous_id"],
        conversation=row["conversation_id"],
        provider=row["provider"],
        issuer=None if row["upstream_id"] is None else Issuer(row["provider"], row["account"], row["upstream_id"]),
        body=msgspec.Raw(row["body"]),
        given=tuple(msgspec.Raw(body) for body, output in items if not output),
        output=tuple(msgspec.Raw(body) for body, output in items if output),
    )


async def get_earlier(connection: AsyncConnection, owner: str, ident: str, since: int) -> EarlierTurn | None:
    """A turn with every item up to and with its reply. What it went on from may be older than ``since``, and deleted."""
    turn = await get_turn(connection, owner, ident, since)
    if turn is None:
        return None
    before = await list_before(connection, turn)
    return EarlierTurn(id=ident, items=(*before, *turn.items), issuer=turn.issuer)


async def list_before(connection: AsyncConnection, turn: Turn) -> list[Past]:
    """The items that a turn went on from, the oldest first."""
    if turn.conversation is not None:
        return await list_conversation(connection, turn.owner, turn.conversation, turn.created_at)
    if turn.previous is None:
        return []
    owner = turn.owner
    chain = (
        select(response.c.id, response.c.previous_id, literal(0).label("depth"))
        .where(response.c.owner == owner, response.c.id == turn.previous)
        .cte("chain", recursive=True)
    )
    older = select(response.c.id, response.c.previous_id, (chain.c.depth + 1).label("depth")).where(
        response.c.owner == owner, response.c.id == chain.c.previous_id, chain.c.depth < LONGEST_CHAIN
    )
    chain = chain.union_all(older)
    items = _past().join(chain, (response_item.c.owner == owner) & (response_item.c.holder == chain.c.id))
    rows = await connection.execute(items.order_by(chain.c.depth.desc(), response_item.c.position))
    found = [Past(msgspec.Raw(body), provider) for body, provider in rows]
    root = (
        await connection.execute(
            select(response.c.conversation_id, response.c.created_at)
            .join(chain, (response.c.owner == owner) & (response.c.id == chain.c.id))
            .where(response.c.conversation_id.is_not(None))
        )
    ).first()
    if root is None:
        return found
    return [*await list_conversation(connection, owner, root.conversation_id, root.created_at), *found]


def _past() -> Select[Any]:
    return select(response_item.c.body, response_item.c.provider)


async def list_conversation(
    connection: AsyncConnection, owner: str, ident: str, before: int | None = None
) -> list[Past]:
    """The items of a conversation, the oldest first; those before a time only."""
    wanted = _past().where(response_item.c.owner == owner, response_item.c.conversation_id == ident)
    if before is not None:
        wanted = wanted.where(response_item.c.created_at < before)
    rows = await connection.execute(
        wanted.order_by(response_item.c.created_at, response_item.c.holder, response_item.c.position)
    )
    return [Past(msgspec.Raw(body), provider) for body, provider in rows]


async def find_items(connection: AsyncConnection, owner: str, idents: Sequence[str]) -> dict[str, Past]:
    """Items by their ids, but for those of deleted replies; of several with one id, the newest."""
    held = response_item.join(
        response, (response.c.owner == owner) & (response.c.id == response_item.c.holder), isouter=True
    )
    rows = await connection.execute(
        select(response_item.c.item_id, response_item.c.body, response_item.c.provider)
        .select_from(held)
        .where(response_item.c.owner == owner, response_item.c.item_id.in_(idents))
        .where(or_(response.c.id.is_(None), response.c.deleted.is_(False)))
        .order_by(response_item.c.created_at)
    )
    return {ident: Past(msgspec.Raw(body), provider) for ident, body, provider in rows}


# --- deleting


async def remove_turn(connection: AsyncConnection, owner: str, ident: str, since: int) -> bool:
    """Delete a reply; whether it was there. While a later one goes on from it, its items stay, for that one alone."""
    changed = await connection.execute(
        update(response).where(_here(owner, ident, since)).values(deleted=True, body=b"{}")
    )
    if changed.rowcount == 0:
        return False
    later = await connection.execute(
        select(response.c.id).where(response.c.owner == owner, response.c.previous_id == ident).limit(1)
    )
    if later.first() is None:
        await _delete(connection, [(owner, ident)])
    return True


async def sweep_turns(connection: AsyncConnection, since: int) -> int:
    """Delete what is deleted or older than ``since`` and nothing goes on from; how many replies. Those that went on from
    nothing else become free by it, and go with the next round."""
    later = response.alias("later")
    over = or_(response.c.deleted.is_(True), response.c.created_at < since)
    free = ~exists().where(later.c.owner == response.c.owner, later.c.previous_id == response.c.id)
    count = 0
    while True:
        rows = (await connection.execute(select(response.c.owner, response.c.id).where(over, free).limit(SWEPT))).all()
        if not rows:
            return count
        await _delete(connection, [(owner, ident) for owner, ident in rows])
        count += len(rows)


async def _delete(connection: AsyncConnection, names: Sequence[tuple[str, str]]) -> None:
    """Delete replies, and their items but for those in a conversation."""
    await connection.execute(
        delete(response_item).where(
            tuple_(response_item.c.owner, response_item.c.holder).in_(names), response_item.c.conversation_id.is_(None)
        )
    )
    await connection.execute(delete(response).where(tuple_(response.c.owner, response.c.id).in_(names)))
