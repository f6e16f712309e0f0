"""``item_reference``: items of earlier turns that an input names instead of sending them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.domain.turn import Past
from plexus.exchange.turns.state import State
from plexus.protocols.unreadable import UNREADABLE

MARK = b"item_reference"


class ItemHead(msgspec.Struct):
    """An item's own words for what it is."""

    type: object = None
    id: object = None


HEAD = msgspec.json.Decoder(ItemHead)


def id_of(item: msgspec.Raw) -> str:
    """The id of an item; "" for one without."""
    try:
        ident = HEAD.decode(item).id
    except UNREADABLE:
        return ""
    return ident if isinstance(ident, str) else ""


def named_by(items: Sequence[msgspec.Raw]) -> dict[int, str]:
    """Position -> id of the references among ``items``."""
    found: dict[int, str] = {}
    for position, item in enumerate(items):
        if MARK in bytes(item):
            try:
                head = HEAD.decode(item)
            except UNREADABLE:
                continue
            if head.type == "item_reference" and isinstance(head.id, str):
                found[position] = head.id
    return found


async def follow_references(
    owner: str, items: Sequence[msgspec.Raw], before: Sequence[Past], state: State
) -> tuple[Past, ...] | None:
    """``items`` with each reference replaced by what it names, in ``before`` or in the store; None without references.

    Raises ClientError(NOT_FOUND) for an item that is not there.
    """
    named = named_by(items)
    if not named:
        return None
    known = {ident: past for past in before if (ident := id_of(past.raw))}
    unknown = [ident for ident in named.values() if ident not in known]
    if unknown:
        known |= await state.find_items(owner, unknown)
    found = []
    for position, item in enumerate(items):
        if position in named and named[position] not in known:
            raise missing_item(named[position])
        found.append(known[named[position]] if position in named else Past(item))
    return tuple(found)


def missing_item(ident: str) -> ClientError:
    """OpenAI's 404 for an item."""
    return ClientError(ErrorKind.NOT_FOUND, f"Item with id '{ident}' not found.", param="input")
