"""The codec record: what every protocol folder provides, and the values that go in and out of it.

A codec faces two ways: as a client towards the provider (``encode_request``, ``decode_response`` …: a ``ProviderCodec``) and
as a server towards the client (``decode_request``, ``encode_response`` …: the whole ``Codec``). All of it is pure: no
sockets, no clock, no state between calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

from plexus.canonical.errors import GatewayError
from plexus.canonical.events import StreamEvent
from plexus.canonical.headers import Field, Headers
from plexus.canonical.losses import Losses
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage
from plexus.protocols.envelope import Envelope
from plexus.protocols.sse import EventBoundary, split_frames

Request = TypeVar("Request")
Response = TypeVar("Response")
Dialect = TypeVar("Dialect")


class Inbound(msgspec.Struct, frozen=True):
    """A client's call as a codec sees it: the JSON body, and the headers of its own protocol."""

    envelope: Envelope
    headers: Headers = msgspec.field(default_factory=Headers)
    path: Mapping[str, str] = msgspec.field(default_factory=dict)
    query: Mapping[str, str] = msgspec.field(default_factory=dict)


class Outbound(msgspec.Struct, frozen=True):
    """A call to a provider: ``path`` stands below the base URL, ``query`` (without ``?``) behind it; ``headers`` are
    protocol headers, without auth."""

    path: str
    body: bytes
    headers: tuple[Field, ...] = ()
    query: bytes = b""


class ErrorReply(msgspec.Struct, frozen=True):
    """A failure in the client's protocol."""

    status: int
    body: bytes
    headers: tuple[Field, ...] = ()


class Boundary(Protocol):
    """Holds a stream back to its last complete event, bytes untouched."""

    def feed(self, data: bytes) -> bytes:
        """All bytes up to the last event boundary seen so far; b"" while none is. Raises ProviderError for an endless
        event."""

    def finish(self) -> bytes:
        """What is left when the connection ends."""


class StreamDecoder(Protocol):
    """Reads a provider's stream. Never raises: what is wrong comes out as a ``Failure`` event."""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that ``data`` completes. Any chunking gives the same events."""

    def finish(self) -> list[StreamEvent]:
        """The connection ended: the events that follow. Without a proper end among them the reply was cut."""


class StreamEncoder(Protocol):
    """Writes a stream for a client."""

    losses: Losses

    def encode(self, event: StreamEvent) -> bytes:
        """The bytes of one event, whole SSE frames; b"" where the protocol says nothing."""


class Tap(Protocol):
    """Watches a reply of its own protocol pass by and notes what the gateway must know of it."""

    finish: Finish | None
    failure: GatewayError | None
    """An error inside the reply, typed by its own words."""
    meaningful: bool
    """Something that the client would see (text, reasoning, a tool call, a refusal) or a proper end has passed."""
    ended: bool
    """The proper end has passed: the terminal event, or a finish after which only the connection's end is missing."""
    terminated: bool
    """The very last frame has passed (``[DONE]``, ``message_stop``), so that nothing needs to be added."""

    @property
    def usage(self) -> Usage | None:
        """The last counts that passed."""

    said_bytes: int
    """Of text, reasoning and arguments that a stream has said so far: roughly, for an estimate."""

    @property
    def empty(self) -> bool:
        """A proper end came and nothing was said (no content, no output tokens)."""

    def watch(self, events: bytes) -> None:
        """Take a run of whole SSE events."""

    def read(self, body: bytes) -> None:
        """Take a whole JSON reply. Sets ``failure`` when it is an error or cannot be read."""


def fixed_path(path: str) -> Callable[[str, bool], str]:
    """For protocols whose path says neither model nor stream."""
    return lambda model, stream: path


def all_of(*_: object) -> bool:
    """The answer of an operation that every provider serves, and of a body that suits every one."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCodec(Generic[Request, Response, Dialect]):
    """One protocol for one operation, as a client towards providers: all that a protocol needs which no client of ours
    speaks. mypy rejects a missing or misfit function."""

    protocol: str
    operation: str
    default_dialect: Dialect
    default_headers: tuple[Field, ...] = ()
    """What a provider of this protocol insists on, where the client's own did not go up (``anthropic-version``)."""
    stream_type: bytes = b"text/event-stream"
    """The media type of a streamed reply, on both sides."""
    generates: bool = True
    """Its requests and replies are the hub's GenerateRequest and GenerateResponse; else it is JSON both ways, no streams."""
    serves: Callable[[Dialect], bool] = all_of
    """Whether a provider of this protocol, with such a dialect, serves the operation."""

    encode_request: Callable[[Request, Dialect], tuple[Outbound, Losses]]
    """Raises ClientError for content that this protocol cannot express."""
    decode_response: Callable[[bytes, Dialect], Response]
    """Raises ProviderError for a body that is an error or cannot be read."""
    stream_decoder: Callable[[Dialect], StreamDecoder]
    decode_error: Callable[[int, Headers, bytes], GatewayError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec(ProviderCodec[Request, Response, Dialect]):
    """The whole: also as a server towards clients, and for the lanes on which both sides speak the protocol."""

    @property
    def streams(self) -> bool:
        """Whether a client may ask for a stream."""
        return self.generates or self.carried

    # as a server, facing the client
    decode_request: Callable[[Inbound], Request]
    """Raises ClientError for a body that this protocol does not allow."""
    encode_response: Callable[[Response, Request], tuple[bytes, Losses]]
    stream_encoder: Callable[[Request], StreamEncoder]
    encode_error: Callable[[GatewayError, str], ErrorReply]
    """(error, request id) -> the reply before the commit."""
    encode_stream_error: Callable[[GatewayError, bytes], bytes]
    """(error, what the client has got of the stream) -> the one terminal frame after the commit (docs/failures)."""
    repeats_reply: bool = False
    """That frame repeats the reply so far, so what passes must be kept; else b"" is passed for it."""
    demands_usage: bool = False
    """Every reply must hold counts, so that our estimate is given where the provider said none."""
    carried: bool = False
    """Nothing of this operation is translated: its request may be a form, its reply of any content type."""
    asks: str = ""
    """The operation that providers are asked for where they do not serve this one; "": this one, in their own protocol."""
    default_model: str = ""
    """The model of a call that names none."""
    encode_count: Callable[[int], bytes] | None = None
    """For counting: the reply that holds our own estimate."""
    heartbeat: bytes
    """What keeps a silent stream open, at an event boundary only."""

    # the same protocol on both sides: bytes stay
    fits: Callable[[Envelope, Dialect], bool] = all_of
    """Whether the provider reads this body, and answers it, as the client means it; else the call is translated."""
    path: Callable[[str, bool], str]
    """(upstream model, streamed) -> where the operation lives below the base URL (``/chat/completions``)."""
    forwarded_headers: frozenset[bytes]
    """The client's headers (lower case) that go up."""
    edits: Callable[[Envelope, str, Dialect], dict[str, bytes]]
    """(body, upstream model, dialect) -> the members that must differ upstream, as JSON, b"" for one that must not be
    there; {} for the pass lane."""
    withholds: Callable[[bytes], bool]
    """Whether one whole SSE event exists only because ``edits`` asked for it, so the client must not see it."""
    tap: Callable[[Dialect], Tap]
    boundary: Callable[[], Boundary] = EventBoundary
    split: Callable[[bytes], list[bytes]] = split_frames
    """A run of whole events, cut behind each one, bytes untouched."""
    terminator: bytes
    """What we add when a complete stream lacks its last frame (``data: [DONE]``); b"" where there is none."""
