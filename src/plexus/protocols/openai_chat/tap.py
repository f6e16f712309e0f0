"""Watching a reply pass: usage, finish, failure, and whether something was said. About a microsecond a chunk."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ProviderError
from plexus.protocols.members import ABSENT, present
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.errors import decode_error_body
from plexus.protocols.openai_chat.response import decode_response, finish_of, inferred_finish, malformed
from plexus.protocols.openai_chat.usage import decode_usage
from plexus.protocols.openai_chat.wire import Chunk, Delta
from plexus.protocols.sse import split_events
from plexus.protocols.tap import Noted
from plexus.protocols.unreadable import UNREADABLE

_DECODER = msgspec.json.Decoder(Chunk)
_NAMES_USAGE = b'"usage"'


class _Reply(msgspec.Struct):
    """A JSON reply as far as the fast path needs it."""

    choices: list[_ReplyChoice]
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


class _ReplyMessage(msgspec.Struct):
    content: msgspec.Raw = ABSENT
    refusal: str | None = None
    tool_calls: list[msgspec.Raw] | None = None
    function_call: msgspec.Raw = ABSENT
    audio: msgspec.Raw = ABSENT
    reasoning_content: str | None = None
    reasoning: msgspec.Raw = ABSENT

    def says(self) -> bool:
        return bool(
            _says(self.content)
            or self.tool_calls
            or self.refusal
            or self.reasoning_content
            or _says(self.reasoning)
            or _says(self.function_call)
            or _says(self.audio)
        )


_NOTHING = tuple(msgspec.Raw(raw) for raw in (b"null", b'""', b"[]"))


def _says(raw: msgspec.Raw) -> bool:
    return raw is not ABSENT and raw not in _NOTHING


class _ReplyChoice(msgspec.Struct):
    message: _ReplyMessage
    finish_reason: str | None = None


_REPLY = msgspec.json.Decoder(_Reply)


class ChatTap(Noted):
    """See ``protocols.codec.Tap``."""

    __slots__ = ()

    def watch(self, events: bytes) -> None:
        """A run of whole events."""
        for event in split_events(events):
            data = event.data
            if data.startswith(b"[DONE]"):
                self.ended = self.terminated = self.meaningful = True
                if self.finish is None and self.said:
                    self.finish = inferred_finish(called=self.called)
                continue
            try:
                chunk = _DECODER.decode(data)
            except UNREADABLE:
                continue  # passed on as it is: what it means is between provider and client
            if event.name == b"error" or present(chunk.error):
                self.failure = decode_error_body(bytes(chunk.error) if present(chunk.error) else data)
                return
            self._note(chunk)

    def _note(self, chunk: Chunk) -> None:
        for choice in chunk.choices or ():
            delta = choice.delta
            if delta is not None and (
                delta.content
                or delta.tool_calls
                or delta.reasoning_content
                or delta.reasoning
                or delta.refusal
                or delta.reasoning_details
                or delta.function_call is not None
                or delta.audio is not None
            ):
                self.meaningful = self.said = True
                self.said_bytes += said_bytes(delta)
                self.called = self.called or bool(delta.tool_calls) or delta.function_call is not None
            if choice.finish_reason:
                self.ended = self.meaningful = True
                if self.finish is None:
                    self.finish = finish_of(choice.finish_reason, called=self.called)
        raw = chunk.usage if chunk.x_groq is None or present(chunk.usage) else chunk.x_groq.usage
        if present(raw):
            self.usage = decode_usage(raw) or self.usage

    def read(self, body: bytes) -> None:
        """A whole JSON reply."""
        try:
            reply = _REPLY.decode(body)
        except UNREADABLE:
            self._read_strange(body)
            return
        if present(reply.error):
            self.failure = decode_error_body(bytes(reply.error))
            return
        if not reply.choices:
            self.failure = malformed("The provider's reply has no choices.")
            return
        self.said = any(choice.message.says() for choice in reply.choices)
        first = reply.choices[0]
        if first.finish_reason:
            self.finish = finish_of(first.finish_reason, called=bool(first.message.tool_calls))
        if present(reply.usage):
            self.usage = decode_usage(reply.usage)
        self.ended = self.terminated = self.meaningful = True

    def _read_strange(self, body: bytes) -> None:
        """Not the usual shape: the full decoder knows more of them, and says what is wrong."""
        try:
            response = decode_response(body, ChatDialect())
        except ProviderError as wrong:
            self.failure = wrong
            return
        self.said = any(candidate.blocks for candidate in response.candidates)
        self.usage = response.usage
        self.finish = response.candidates[0].finish
        self.ended = self.terminated = self.meaningful = True


def said_bytes(delta: Delta) -> int:
    """How much a delta says, roughly: characters of its text, reasoning, refusal and arguments."""
    content = delta.content
    if isinstance(content, str) and content:
        return len(content)
    calls = sum(
        len(part.text()) for call in delta.tool_calls or () if (part := call.function or call.custom) is not None
    )
    words = (delta.reasoning_content or delta.reasoning, delta.refusal)
    return calls + sum(len(word) for word in words if word) + (len(str(content)) if content else 0)


def tap(dialect: ChatDialect) -> ChatTap:
    """A tap for one reply."""
    del dialect
    return ChatTap()


class _Trailer(msgspec.Struct):
    choices: list[msgspec.Raw] | None = None
    usage: msgspec.Raw = ABSENT


_TRAILER = msgspec.json.Decoder(_Trailer)


def withholds(event: bytes) -> bool:
    """Whether an event is the chunk of usage that we asked for: no choices, and a usage."""
    if _NAMES_USAGE not in event or b'"choices":[{' in event:
        return False
    for each in split_events(event):
        try:
            trailer = _TRAILER.decode(each.data)
        except UNREADABLE:
            return False
        return not trailer.choices and present(trailer.usage)
    return False
