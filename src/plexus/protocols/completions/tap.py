"""Watching a completion pass: usage, finish, failure, and whether something was said."""

from __future__ import annotations

import msgspec

from plexus.protocols.members import ABSENT, present
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.response import finish_of, inferred_finish
from plexus.protocols.openai_chat.usage import decode_usage
from plexus.protocols.openai_errors import decode_error_body
from plexus.protocols.simple import malformed
from plexus.protocols.sse import split_events
from plexus.protocols.tap import Noted
from plexus.protocols.unreadable import UNREADABLE


class Choice(msgspec.Struct):
    """One of ``choices``."""

    text: str | None = None
    finish_reason: str | None = None


class Body(msgspec.Struct):
    """A reply, or a chunk of one."""

    choices: list[Choice] | None = None
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


_BODY = msgspec.json.Decoder(Body)


class CompletionTap(Noted):
    """See ``protocols.codec.Tap``."""

    __slots__ = ()

    def watch(self, events: bytes) -> None:
        """A run of whole events."""
        for event in split_events(events):
            if event.data.startswith(b"[DONE]"):
                self.ended = self.terminated = self.meaningful = True
                if self.finish is None and self.said:
                    self.finish = inferred_finish(called=False)
                continue
            try:
                chunk = _BODY.decode(event.data)
            except UNREADABLE:
                continue  # passed on as it is
            if event.name == b"error" or present(chunk.error):
                self.failure = decode_error_body(bytes(chunk.error) if present(chunk.error) else event.data)
                return
            self._note(chunk)

    def read(self, body: bytes) -> None:
        """A whole JSON reply."""
        try:
            reply = _BODY.decode(body)
        except UNREADABLE as wrong:
            self.failure = malformed(str(wrong))
            return
        if present(reply.error):
            self.failure = decode_error_body(bytes(reply.error))
        elif not reply.choices:
            self.failure = malformed("choices is missing")
        else:
            self._note(reply)
            self.ended = self.terminated = self.meaningful = True

    def _note(self, body: Body) -> None:
        for choice in body.choices or ():
            if choice.text:
                self.said = self.meaningful = True
                self.said_bytes += len(choice.text)
            if choice.finish_reason:
                self.ended = self.meaningful = True
                self.finish = self.finish or finish_of(choice.finish_reason, called=False)
        if present(body.usage):
            self.usage = decode_usage(body.usage) or self.usage


def tap(dialect: ChatDialect) -> CompletionTap:
    """A tap for one reply."""
    del dialect
    return CompletionTap()
