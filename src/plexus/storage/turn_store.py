"""The database as ``exchange.ports.TurnStore`` wants it: a transaction for each question."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from plexus.domain.turn import Conversation, EarlierTurn, Past, Turn
from plexus.storage import conversations, turns
from plexus.storage.database import Database


class DatabaseTurns:
    """See ``exchange.ports.TurnStore``. Names that no column can hold name nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_earlier(self, owner: str, ident: str, since: int) -> EarlierTurn | None:
        """A turn with all that it goes on from."""
        async with self._database.read() as connection:
            return await turns.get_earlier(connection, owner, plain(ident), since)

    async def get_turn(self, owner: str, ident: str, since: int) -> Turn | None:
        """A turn with its own items."""
        async with self._database.read() as connection:
            return await turns.get_turn(connection, owner, plain(ident), since)

    async def list_input(self, owner: str, ident: str, since: int) -> Sequence[msgspec.Raw] | None:
        """All items that a reply was given."""
        async with self._database.read() as connection:
            turn = await turns.get_turn(connection, owner, plain(ident), since)
            if turn is None:
                return None
            before = await turns.list_before(connection, turn)
        return [*(past.raw for past in before), *turn.given]

    async def remove_turn(self, owner: str, ident: str, since: int) -> bool:
        """Delete a turn; whether it was there."""
        async with self._database.write() as connection:
            return await turns.remove_turn(connection, owner, plain(ident), since)

    async def find_items(self, owner: str, idents: Sequence[str]) -> dict[str, Past]:
        """Items by their ids."""
        async with self._database.read() as connection:
            return await turns.find_items(connection, owner, [plain(ident) for ident in idents])

    async def add_conversation(self, owner: str, conversation: Conversation, items: Sequence[msgspec.Raw]) -> None:
        """A new conversation with its first items."""
        async with self._database.write() as connection:
            await conversations.add_conversation(connection, owner, conversation, items)

    async def get_conversation(self, owner: str, ident: str, since: int) -> Conversation | None:
        """A conversation."""
        async with self._database.read() as connection:
            return await conversations.get_conversation(connection, owner, plain(ident), since)

    async def change_conversation(self, owner: str, ident: str, metadata: msgspec.Raw) -> None:
        """Replace its metadata."""
        async with self._database.write() as connection:
            await conversations.change_conversation(connection, owner, plain(ident), metadata)

    async def remove_conversation(self, owner: str, ident: str) -> None:
        """Delete it."""
        async with self._database.write() as connection:
            await conversations.remove_conversation(connection, owner, plain(ident))

    async def list_conversation(self, owner: str, ident: str, before: int | None = None) -> Sequence[Past]:
        """Its items, the oldest first."""
        async with self._database.read() as connection:
            return await turns.list_conversation(connection, owner, plain(ident), before)

    async def add_items(self, owner: str, conversation: str, created_at: int, items: Sequence[msgspec.Raw]) -> None:
        """Put items behind the others."""
        async with self._database.write() as connection:
            await conversations.add_items(connection, owner, plain(conversation), created_at, items)

    async def remove_item(self, owner: str, conversation: str, ident: str) -> bool:
        """Take an item out of it; whether it was there."""
        async with self._database.write() as connection:
            return await conversations.remove_item(connection, owner, plain(conversation), plain(ident))


def plain(name: str) -> str:
    """A name without NUL, which PostgreSQL takes nowhere."""
    return name.replace("\0", "\ufffd")


async def sweep(database: Database, responses_since: int, conversations_since: int) -> tuple[int, int]:
    """Delete what is over; how many replies and conversations."""
    async with database.write() as connection:
        gone = await conversations.sweep_conversations(connection, conversations_since)
        return await turns.sweep_turns(connection, responses_since), gone
