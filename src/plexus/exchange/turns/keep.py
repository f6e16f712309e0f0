"""Keeping a complete reply of the Responses API for the turns that will go on from it.

Called right behind the last byte for the client: what it holds is in memory before the client can ask for more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from plexus.canonical.errors import GatewayError
from plexus.domain.turn import Issuer, Turn
from plexus.exchange.committable import Committable, WholeReply
from plexus.exchange.turns.items import kept_item
from plexus.exchange.turns.recall import PROTOCOL, Recall, account_of
from plexus.protocols.members import raw_json
from plexus.protocols.sse import split_events, split_frames
from plexus.protocols.unreadable import UNREADABLE

if TYPE_CHECKING:
    from plexus.exchange.exchange import Exchange
    from plexus.exchange.turns.state import State

COMPLETE = frozenset({"completed", "incomplete"})
"""A reply that ended; one that was cut short by its own limits is a reply. Failed ones, and those that still run, are not."""
NOTE = "not_stored"
"""The note of a reply that should have been kept and could not be read."""

_REPLY = msgspec.json.Decoder(dict[str, msgspec.Raw])
_OUTPUT = msgspec.json.Decoder(list[msgspec.Raw])


class _Terminal(msgspec.Struct):
    response: dict[str, msgspec.Raw] = {}


_TERMINAL = msgspec.json.Decoder(_Terminal)


def keep(ready: Committable, exchange: Exchange, state: State) -> None:
    """A reply that has been delivered to its proper end."""
    if isinstance(ready, WholeReply):
        keep_reply(exchange, ready.body, state)
    else:
        keep_stream(exchange, state)


def keep_reply(exchange: Exchange, body: bytes, state: State) -> None:
    """A whole JSON reply, as the client got it."""
    if exchange.recall is not None and is_kept(exchange.recall):
        try:
            _keep(exchange, exchange.recall, _REPLY.decode(body), state)
        except (*UNREADABLE, GatewayError, KeyError):
            exchange.notes.append(NOTE)


def keep_stream(exchange: Exchange, state: State) -> None:
    """A complete stream, from the bytes that passed: its last event repeats the reply."""
    if exchange.recall is not None and is_kept(exchange.recall):
        try:
            _keep(exchange, exchange.recall, terminal_reply(b"".join(exchange.passed or ())), state)
        except (*UNREADABLE, GatewayError, KeyError):
            exchange.notes.append(NOTE)


def is_kept(recall: Recall) -> bool:
    """Whether anybody keeps the reply: the store, or the connection."""
    return recall.stored or recall.memory is not None


def terminal_reply(passed: bytes) -> dict[str, msgspec.Raw]:
    """The response object of the last event that has one. Raises msgspec.MsgspecError for a stream without."""
    for frame in reversed(split_frames(passed)):
        if b'"response"' in frame:
            for event in split_events(frame):
                return _TERMINAL.decode(event.data).response
    raise msgspec.DecodeError("no event has a response")


def _keep(exchange: Exchange, recall: Recall, reply: dict[str, msgspec.Raw], state: State) -> None:
    if msgspec.json.decode(reply.get("status", b"null")) not in COMPLETE:
        return
    ident = msgspec.json.decode(reply["id"], type=str)
    output = tuple(kept_item(item) for item in _OUTPUT.decode(reply["output"]))
    given = tuple(kept_item(item) for item in recall.given_items())
    caller, target = exchange.caller, exchange.attempt.target
    assert caller is not None
    echoed = {
        "output": raw_json([]),
        "store": raw_json(recall.stored),
        "previous_response_id": raw_json(recall.previous),
    }
    if recall.conversation is not None:
        echoed["conversation"] = raw_json({"id": recall.conversation})
    turn = Turn(
        owner=caller.key.name,
        id=ident,
        created_at=state.now(),
        previous=recall.previous,
        conversation=recall.conversation,
        provider=target.provider.name,
        issuer=_issuer(exchange, reply, ident),
        body=raw_json({**reply, **echoed}),
        given=given,
        output=output,
    )
    if recall.memory is not None:
        recall.memory.add(turn, recall.items)
    if recall.stored:
        if recall.from_memory:  # the store does not know what went before
            before = tuple(kept_item(past.raw) for past in recall.items)
            turn = msgspec.structs.replace(turn, previous=None, given=(*before, *given))
        state.add(turn)


def _issuer(exchange: Exchange, reply: dict[str, msgspec.Raw], ident: str) -> Issuer | None:
    """The provider, where it keeps the same turn: it speaks Responses, is known to keep state, and says that it did."""
    attempt = exchange.attempt
    dialect = attempt.target.dialects.get(PROTOCOL) or exchange.codec.default_dialect
    keeps = attempt.protocol == PROTOCOL and getattr(dialect, "keeps_state", False)
    if not keeps or bytes(reply.get("store", b"")) != b"true":
        return None
    provider = attempt.target.provider
    return Issuer(provider.name, account_of(provider), ident)
