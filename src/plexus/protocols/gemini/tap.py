"""Watching a reply pass: usage, finish, failure, and whether something was said. Two forms, as in ``frames``."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import GatewayError
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import Usage
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.errors import decode_stream_error
from plexus.protocols.gemini.finish import blocked, finish_of, finish_word
from plexus.protocols.gemini.frames import element_json, split_chunks, split_elements
from plexus.protocols.gemini.response import malformed
from plexus.protocols.gemini.usage import decode_usage, has_counts
from plexus.protocols.gemini.wire import Feedback
from plexus.protocols.members import ABSENT, present
from plexus.protocols.unreadable import UNREADABLE


class _Part(msgspec.Struct, rename="camel"):
    text: str | None = None
    function_call: msgspec.Raw = ABSENT


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | int | None = None
    index: int = 0


class _Chunk(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    usage_metadata: msgspec.Raw = ABSENT
    prompt_feedback: Feedback | None = None
    error: msgspec.Raw = ABSENT


_CHUNK = msgspec.json.Decoder(_Chunk)


class GeminiTap:
    """See ``protocols.codec.Tap``. There is no last frame: ``terminated`` stays False, the connection's end is the end."""

    __slots__ = ("_called", "_said", "_usage", "ended", "failure", "finish", "meaningful", "said_bytes", "terminated")

    def __init__(self) -> None:
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.meaningful = False
        self.ended = False
        self.terminated = False
        self.said_bytes = 0
        self._said = False
        self._called = False
        self._usage = b""

    @property
    def usage(self) -> Usage | None:
        """The last counts that passed; read off when asked, not for each event."""
        return decode_usage(self._usage) if self._usage else None

    @property
    def empty(self) -> bool:
        """A proper end, and nothing was said. A block has a reason, and is no empty reply."""
        if not self.ended or self._said:
            return False
        if self.finish is not None and self.finish.reason is FinishReason.CONTENT_FILTER:
            return False
        counts = self.usage
        return counts is None or counts.output == 0

    def watch(self, events: bytes) -> None:
        """A run of whole events."""
        for data in self.chunks(events):
            self.note(data)
            if self.failure is not None:
                return

    def chunks(self, events: bytes) -> list[bytes]:
        """The JSON of each event."""
        return split_chunks(events)

    def note(self, data: bytes) -> bool:
        """One chunk; False for what cannot be read, which is passed on as it is."""
        try:
            wire = _CHUNK.decode(data)
        except UNREADABLE:
            return False
        if present(wire.error):
            self.failure = decode_stream_error(data)
            return True
        for candidate in wire.candidates or ():
            self._note(candidate)
        if present(wire.usage_metadata) and has_counts(wire.usage_metadata):
            self._usage = bytes(wire.usage_metadata)
        feedback = wire.prompt_feedback
        if feedback is not None and feedback.block_reason:
            self.finish = blocked(feedback.block_reason)
            self.ended = self.meaningful = True
        return True

    def _note(self, candidate: _Candidate) -> None:
        for part in (candidate.content.parts if candidate.content is not None else None) or ():
            if part.text == "":
                continue
            self._said = self.meaningful = True
            if part.function_call is not ABSENT:
                self._called = True
                self.said_bytes += len(part.function_call)
            elif part.text is not None:
                self.said_bytes += len(part.text)
        if candidate.finish_reason:
            self.ended = self.meaningful = True
            if candidate.index == 0:
                self.finish = finish_of(finish_word(candidate.finish_reason), calls=self._called)

    def read(self, body: bytes) -> None:
        """A whole JSON reply."""
        if not self.note(body):
            self.failure = malformed("The provider's reply cannot be read.")
            return
        if self.failure is None and not self.meaningful and not self.ended and b'"candidates"' not in body:
            self.failure = malformed("The provider's reply has no candidates.")
            return
        if self.failure is None:
            self.ended = self.terminated = self.meaningful = True


class GeminiArrayTap(GeminiTap):
    """The same for a stream that is one JSON array, whose closing bracket is its last frame."""

    __slots__ = ()

    def chunks(self, events: bytes) -> list[bytes]:
        """The JSON of each element."""
        pieces = split_elements(events)
        if pieces and not element_json(pieces[-1]):
            self.terminated = True
        return [data for piece in pieces if (data := element_json(piece))]


def tap(dialect: GeminiDialect) -> GeminiTap:
    """A tap for one reply."""
    del dialect
    return GeminiTap()


def array_tap(dialect: GeminiDialect) -> GeminiArrayTap:
    """A tap for one reply as an array."""
    del dialect
    return GeminiArrayTap()
