"""Reads usage, finish and failure off a Messages reply in passing, as cheaply as its frames allow."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import GatewayError
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage
from plexus.protocols.anthropic_messages.errors import error_in_reply
from plexus.protocols.anthropic_messages.finish import decode_finish
from plexus.protocols.anthropic_messages.members import UNREADABLE, Members, Misfit
from plexus.protocols.anthropic_messages.response import malformed
from plexus.protocols.anthropic_messages.usage import decode_usage, merge_usage
from plexus.protocols.sse import SseEvent, split_events

_DELTA = b"event: content_block_delta"
_LF = b"\n\n"


class _Block(msgspec.Struct):
    type: str = ""


class _Seen(msgspec.Struct):
    type: str = ""
    content_block: _Block | None = None
    message: msgspec.Raw = msgspec.Raw(b"null")
    delta: msgspec.Raw = msgspec.Raw(b"null")
    usage: msgspec.Raw = msgspec.Raw(b"null")


_SEEN = msgspec.json.Decoder(_Seen)
_DELTA_BORN = frozenset({"text", "thinking"})
"""Blocks that begin empty: only their deltas say something. Every other start is content."""


class MessagesTap:
    """Watches one reply (see ``codec.Tap``)."""

    __slots__ = ("_merged", "_said", "empty", "ended", "failure", "finish", "meaningful", "terminated", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.meaningful = False
        self.empty = False
        self.ended = False
        self.terminated = False
        self._said = False
        self._merged: msgspec.Raw | None = None

    def _end(self) -> None:
        self.ended = self.meaningful = True
        self.empty = not self._said and (self.usage is None or self.usage.output == 0)

    def watch(self, events: bytes) -> None:
        """Take a run of whole SSE events. A frame that cannot be read is relayed as it is (docs/failures)."""
        if events.startswith(_DELTA) and events.find(_LF) == len(events) - 2:
            self.meaningful = self._said = True  # one delta in one chunk: the common case needs no parsing
            return
        for frame in split_events(events):
            if frame.name == b"content_block_delta":
                self.meaningful = self._said = True
            elif frame.name != b"ping":
                self._look(frame)

    def _look(self, frame: SseEvent) -> None:
        try:
            seen = _SEEN.decode(frame.data)
        except UNREADABLE:
            return
        match seen.type:
            case "content_block_delta":
                self.meaningful = self._said = True
            case "content_block_start":
                if seen.content_block is not None and seen.content_block.type not in _DELTA_BORN:
                    self.meaningful = self._said = True
            case "message_start":
                self._message_start(seen.message)
            case "message_delta":
                self._message_delta(seen)
            case "message_stop":
                self._end()
                self.terminated = True
            case _:
                self.failure = self.failure or error_in_reply(frame.data)

    def _message_start(self, message: msgspec.Raw) -> None:
        if self._merged is not None:
            return
        try:
            members = Members(message, "message")
            self._count(members.take_raw("usage"))
            self._said = self._said or bool(members.take_list("content"))
        except Misfit:
            pass

    def _message_delta(self, seen: _Seen) -> None:
        self._count(seen.usage)
        try:
            finish = decode_finish(Members(seen.delta, "delta"))
        except Misfit:
            return
        if finish is not None:
            self.finish = finish
            self._end()

    def _count(self, usage: msgspec.Raw | None) -> None:
        if usage is not None and bytes(usage) != b"null":
            self._merged = merge_usage(self._merged, usage)
            self.usage = decode_usage(self._merged) or self.usage

    def read(self, body: bytes) -> None:
        """Take a whole Message. Sets ``failure`` for an error in its place, and for what is no Message."""
        self.failure = error_in_reply(body)
        if self.failure is not None:
            return
        try:
            members = Members(body, "")
            content = members.take_list("content")
            if content is None:
                raise Misfit("content", "the member is missing")
            self.finish = decode_finish(members)
            self._count(members.take_raw("usage"))
        except Misfit as wrong:
            self.failure = malformed(wrong)
            return
        self._said = bool(content)
        self._end()
        self.terminated = True
