"""What a call of the Responses API goes on from, and what each target is sent of it.

The provider that answered the earlier turn is sent its own name for it, where it keeps state; every other target is sent
the items. A call that names nothing reads nothing (DESIGN section 1, promise 7).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError
from plexus.canonical.request import TurnPlace
from plexus.domain.provider import Provider
from plexus.domain.route import Target
from plexus.domain.turn import EarlierTurn, Past
from plexus.exchange.ports import ConnectionMemory, TurnStore
from plexus.exchange.turns.history import check_state, items_for, own_items, unknown_turn, with_history
from plexus.exchange.turns.references import MARK, follow_references
from plexus.exchange.turns.state import State
from plexus.protocols import envelope
from plexus.protocols.envelope import Envelope
from plexus.routing.plan import Plan

if TYPE_CHECKING:
    from plexus.exchange.exchange import Exchange

PROTOCOL = "openai_responses"
OFF_HINT = " This gateway keeps no replies (responses.store is off). Send the earlier turns in input."
NOT_FOUND = "previous_response_not_found"


class Recall(msgspec.Struct, kw_only=True):
    """For one exchange. ``own`` is the client's body; ``items`` stand before it."""

    own: Envelope
    wanted: bool
    """The client wants its reply to be kept (``store``, which is true by default)."""
    stored: bool
    """It will be: the operator allows it."""
    memory: ConnectionMemory | None = None
    from_memory: bool = False
    """What went before was found in ``memory``."""
    previous: str | None = None
    conversation: str | None = None
    earlier: EarlierTurn | None = None
    items: tuple[Past, ...] = ()
    given: tuple[Past, ...] | None = None
    """The call's own items with references followed; None where there are no references."""
    reply_id: str = ""
    native: bool = True
    """The issuer may still be asked by its own id."""
    whole: Envelope | None = None
    """The body with all items, made once."""

    @property
    def place(self) -> TurnPlace:
        """What the reply says of it."""
        return TurnPlace(
            id=self.reply_id,
            stored=self.stored,
            previous_response_id=self.previous,
            conversation=self.conversation,
        )

    def given_items(self) -> list[msgspec.Raw]:
        """The call's own items."""
        return own_items(self.own) if self.given is None else [past.raw for past in self.given]

    def body_for(self, target: Target, protocol: str, *, keeps_state: bool) -> tuple[Envelope, bool]:
        """What ``target`` is sent, and whether something of the history had to be left out."""
        own = self.own
        if protocol == PROTOCOL and self.wanted and not self.stored:
            own = _edit(own, {"store": b"false"})
        if self.earlier is None and self.conversation is None and self.given is None:
            return own, False
        if protocol != PROTOCOL:
            if self.whole is None:
                self.whole = self._whole(own, [past.raw for past in self.items], self.given_items())
            return self.whole, False
        if keeps_state and self.knows(target.provider):
            issuer = self.earlier.issuer if self.earlier is not None else None
            assert issuer is not None
            return _edit(own, {"previous_response_id": msgspec.json.encode(issuer.response_id)}), False
        provider = target.provider.name
        items, lost = items_for(provider, self.items)
        given, lost_too = items_for(provider, self.given or [Past(raw) for raw in self.given_items()])
        return self._whole(own, items, given), lost or lost_too

    def knows(self, provider: Provider) -> bool:
        """Whether ``provider`` answered the earlier turn, and by the same account."""
        issuer = self.earlier.issuer if self.earlier is not None else None
        if issuer is None or not self.native or self.given is not None:
            return False
        return (issuer.provider, issuer.account) == (provider.name, account_of(provider))

    def forgotten(self, failure: GatewayError) -> bool:
        """Whether the issuer has lost the earlier turn: then it, too, is sent the items, once."""
        if not self.native or self.earlier is None or self.earlier.issuer is None or failure.code != NOT_FOUND:
            return False
        self.native = False
        return True

    def _whole(self, own: Envelope, items: list[msgspec.Raw], given: list[msgspec.Raw]) -> Envelope:
        if self.given is not None:
            own = _edit(own, {"input": msgspec.json.encode(given)})
        return with_history(own, items)


def _edit(body: Envelope, edits: dict[str, bytes]) -> Envelope:
    """``body`` with members replaced; itself where it says so already."""
    if all(bytes(body.members.get(name, b"")) == value for name, value in edits.items()):
        return body
    return envelope.read(body.replace(edits))


def account_of(provider: Provider) -> str:
    """The name of the credential that is used there; "" for none."""
    return provider.credential.name if provider.credential is not None else ""


async def recall(exchange: Exchange, plan: Plan, state: State) -> tuple[Recall, Plan]:
    """What the call goes on from, and the plan with the provider that knows it in front.

    Raises ClientError for a turn or a conversation that is not there (for this key), and UNAVAILABLE where the store
    cannot say.
    """
    question, caller = exchange.question, exchange.caller
    assert question is not None
    assert caller is not None
    own = question.inbound.envelope
    previous, conversation = check_state(own)
    wanted = own.get("store", bool) is not False
    found = Recall(
        own=own,
        wanted=wanted,
        stored=wanted and state.on,
        memory=exchange.call.memory,
        previous=previous,
        conversation=conversation,
        reply_id=f"resp_{uuid.uuid4().hex}",
    )
    owner = caller.key.name
    if previous is not None:
        if found.memory is not None:
            found.earlier = await found.memory.get(owner, previous)
            found.from_memory = found.earlier is not None
        found.earlier = found.earlier or await _earlier(owner, previous, state)
        found.items = found.earlier.items
    elif conversation is not None:
        found.items = await conversation_items(owner, conversation, state)
    if MARK in own.raw and state.on:
        found.given = await follow_references(owner, own_items(own), found.items, state)
    known = [target for target in plan.targets if found.knows(target.provider)]
    if known and len(known) < len(plan.targets):
        others = [target for target in plan.targets if not found.knows(target.provider)]
        plan = msgspec.structs.replace(plan, targets=(*known, *others), reason=f"{plan.reason}, earlier turn")
    return found, plan


async def _earlier(owner: str, ident: str, state: State) -> EarlierTurn:
    earlier = await state.get(owner, ident) if state.on else None
    if earlier is None:
        raise unknown_turn(ident, "" if state.on else OFF_HINT)
    return earlier


async def conversation_items(owner: str, ident: str, state: State) -> tuple[Past, ...]:
    """The items of a conversation. Raises ClientError(NOT_FOUND)."""
    since = state.conversations_since

    async def read(store: TurnStore) -> tuple[Past, ...] | None:
        if await store.get_conversation(owner, ident, since) is None:
            return None
        return tuple(await store.list_conversation(owner, ident))

    items = await state.settled(read) if state.on else None
    if items is None:
        raise unknown_conversation(ident, "" if state.on else OFF_HINT)
    return items


def unknown_conversation(ident: str, hint: str = "") -> ClientError:
    """OpenAI's 404."""
    return ClientError(
        ErrorKind.NOT_FOUND,
        f"Conversation with id '{ident}' not found.{hint}",
        code="conversation_not_found",
        param="conversation",
    )
