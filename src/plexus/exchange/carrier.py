"""Carriers: a provider's stream in, the client's stream out, and what the gateway must know of it in passing.

``PassCarrier`` leaves the bytes alone and lets a tap watch; ``TranslateCarrier`` decodes, seals and encodes. Neither knows
of sockets: bytes in, bytes out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from plexus.canonical.content import Opaque, ToolCall
from plexus.canonical.errors import GatewayError, ProviderError
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockStart,
    CitationDelta,
    Failure,
    FinishSeen,
    OpaqueEvent,
    ReplyEnd,
    ReplyStart,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import Usage
from plexus.exchange.call import AnyCodec
from plexus.exchange.naming import Names
from plexus.exchange.seal import Seal
from plexus.protocols.codec import Boundary, StreamDecoder, StreamEncoder, Tap


class Carrier(Protocol):
    """``take`` never raises: what is wrong with the reply stands in ``failure``."""

    @property
    def usage(self) -> Usage | None:
        """The last counts that the provider gave."""

    @property
    def finish(self) -> Finish | None:
        """Why the first candidate ended."""

    @property
    def failure(self) -> GatewayError | None:
        """What is wrong with the reply."""

    @property
    def ended(self) -> bool:
        """The provider's proper end has passed."""

    @property
    def terminated(self) -> bool:
        """Nothing can follow any more: the last frame has passed."""

    @property
    def empty(self) -> bool:
        """A proper end, and nothing was said."""

    @property
    def progressed(self) -> bool:
        """Whether something that the client would see has passed since this was last asked."""

    @property
    def said_bytes(self) -> int:
        """Of text, reasoning and arguments so far: roughly, for an estimate."""

    def take(self, chunk: bytes) -> bytes:
        """The client's bytes for the provider's ``chunk``, whole frames only."""

    def close(self) -> bytes:
        """The provider's connection ended: the last of the client's bytes, the last frame included where it is due."""


class PassCarrier:
    """The same protocol on both sides: bytes stay, up to the last whole event."""

    __slots__ = ("_boundary", "_codec", "_dialect", "_failure", "_tap", "_withholds")

    def __init__(self, codec: AnyCodec, dialect: object, *, withholds: bool) -> None:
        self._boundary: Boundary = codec.boundary()
        self._codec = codec
        self._dialect = dialect
        self._tap: Tap = codec.tap(dialect)
        self._withholds = withholds
        self._failure: GatewayError | None = None

    @property
    def usage(self) -> Usage | None:
        return self._tap.usage

    @property
    def finish(self) -> Finish | None:
        return self._tap.finish

    @property
    def failure(self) -> GatewayError | None:
        return self._tap.failure or self._failure

    @property
    def ended(self) -> bool:
        return self._tap.ended

    @property
    def terminated(self) -> bool:
        return self._tap.terminated

    @property
    def empty(self) -> bool:
        return self._tap.empty and not is_withheld(self._tap.finish)

    @property
    def said_bytes(self) -> int:
        return self._tap.said_bytes

    @property
    def progressed(self) -> bool:
        seen, self._tap.meaningful = self._tap.meaningful, False
        return seen

    def take(self, chunk: bytes) -> bytes:
        try:
            whole = self._boundary.feed(chunk)
        except ProviderError as endless:
            self._failure = endless
            return b""
        return self._pass(whole) if whole else b""

    def close(self) -> bytes:
        rest = self._boundary.finish()
        last = b""
        if rest.strip():
            last = self._pass(rest.rstrip(b"\r\n") + b"\n\n")  # a last event without its blank line
            if not self.ended:
                last = b""  # an incomplete event is not passed on
        if self.ended and not self.terminated:
            last += self._codec.terminator
        return last

    def _pass(self, whole: bytes) -> bytes:
        tap = self._tap
        tap.watch(whole)
        if tap.failure is not None:
            return self._before_failure(whole)
        if self._withholds and b"usage" in whole:
            return b"".join(event for event in self._codec.split(whole) if not self._codec.withholds(event))
        return whole

    def _before_failure(self, whole: bytes) -> bytes:
        """The events ahead of the failing one; errors themselves are always written by us."""
        probe: Tap = self._codec.tap(self._dialect)
        kept = []
        for event in self._codec.split(whole):
            probe.watch(event)
            if probe.failure is not None:
                break
            kept.append(event)
        return b"".join(kept)


def is_withheld(finish: Finish | None) -> bool:
    """The provider's filter kept the answer back: a reply with a reason, however little it says (docs/failures)."""
    return finish is not None and finish.reason in (FinishReason.CONTENT_FILTER, FinishReason.REFUSAL)


class TranslateCarrier:
    """Another protocol on the client's side: decode, seal, encode."""

    __slots__ = (
        "_decoder", "_encoder", "_estimate", "_names", "_progressed", "_said", "_seal", "ended", "failure", "finish",
        "said_bytes", "usage",
    )  # fmt: skip

    def __init__(
        self,
        decoder: StreamDecoder,
        encoder: StreamEncoder,
        seal: Seal,
        estimate: Callable[[int], Usage | None],
        names: Names,
    ) -> None:
        """``estimate`` (bytes said) gives the usage that the client is told where the provider told none."""
        self._decoder = decoder
        self._encoder = encoder
        self._seal = seal
        self._estimate = estimate
        self._names = names
        self._said = False
        self.said_bytes = 0
        self._progressed = False
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.ended = False

    @property
    def terminated(self) -> bool:
        return self.ended

    @property
    def empty(self) -> bool:
        if not self.ended or self._said or is_withheld(self.finish):
            return False
        return self.usage is None or self.usage.output == 0

    @property
    def progressed(self) -> bool:
        seen, self._progressed = self._progressed, False
        return seen

    def take(self, chunk: bytes) -> bytes:
        return self._encode(self._decoder.feed(chunk))

    def close(self) -> bytes:
        return self._encode(self._decoder.finish())

    def _encode(self, events: list[StreamEvent]) -> bytes:
        encode, seal = self._encoder.encode, self._seal.event
        written = []
        for event in events:
            if isinstance(event, TextDelta | ArgumentsDelta):
                self._said = self._progressed = True
                self.said_bytes += len(event.text)
            elif type(event) in SAYING:
                self._said = self._progressed = True
            elif isinstance(event, ReplyEnd):
                self.ended = self._progressed = True
                if self.usage is None and (guess := self._estimate(self.said_bytes)) is not None:
                    self.usage = guess
                    written.append(encode(UsageSeen(guess)))
            elif isinstance(event, ReplyStart):
                self.usage = event.usage or self.usage
                written.append(encode(self._names.start(event)))
                continue
            elif not self._note(event):
                break
            written.append(encode(event if isinstance(event, TextDelta) else seal(event)))
        return b"".join(written)

    def _note(self, event: StreamEvent) -> bool:
        """Keep what the record needs; False at a failure, which is not encoded: the exchange's exit writes it."""
        match event:
            case UsageSeen(usage):
                self.usage = usage
            case BlockStart(block=ToolCall() | Opaque()):
                self._said = self._progressed = True
            case FinishSeen(finish):
                self.finish = self.finish or finish
            case Failure(error):
                self.failure = error
                return False
            case _:
                pass
        return True


SAYING = frozenset({AudioDelta, CitationDelta, OpaqueEvent})
"""Events, beside text and arguments, that a client would see as content."""
