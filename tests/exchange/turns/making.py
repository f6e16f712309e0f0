"""Kept turns without a database: what the tests of ``exchange.state`` and its users ask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from plexus.domain.snapshot import Retention
from plexus.domain.turn import EarlierTurn, Issuer, Past, Turn
from plexus.exchange.turns.state import State


def raw(**members: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(members).encode())


def turn(ident: str, **members: Any) -> Turn:
    kept: dict[str, Any] = {
        "owner": "tester",
        "id": ident,
        "created_at": 1,
        "provider": "acme",
        "issuer": Issuer("acme", "default", ident),
        "body": raw(id=ident),
        "given": (raw(id=f"in_{ident}"),),
        "output": (raw(id=f"out_{ident}", type="message"),),
    }
    return Turn(**{**kept, **members})


def ids(items: Sequence[Past | msgspec.Raw]) -> list[str]:
    return [json.loads(bytes(item.raw if isinstance(item, Past) else item))["id"] for item in items]


class MemorySpool:
    """Keeps what it is given, until ``flush``."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str], Turn] = {}
        self.all: list[Turn] = []
        self.flushes = 0

    def add(self, turn: Turn) -> None:
        self.waiting[turn.owner, turn.id] = turn
        self.all.append(turn)

    def get(self, owner: str, ident: str) -> Turn | None:
        return self.waiting.get((owner, ident))

    async def flush(self) -> None:
        self.flushes += 1


class ScriptedStore:
    """Knows some turns and one conversation; any other question is a mistake of the test. ``asked`` is what was asked."""

    def __init__(self, *earlier: EarlierTurn, conversation: Sequence[Past] = (), items: Sequence[Past] = ()) -> None:
        self.earlier = {one.id: one for one in earlier}
        self.conversation = conversation
        self.items = items
        self.asked: list[tuple[Any, ...]] = []

    async def get_earlier(self, owner: str, ident: str, since: int) -> EarlierTurn | None:
        self.asked.append((owner, ident, since))
        return self.earlier.get(ident)

    async def get_conversation(self, owner: str, ident: str, since: int) -> object | None:
        self.asked.append((owner, ident, since))
        return object() if ident == "conv_1" else None

    async def list_conversation(self, owner: str, ident: str, before: int | None = None) -> Sequence[Past]:
        self.asked.append((owner, ident, before))
        return self.conversation

    async def find_items(self, owner: str, idents: Sequence[str]) -> dict[str, Past]:
        return {ident: past for past in self.items for ident in ids([past]) if ident in idents}


def state_of(store: Any, spool: MemorySpool | None = None, retention: Retention | None = None, **more: Any) -> State:
    """At the time of 100 days after the epoch."""
    return State(
        spool or MemorySpool(),
        lambda: store,
        lambda: retention or Retention(),
        clock=lambda: 100 * 86400.0,
        **more,
    )
