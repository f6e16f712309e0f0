"""What a connection remembers of its turns, whether or not they are stored: the last one of each lane."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.exchange.history import with_history
from plexus.protocols.envelope import Envelope
from plexus.protocols.openai_responses.socket import opens_anywhere


class Turn(msgspec.Struct, frozen=True):
    """A turn and what it went on from. Items are shared, not copied, between a turn and the next."""

    id: str
    own: tuple[bytes, ...]
    """The items that it added: its input, then its output."""
    before: Turn | None
    size: int
    """Bytes of all items, those before included."""

    def items(self) -> list[bytes]:
        """All items, the oldest first."""
        found: list[tuple[bytes, ...]] = []
        turn: Turn | None = self
        while turn is not None:
            found.append(turn.own)
            turn = turn.before
        return [item for own in reversed(found) for item in own]


class Memory:
    """The last turn of each lane, as at OpenAI; at most ``limit`` bytes, beyond which the oldest lanes are forgotten."""

    __slots__ = ("_limit", "_turns")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._turns: dict[str | None, Turn] = {}

    def get(self, ident: str) -> Turn | None:
        """The turn ``ident``, of whichever lane."""
        return next((turn for turn in self._turns.values() if turn.id == ident), None)

    def add(self, lane: str | None, ident: str, before: Turn | None, items: Iterable[msgspec.Raw]) -> None:
        """The lane's last turn is now this one."""
        own = tuple(bytes(item) for item in items)
        size = sum(map(len, own)) + (0 if before is None else before.size)
        self._turns.pop(lane, None)
        self._turns[lane] = Turn(ident, own, before, size)
        total = sum(turn.size for turn in self._turns.values())
        while total > self._limit:
            oldest = next(iter(self._turns))
            total -= self._turns.pop(oldest).size


def continued(body: Envelope, before: Turn, limit: int) -> Envelope:
    """``body`` with all that ``before`` says in front of its own input, as if the client had sent it.

    Raises ClientError(BODY_TOO_LARGE) beyond ``limit`` bytes, BAD_REQUEST for an input that is none.
    """
    if len(body.raw) + before.size > limit:
        raise ClientError(
            ErrorKind.BODY_TOO_LARGE,
            f"The turns of this connection are larger than {limit:,} bytes. Begin anew with a shorter input.",
            code="request_too_large",
        )
    items = before.items()
    if body.get("store", bool) is False:
        items = [item for item in items if opens_anywhere(item)]
    return with_history(body, [msgspec.Raw(item) for item in items])
