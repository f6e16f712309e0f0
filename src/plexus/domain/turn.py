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
