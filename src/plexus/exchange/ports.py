"""The interfaces of the pipeline: what it is given, and what it hands out. ``app`` joins them to the real parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from plexus.canonical.errors import TransportError
from plexus.canonical.headers import Field, Headers
from plexus.domain.provider import Provider
from plexus.domain.record import Opening, Record
from plexus.domain.turn import Conversation, EarlierTurn, Past, Turn
from plexus.providers.sigv4 import Signable
from plexus.upstream.request import UpstreamRequest


class Sink(Protocol):
    """Where the reply goes. ``start`` is the commit: nothing can fail over after it."""

    committed: bool

    @property
    def gone(self) -> bool:
        """The client went away: nothing can be written any more."""

    def send(self, status: int, headers: Iterable[Field], body: bytes) -> None:
        """A whole reply: head and body in one write."""

    def start(self, status: int, headers: Iterable[Field]) -> None:
        """The head of a stream."""

    def write(self, data: bytes) -> None:
        """More of a stream. Never blocks; watch ``when_writable``."""

    def end(self) -> None:
        """The proper end of the stream."""

    def abort(self) -> None:
        """Break the connection, so that the client's library raises."""

    @property
    def full(self) -> bool:
        """The client reads too slowly: stop feeding until ``when_writable`` calls."""

    def when_writable(self, callback: Callable[[], None] | None) -> None:
        """Call back once when a full sink has room again."""


class Receiver(Protocol):
    """Takes a reply by callbacks, so that no task wakes up for each chunk."""

    def data(self, chunk: bytes) -> None:
        """Bytes of the body, as they came."""

    def end(self) -> None:
        """The body is complete by its framing."""

    def failed(self, error: TransportError) -> None:
        """The connection broke before the body was complete."""


class Reply(Protocol):
    """A provider's answer after its head."""

    status: int
    headers: Headers

    async def body(self, limit: int) -> bytes:
        """The rest of the body. Raises TransportError when it is cut, ProviderError beyond ``limit`` bytes."""

    async def chunk(self) -> bytes:
        """The next bytes; b"" at the proper end. Raises TransportError when it is cut."""

    def relay(self, receiver: Receiver) -> None:
        """From now on by callbacks, beginning with what has already come (at once, before this returns)."""

    def pause(self) -> None:
        """Stop reading from the provider."""

    def resume(self) -> None:
        """Read on."""

    def linger(self, seconds: float) -> None:
        """Nobody wants the rest: drop it as it comes, and the connection unless it ends properly within ``seconds``."""

    def cancel(self) -> None:
        """Drop the connection; nothing after a complete body."""


class Upstream(Protocol):
    """Opens calls to providers."""

    async def send(self, request: UpstreamRequest, *, whole: bool, sent: Callable[[], None]) -> Reply:
        """Send, and return when the head is in; with ``whole``, when the body is in too (one wake-up). ``sent`` is called
        when the request has been written: from then on the provider may work, and bill.

        Raises TransportError, typed by what the connection did. Cancelling the task drops the connection.
        """


class Authorizer(Protocol):
    """Makes credentials that are no fixed text."""

    async def authorize(self, provider: Provider, request: Signable) -> list[Field]:
        """The fields that ``request`` needs. Raises ProviderError, TransportError."""

    def forget(self, provider: Provider) -> None:
        """The provider refused what it was given."""


class Journal(Protocol):
    """Where records go first. Neither call waits, neither raises."""

    def open(self, opening: Opening) -> None:
        """Before the first byte goes upstream."""

    def close(self, record: Record) -> None:
        """At the exit of the exchange."""


class EarlierTurns(Protocol):
    """Where earlier turns are found by their id: the store, or the memory of a connection."""

    async def get(self, owner: str, ident: str) -> EarlierTurn | None:
        """The turn ``ident`` of the key ``owner`` with all that it goes on from; None where there is none.

        Raises GatewayError(UNAVAILABLE) where that cannot be said now.
        """


class ConnectionMemory(EarlierTurns, Protocol):
    """The turns of one connection, whether or not they are stored (``Call.memory``). Asked before the store."""

    def add(self, turn: Turn, before: Sequence[Past]) -> None:
        """A turn is complete; ``before`` is what it went on from."""


class TurnSpool(Protocol):
    """Where complete turns go first. ``add`` and ``get`` neither wait nor raise."""

    def add(self, turn: Turn) -> None:
        """Keep a turn until the database has it."""

    def get(self, owner: str, ident: str) -> Turn | None:
        """A turn that the database does not have yet."""

    async def flush(self) -> None:
        """Until the database has everything. Raises what the database raises."""


class TurnStore(Protocol):
    """The database's side. Every method raises what the driver raises; ``since`` (microseconds since the epoch) hides what
    is older."""

    async def get_earlier(self, owner: str, ident: str, since: int) -> EarlierTurn | None:
        """A turn with all that it goes on from."""

    async def get_turn(self, owner: str, ident: str, since: int) -> Turn | None:
        """A turn with its own items."""

    async def list_input(self, owner: str, ident: str, since: int) -> Sequence[msgspec.Raw] | None:
        """All items that a reply was given, those of earlier turns included."""

    async def remove_turn(self, owner: str, ident: str, since: int) -> bool:
        """Delete a turn; whether it was there. Turns that went on from it keep what they went on from."""

    async def find_items(self, owner: str, idents: Sequence[str]) -> dict[str, Past]:
        """Items by their ids."""

    async def add_conversation(self, owner: str, conversation: Conversation, items: Sequence[msgspec.Raw]) -> None:
        """A new conversation with its first items."""

    async def get_conversation(self, owner: str, ident: str, since: int) -> Conversation | None:
        """A conversation."""

    async def change_conversation(self, owner: str, ident: str, metadata: msgspec.Raw) -> None:
        """Replace its metadata."""

    async def remove_conversation(self, owner: str, ident: str) -> None:
        """Delete it. Replies that were made in it stay, without what only it held."""

    async def list_conversation(self, owner: str, ident: str, before: int | None = None) -> Sequence[Past]:
        """Its items, the oldest first; those before a time only."""

    async def add_items(self, owner: str, conversation: str, created_at: int, items: Sequence[msgspec.Raw]) -> None:
        """Put items behind the others."""

    async def remove_item(self, owner: str, conversation: str, ident: str) -> bool:
        """Take an item out of it; whether it was there."""
