"""Watching a reply pass: usage, finish, failure, and whether something was said."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import GatewayError, ProviderError
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.errors import decode_stream_error
from plexus.protocols.anthropic_messages.response import decode_response, finish_of
from plexus.protocols.anthropic_messages.usage import decode_usage, merge_usage
from plexus.protocols.anthropic_messages.wire import Event
from plexus.protocols.members import ABSENT, present
from plexus.protocols.sse import split_events
from plexus.protocols.unreadable import UNREADABLE

_EVENT = msgspec.json.Decoder(Event)


class _Message(msgspec.Struct):
    usage: msgspec.Raw = ABSENT


class _BlockType(msgspec.Struct):
    type: str = ""


class _Reply(msgspec.Struct):
    """A JSON reply as far as the fast path needs it."""

    content: list[msgspec.Raw]
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


_MESSAGE = msgspec.json.Decoder(_Message)
_BLOCK = msgspec.json.Decoder(_BlockType)
_REPLY = msgspec.json.Decoder(_Reply)
DELTA_FRAME = len('{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}')
"""Bytes of a delta that says nothing."""
PIECEMEAL = frozenset({"text", "thinking"})
"""Blocks whose start says nothing yet."""


class MessagesTap:
    """See ``protocols.codec.Tap``."""

    __slots__ = ("_said", "_usage", "ended", "failure", "finish", "meaningful", "said_bytes", "terminated")

    def __init__(self) -> None:
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.meaningful = False
        self.ended = False
        self.terminated = False
        self.said_bytes = 0
        self._said = False
        self._usage = b""

    @property
    def usage(self) -> Usage | None:
        """The counts so far; read off when asked, not for each event."""
        return decode_usage(self._usage) if self._usage else None

    @property
    def empty(self) -> bool:
        """A proper end, and nothing was said."""
        if not self.ended or self._said:
            return False
        counts = self.usage
        return counts is None or counts.output == 0

    def watch(self, events: bytes) -> None:
        """A run of whole events."""
        for event in split_events(events):
            if self.terminated:
                return
            if event.name == b"content_block_delta":
                self.said_bytes += max(0, len(event.data) - DELTA_FRAME)
                if self._said:
                    self.meaningful = True
                    continue
                self._said = True
            elif event.name in (b"ping", b"content_block_stop"):
                continue
            try:
                self._note(_EVENT.decode(event.data), event.data)
            except UNREADABLE:
                continue  # passed on as it is
            if self.failure is not None:
                return

    def _note(self, wire: Event, data: bytes) -> None:
        kind = wire.type
        if kind == "content_block_delta":
            self._said = self.meaningful = True
        elif kind == "content_block_start" and present(wire.content_block):
            if _BLOCK.decode(wire.content_block).type not in PIECEMEAL:
                self._said = self.meaningful = True
        elif kind == "message_start" and present(wire.message) and not self._usage:
            usage = _MESSAGE.decode(wire.message).usage
            self._usage = bytes(usage) if present(usage) else b""
        elif kind == "message_delta":
            self._note_delta(wire)
        elif kind == "message_stop":
            self.ended = self.terminated = self.meaningful = True
        elif kind == "error":
            self.failure = decode_stream_error(data)

    def _note_delta(self, wire: Event) -> None:
        if present(wire.usage):
            self._usage = merge_usage(self._usage, bytes(wire.usage))
        if wire.delta is not None and wire.delta.stop_reason:
            self.finish = self.finish or finish_of(wire.delta.stop_reason, wire.delta.stop_sequence)
            self.ended = self.meaningful = True

    def read(self, body: bytes) -> None:
        """A whole JSON reply."""
        try:
            reply = _REPLY.decode(body)
        except UNREADABLE:
            reply = None
        if reply is None or present(reply.error):
            self._read_strange(body)
            return
        self._usage = bytes(reply.usage) if present(reply.usage) else b""
        if reply.stop_reason:
            self.finish = finish_of(reply.stop_reason, reply.stop_sequence)
        self._said = bool(reply.content)
        self.ended = self.terminated = self.meaningful = True

    def _read_strange(self, body: bytes) -> None:
        """Not the usual shape: the full decoder knows more of them, and says what is wrong."""
        try:
            response = decode_response(body, MessagesDialect())
        except ProviderError as wrong:
            self.failure = wrong
            return
        (candidate,) = response.candidates
        self._said = bool(candidate.blocks)
        self._usage = (response.usage.raw or "").encode() if response.usage is not None else b""
        self.finish = candidate.finish
        self.ended = self.terminated = self.meaningful = True


def tap(dialect: MessagesDialect) -> MessagesTap:
    """A tap for one reply."""
    del dialect
    return MessagesTap()
