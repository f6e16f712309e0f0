"""Earlier turns in a request: pure functions from a body and the items before it to the body with the whole history.

This is the seam for whoever keeps turns: ``EarlierTurns`` (``exchange.ports``) gives them by id, ``with_history`` puts them
into a body. The store is one implementation, the memory of a connection another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, bad_request
from plexus.domain.turn import Past
from plexus.protocols import envelope, reasoning_state
from plexus.protocols.envelope import Envelope
from plexus.protocols.members import is_string
from plexus.protocols.unreadable import UNREADABLE

STATE = frozenset({"previous_response_id", "conversation"})
"""Members that name earlier turns instead of sending them."""

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


class _Head(msgspec.Struct):
    type: object = None
    encrypted_content: object = None


_HEAD = msgspec.json.Decoder(_Head)


def own_items(body: Envelope) -> list[msgspec.Raw]:
    """The items of the body's own ``input``; a bare string is a user's message. Raises ClientError for anything else."""
    raw = body.members.get("input")
    if raw is None or bytes(raw) == b"null":
        return []
    if is_string(raw):
        return [msgspec.Raw(b'{"type":"message","role":"user","content":' + bytes(raw) + b"}")]
    try:
        return _ITEMS.decode(raw)
    except UNREADABLE:
        raise bad_request("input must be a string or a list of items.", param="input") from None


def with_history(body: Envelope, items: Sequence[msgspec.Raw]) -> Envelope:
    """``body`` with ``items`` in front of its own, and without the members that named them. All other bytes stay.

    Raises ClientError for an ``input`` that is neither a string nor a list.
    """
    whole = [*items, *own_items(body)]
    return envelope.read(body.remove(STATE).replace({"input": msgspec.json.encode(whole)}))


def items_for(provider: str, items: Iterable[Past]) -> tuple[list[msgspec.Raw], bool]:
    """Those of ``items`` that a Responses provider takes, and whether any was left out.

    A thought without its text in sealed form is known to its issuer alone, by its id, and a sealed one opens there alone;
    others answer both with an error (https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items).
    """
    kept: list[msgspec.Raw] = []
    lost = False
    for past in items:
        if past.provider in (None, provider) or not _is_thought(past.raw):
            kept.append(past.raw)
        else:
            lost = True
    return kept, lost


def _is_thought(raw: msgspec.Raw) -> bool:
    head = _HEAD.decode(raw)
    sealed = isinstance(head.encrypted_content, str) and head.encrypted_content.startswith(reasoning_state.PREFIX)
    return head.type == "reasoning" and not sealed


def unknown_turn(ident: str, hint: str = "") -> ClientError:
    """OpenAI's 400 for a turn that is not there. ``hint`` says what to do instead."""
    return ClientError(
        ErrorKind.BAD_REQUEST,
        f"Previous response with id '{ident}' not found.{hint}",
        param="previous_response_id",
        code="previous_response_not_found",
    )


def check_state(body: Envelope) -> tuple[str | None, str | None]:
    """The earlier turn and the conversation that ``body`` names. Raises ClientError where it names both, or wrongly, and for
    a reply in the background that nobody could fetch here: it would be paid for all the same."""
    if body.get("background", bool) and not body.get("stream", bool):
        raise bad_request(
            "background: a reply that goes on at its provider cannot be asked for here. Leave background out, or send "
            "stream: true with it.",
            param="background",
        )
    previous = body.get("previous_response_id", str)
    conversation = _conversation(body)
    if previous is not None and conversation is not None:
        raise bad_request(
            "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.",
            param="previous_response_id",
            code="mutually_exclusive_parameters",
        )
    return previous, conversation


class _Named(msgspec.Struct):
    id: str


def _conversation(body: Envelope) -> str | None:
    """``conversation`` is an id or an object with one."""
    raw = body.members.get("conversation")
    if raw is None or bytes(raw) == b"null":
        return None
    try:
        found = msgspec.json.decode(raw, type=str | _Named)
    except UNREADABLE as wrong:
        raise bad_request(f"conversation: {wrong}", param="conversation") from None
    return found if isinstance(found, str) else found.id
