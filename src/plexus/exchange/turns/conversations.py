"""The Conversations API (https://platform.openai.com/docs/api-reference/conversations).

Each function gives the body of a 200, or raises GatewayError in OpenAI's words.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import msgspec

from plexus.canonical.errors import ClientError, bad_request
from plexus.domain.turn import Conversation, Past
from plexus.exchange.turns.asking import Asking
from plexus.exchange.turns.items import kept_item, without_state
from plexus.exchange.turns.paging import list_of, page_of
from plexus.exchange.turns.recall import OFF_HINT, unknown_conversation
from plexus.exchange.turns.references import id_of, missing_item
from plexus.exchange.turns.responses import ENCRYPTED
from plexus.exchange.turns.state import State
from plexus.protocols import envelope
from plexus.protocols.members import raw_json
from plexus.protocols.unreadable import UNREADABLE

MOST_ITEMS = 20
"""Items of one call."""
MOST_METADATA, LONGEST_KEY, LONGEST_VALUE = 16, 64, 512
"""OpenAI's limits for ``metadata``."""


async def create_conversation(asking: Asking, state: State) -> msgspec.Raw:
    """A new one, with items and metadata if the body has them."""
    if not state.on:
        raise bad_request(f"Conversations are not kept.{OFF_HINT}")
    body = envelope.read(asking.body or b"{}")
    items = _items(body, needed=False)
    new = Conversation(id=f"conv_{uuid.uuid4().hex}", created_at=state.now(), metadata=_metadata(body))
    await state.ask(lambda store: store.add_conversation(asking.owner, new, items))
    return shown(new)


async def get_conversation(asking: Asking, state: State) -> msgspec.Raw:
    """The conversation, without its items."""
    return shown(await _find(asking, state))


async def change_conversation(asking: Asking, state: State) -> msgspec.Raw:
    """Replace its metadata."""
    body = envelope.read(asking.body)
    if "metadata" not in body.members:
        raise bad_request("Missing required parameter: 'metadata'.", param="metadata")
    metadata = _metadata(body)
    found = await _find(asking, state)
    await state.ask(lambda store: store.change_conversation(asking.owner, found.id, metadata))
    return shown(msgspec.structs.replace(found, metadata=metadata))


async def remove_conversation(asking: Asking, state: State) -> msgspec.Raw:
    """Delete it with its items. Replies that were made in it stay."""
    found = await _find(asking, state)
    await state.settled(lambda store: store.remove_conversation(asking.owner, found.id))
    return raw_json({"id": found.id, "object": "conversation.deleted", "deleted": True})


async def list_items(asking: Asking, state: State) -> msgspec.Raw:
    """A page of its items."""
    return page_of(await _items_of(asking, state), asking.query)


async def add_items(asking: Asking, state: State) -> msgspec.Raw:
    """Put items behind the others; the list of them, as they are kept."""
    items = _items(envelope.read(asking.body), needed=True)
    found = await _find(asking, state)
    now = state.now()
    await state.settled(lambda store: store.add_items(asking.owner, found.id, now, items))
    return list_of(items)


async def get_item(asking: Asking, state: State) -> msgspec.Raw:
    """One item."""
    for item in await _items_of(asking, state):
        if id_of(item) == asking.item:
            return item
    raise missing_item(asking.item)


async def remove_item(asking: Asking, state: State) -> msgspec.Raw:
    """Take one item out; the conversation without it."""
    found = await _find(asking, state)
    if not await state.settled(lambda store: store.remove_item(asking.owner, found.id, asking.item)):
        raise missing_item(asking.item)
    return shown(found)


# --- reading


async def _find(asking: Asking, state: State) -> Conversation:
    since = state.conversations_since
    found = None
    if state.on:
        found = await state.ask(lambda store: store.get_conversation(asking.owner, asking.ident, since))
    if found is None:
        raise unknown_conversation(asking.ident, "" if state.on else OFF_HINT)
    return found


async def _items_of(asking: Asking, state: State) -> Sequence[msgspec.Raw]:
    found = await _find(asking, state)
    kept: Sequence[Past] = await state.settled(lambda store: store.list_conversation(asking.owner, found.id))
    if ENCRYPTED in asking.include:
        return [past.raw for past in kept]
    return [without_state(past.raw) for past in kept]


def _items(body: envelope.Envelope, *, needed: bool) -> list[msgspec.Raw]:
    raw = body.members.get("items")
    try:
        items = msgspec.json.decode(raw, type=list[msgspec.Raw] | None) if raw is not None else None
        if needed and not items:
            raise bad_request("Missing required parameter: 'items'.", param="items")
        if items and len(items) > MOST_ITEMS:
            raise bad_request(f"items has {len(items)}; send at most {MOST_ITEMS} at once.", param="items")
        return [kept_item(item) for item in items or ()]
    except UNREADABLE as wrong:
        raise _wrong("items", wrong) from None


def _metadata(body: envelope.Envelope) -> msgspec.Raw:
    raw = body.members.get("metadata", msgspec.Raw(b"null"))
    try:
        metadata = msgspec.json.decode(raw, type=dict[str, str] | None) or {}
    except UNREADABLE as wrong:
        raise _wrong("metadata", wrong) from None
    longest = max(map(len, metadata), default=0), max(map(len, metadata.values()), default=0)
    if len(metadata) > MOST_METADATA or longest[0] > LONGEST_KEY or longest[1] > LONGEST_VALUE:
        raise bad_request(
            f"metadata holds at most {MOST_METADATA} pairs, of {LONGEST_KEY} and {LONGEST_VALUE} characters.",
            param="metadata",
        )
    return raw_json(metadata)


def _wrong(name: str, error: Exception) -> ClientError:
    return bad_request(f"{name}: {error}", param=name)


def shown(conversation: Conversation) -> msgspec.Raw:
    """The conversation object."""
    return raw_json(
        {
            "id": conversation.id,
            "object": "conversation",
            "created_at": conversation.created_at // 1_000_000,
            "metadata": conversation.metadata,
        }
    )
