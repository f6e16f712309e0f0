"""What a connection remembers of its turns where nothing is stored: the last one of each lane."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from plexus.domain.turn import EarlierTurn, Past, Turn
from plexus.protocols.openai_responses.socket import opens_anywhere


class Remembered(msgspec.Struct, frozen=True):
    """A turn, and all that it went on from. The items of a chain are shared, not copied."""

    owner: str
    turn: EarlierTurn
    size: int
    """Bytes of all items."""


class Memory:
    """The last turn of each lane, as at OpenAI; at most ``limit`` bytes, beyond which the oldest lanes are forgotten."""

    __slots__ = ("_limit", "_turns")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._turns: dict[str | None, Remembered] = {}

    def get(self, owner: str, ident: str) -> EarlierTurn | None:
        """The turn ``ident``, of whichever lane."""
        for known in self._turns.values():
            if (known.owner, known.turn.id) == (owner, ident):
                return known.turn
        return None

    def add(self, lane: str | None, turn: Turn, before: Sequence[Past]) -> None:
        """The lane's last turn is now this one. One that is stored is found in the store."""
        self._turns.pop(lane, None)
        if _is_stored(turn):
            return
        items = tuple(past for past in (*before, *turn.items) if opens_anywhere(bytes(past.raw)))
        size = sum(len(past.raw) for past in items)
        self._turns[lane] = Remembered(turn.owner, EarlierTurn(id=turn.id, items=items), size)
        total = sum(known.size for known in self._turns.values())
        while total > self._limit:
            oldest = next(iter(self._turns))
            total -= self._turns.pop(oldest).size


class LaneMemory:
    """One lane's view of it. See ``exchange.ports.ConnectionMemory``."""

    __slots__ = ("_lane", "_memory")

    def __init__(self, memory: Memory, lane: str | None) -> None:
        self._memory = memory
        self._lane = lane

    async def get(self, owner: str, ident: str) -> EarlierTurn | None:
        """An earlier turn of the connection."""
        return self._memory.get(owner, ident)

    def add(self, turn: Turn, before: Sequence[Past]) -> None:
        """A turn is complete."""
        self._memory.add(self._lane, turn, before)


class _Body(msgspec.Struct):
    store: bool | None = None


_BODY = msgspec.json.Decoder(_Body)


def _is_stored(turn: Turn) -> bool:
    return _BODY.decode(turn.body).store is True
