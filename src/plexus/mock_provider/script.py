"""What is done on the wire for one call, in order: the pure half's result, the server's orders."""

from __future__ import annotations

from dataclasses import dataclass

Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole reply."""

    status: int
    fields: Fields
    body: bytes


@dataclass(frozen=True, slots=True)
class Start:
    """The head of a reply whose body follows in pieces."""

    status: int
    fields: Fields


@dataclass(frozen=True, slots=True)
class Write:
    """A piece of the body; ``events`` of it end here."""

    data: bytes
    events: int = 1


@dataclass(frozen=True, slots=True)
class Sleep:
    """Seconds of nothing, by the provider's ``sleep``."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing, until the caller leaves or the provider is released; or ``ping`` every so many seconds."""

    ping: bytes = b""
    every: float = 0.0


@dataclass(frozen=True, slots=True)
class End:
    """The proper end of the body."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Close the connection in the middle of the reply."""


@dataclass(frozen=True, slots=True)
class ResetConnection:
    """Reset the connection before a reply."""


@dataclass(frozen=True, slots=True)
class RawBytes:
    """These bytes on the socket instead of a reply, then close."""

    data: bytes


Action = Whole | Start | Write | Sleep | Wait | End | Abort | ResetConnection | RawBytes
Script = list[Action]
