"""What a client may do with replies that are kept (https://platform.openai.com/docs/api-reference/responses).

Each function gives the body of a 200, or raises GatewayError in OpenAI's words.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, bad_request
from plexus.domain.turn import Turn
from plexus.exchange.turns.asking import Asking
from plexus.exchange.turns.items import without_state
from plexus.exchange.turns.paging import page_of
from plexus.exchange.turns.state import State
from plexus.protocols.members import raw_json

ENCRYPTED = "reasoning.encrypted_content"
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


async def get_response(asking: Asking, state: State) -> msgspec.Raw:
    """The reply, as it was. Sealed thoughts are in it where ``include`` asks for them."""
    if asking.query.get("stream", "false") not in ("false", "0", ""):
        raise bad_request("A kept response is not streamed again. Leave stream out.", param="stream")
    turn = await _find(asking, state)
    output = turn.output if ENCRYPTED in asking.include else [without_state(item) for item in turn.output]
    return raw_json({**_MEMBERS.decode(turn.body), "output": list(output)})


async def _find(asking: Asking, state: State) -> Turn:
    owner, ident = asking.owner, asking.ident
    turn = state.waiting(owner, ident)
    if turn is None and state.on:
        since = state.since
        turn = await state.ask(lambda store: store.get_turn(owner, ident, since))
    if turn is None:
        raise unknown_response(ident)
    return turn


async def remove_response(asking: Asking, state: State) -> msgspec.Raw:
    """Delete it."""
    owner, ident, since = asking.owner, asking.ident, state.since
    if not state.on or not await state.settled(lambda store: store.remove_turn(owner, ident, since)):
        raise unknown_response(ident)
    return raw_json({"id": ident, "object": "response", "deleted": True})


async def cancel_response(asking: Asking, state: State) -> msgspec.Raw:
    """Only a reply that runs in the background can be cancelled; those that are kept are complete."""
    await _find(asking, state)
    raise bad_request("Only responses created in the background can be cancelled.")


async def list_input(asking: Asking, state: State) -> msgspec.Raw:
    """A page of what the reply was given, earlier turns included."""
    owner, ident, since = asking.owner, asking.ident, state.since
    items: Sequence[msgspec.Raw] | None = None
    if state.on:
        items = await state.settled(lambda store: store.list_input(owner, ident, since))
    if items is None:
        raise unknown_response(ident)
    if ENCRYPTED not in asking.include:
        items = [without_state(item) for item in items]
    return page_of(items, asking.query)


def unknown_response(ident: str) -> ClientError:
    """OpenAI's 404."""
    return ClientError(ErrorKind.NOT_FOUND, f"Response with id '{ident}' not found.")
