"""A turn of the Responses API: one call and its reply, as they are kept for the turns that go on from it."""

from __future__ import annotations

import msgspec


class Issuer(msgspec.Struct, frozen=True):
    """The provider that answered a turn, and its own name for the reply. Another ``account`` there does not know it."""

    provider: str
    account: str
    """The name of the credential."""
    response_id: str


class Past(msgspec.Struct, frozen=True):
    """One item of an earlier turn, as it was written. ``provider`` made it; None where a client did."""

    raw: msgspec.Raw
    provider: str | None = None


class EarlierTurn(msgspec.Struct, frozen=True, kw_only=True):
    """All that a turn goes on from: every item up to and with the earlier reply, the oldest first.

    ``issuer`` keeps the same state itself; None where only the items are left of it.
    """

    id: str
    items: tuple[Past, ...]
    issuer: Issuer | None = None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One call and its complete reply. What went before is named, never repeated."""

    owner: str
    """The name of the client's key: nobody else sees it."""
    id: str
    """The reply's, as the client saw it."""
    created_at: int
    """Microseconds since the epoch; later turns have later times."""
    previous: str | None = None
    conversation: str | None = None
    provider: str | None = None
    issuer: Issuer | None = None
    body: msgspec.Raw
    """The response object, its ``output`` left empty."""
    given: tuple[msgspec.Raw, ...] = ()
    """The call's own items, each with an id."""
    output: tuple[msgspec.Raw, ...] = ()

    @property
    def items(self) -> tuple[Past, ...]:
        """The turn's own items, in order."""
        return (*(Past(raw) for raw in self.given), *(Past(raw, self.provider) for raw in self.output))


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as the Conversations API names it; its items stand apart."""

    id: str
    created_at: int
    """Microseconds since the epoch."""
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
