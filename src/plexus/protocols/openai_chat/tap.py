"""What the gateway must know of a reply that passes untouched: usage, finish, failure."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import GatewayError
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.error_body import ErrorBody, read_error
from plexus.protocols.openai_chat.errors import error_in_reply
from plexus.protocols.openai_chat.finish import decode_finish
from plexus.protocols.openai_chat.members import UNREADABLE
from plexus.protocols.openai_chat.response import groq_usage, malformed
from plexus.protocols.openai_chat.usage import decode_usage
from plexus.protocols.openai_chat.wire import DONE, Loose, Seldom
from plexus.protocols.sse import split_events


class _Said(msgspec.Struct, gc=False):
    """What a delta or a message says, as far as it must be known."""

    content: Loose = None
    reasoning_content: Loose = None
    reasoning: Loose = None
    tool_calls: Loose = None
    refusal: Loose = None
    reasoning_details: Loose = None
    function_call: Loose = None
    audio: Loose = None
    images: Loose = None


class _Choice(msgspec.Struct, gc=False):
    index: int | None = None
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: str | None = None


class _Seen(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: Loose = None
    error: Loose = None
    x_groq: Loose = None


_SEEN = msgspec.json.Decoder(_Seen)
_SELDOM = msgspec.json.Decoder(Seldom)
_PLAIN = b'data: {"'
_NOTHING = frozenset({b"", b"null", b'""'})


class ChatTap:
    """Watches a reply. Frames that cannot be read pass unnoticed: the bytes stay as they are."""

    __slots__ = (
        "_called", "_said", "_waiting", "empty", "ended", "failure", "finish", "meaningful", "terminated", "usage",
    )  # fmt: skip

    def __init__(self, dialect: ChatDialect) -> None:
        del dialect
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.meaningful = False
        self.empty = False
        self.ended = False
        self.terminated = False
        self._said = False
        self._called = False
        self._waiting: set[int] = set()
        """Choices that have begun and not finished."""

    def watch(self, events: bytes) -> None:
        """Take a run of whole SSE events."""
        if (
            events.startswith(_PLAIN) and events.find(b"\n") == len(events) - 2 and b"\r" not in events
        ):  # mostly it is one
            self._data(events[6:])
            return
        if b"\r" in events:
            self._watch_all(events)
            return
        for block in events.split(b"\n\n"):
            if block.startswith(_PLAIN) and b"\n" not in block:
                self._data(block[6:])
            elif block:
                self._watch_all(block)

    def _watch_all(self, events: bytes) -> None:
        for name, data in split_events(events):
            text = data.strip()
            if text == DONE:
                self._done()
            elif name == b"error":
                self._fail(text)
            elif text:
                self._data(text)

    def _data(self, data: bytes) -> None:
        if self.failure is not None:
            return
        try:
            seen = _SEEN.decode(data)
        except UNREADABLE:
            if b'"error"' in data and read_error(data) is not None:
                self._fail(data)
            return
        if seen.error is not None:
            self._fail(data)
            return
        if seen.choices:
            for choice in seen.choices:
                self._choice(choice)
        if seen.usage or seen.x_groq:
            self.usage = _usage(data) or self.usage
            self._judge()

    def _choice(self, choice: _Choice) -> None:
        index = choice.index or 0
        said = choice.delta
        if said is not None and self._says(said):
            self.meaningful = self._said = True
        if choice.finish_reason:
            if choice.finish_reason == "error":
                self.failure = self.failure or error_in_reply(ErrorBody())
                return
            self._waiting.discard(index)
            self.meaningful = True
            if self.finish is None and index == 0:
                self.finish = decode_finish(choice.finish_reason, called=self._called)
            self.ended = not self._waiting
            self._judge()
        elif not self.ended:
            self._waiting.add(index)

    def _says(self, said: _Said) -> bool:
        if said.content or said.reasoning_content or said.reasoning:
            return True
        if said.tool_calls or _calls(said.function_call):
            self._called = True
            return True
        return bool(said.refusal or said.reasoning_details or _sounds(said.audio) or said.images)

    def _done(self) -> None:
        if self.failure is not None:
            return
        if self.finish is None:
            self.finish = decode_finish(None, called=self._called)
        self.meaningful = self.ended = self.terminated = True
        self._judge()

    def _judge(self) -> None:
        self.empty = self.ended and not self._said and (self.usage is None or self.usage.output == 0)

    def _fail(self, data: bytes) -> None:
        self.failure = self.failure or error_in_reply(read_error(data) or ErrorBody())

    def read(self, body: bytes) -> None:
        """Take a whole JSON reply. Sets ``failure`` when it is an error or cannot be read."""
        try:
            seen = _SEEN.decode(body)
        except UNREADABLE as wrong:
            self._broken(body, str(wrong))
            return
        if not seen.choices or seen.error is not None:
            self._broken(body, "there are no choices")
            return
        self.usage = _usage(body)
        for choice in seen.choices:
            said = choice.message
            if said is not None and self._says(said):
                self._said = True
        first = seen.choices[0]
        self.finish = decode_finish(first.finish_reason, called=self._called)
        self.meaningful = self.ended = self.terminated = True
        self._judge()

    def _broken(self, body: bytes, why: str) -> None:
        document = read_error(body)
        self.failure = error_in_reply(document) if document is not None else malformed(why)


def _usage(data: bytes) -> Usage | None:
    """The counts in a chunk or a body."""
    seldom = _SELDOM.decode(data)
    return decode_usage(seldom.usage) or groq_usage(seldom.x_groq)


def _calls(call: Loose) -> bool:
    """Whether the older call says anything: Snowflake sends an empty one always."""
    return isinstance(call, dict) and any(bytes(value) not in _NOTHING for value in call.values())


def _sounds(audio: Loose) -> bool:
    """Whether there is sound or its transcript."""
    return isinstance(audio, dict) and any(
        bytes(audio.get(name, b"")) not in _NOTHING for name in ("data", "transcript")
    )
