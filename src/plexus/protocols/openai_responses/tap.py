"""Watching a reply pass: usage, finish, failure, and whether something was said. Deltas are told by their names alone."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ProviderError
from plexus.protocols.members import ABSENT, present
from plexus.protocols.openai_errors import decode_error_body
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.echo import RUNNING, decode_finish
from plexus.protocols.openai_responses.response import decode_response
from plexus.protocols.openai_responses.stream_decode import DONE, ENDS, STARTS
from plexus.protocols.openai_responses.usage import decode_usage
from plexus.protocols.sse import SseEvent, split_events
from plexus.protocols.tap import Noted
from plexus.protocols.unreadable import UNREADABLE


class _Type(msgspec.Struct):
    type: str = ""


class _Item(msgspec.Struct):
    item: _Type | None = None


class _Details(msgspec.Struct):
    reason: str | None = None


class _Reply(msgspec.Struct):
    """A response object as far as the tap needs it."""

    output: list[_Type] | None = None
    status: str | None = None
    incomplete_details: _Details | None = None
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


class _Wrapped(msgspec.Struct):
    response: _Reply | None = None


class _Error(msgspec.Struct):
    error: msgspec.Raw = ABSENT


_TYPE = msgspec.json.Decoder(_Type)
_ITEM = msgspec.json.Decoder(_Item)
_REPLY = msgspec.json.Decoder(_Reply)
_WRAPPED = msgspec.json.Decoder(_Wrapped)
_ERROR = msgspec.json.Decoder(_Error)

DELTA = b'"delta":"'
PIECEMEAL = frozenset({"message", "reasoning"})
"""Items whose announcement says nothing yet."""
CALLS = frozenset({"function_call", "custom_tool_call"})


class ResponsesTap(Noted):
    """See ``protocols.codec.Tap``."""

    __slots__ = ()

    def watch(self, events: bytes) -> None:
        """A run of whole events."""
        for event in split_events(events):
            if self.terminated:
                return
            if event.name is not None and event.name.endswith(b".delta"):
                self._say(event.data)
                continue
            try:
                self._note(event)
            except UNREADABLE:
                continue  # passed on as it is
            if self.failure is not None:
                return

    def _note(self, event: SseEvent) -> None:
        data = event.data
        if data.startswith(DONE):
            self.ended = self.terminated = self.meaningful = True
            return
        kind = _TYPE.decode(data).type or (event.name or b"").decode("utf-8", "replace")
        if kind.endswith(".delta"):
            self._say(data)
        elif kind in ("response.output_item.added", "response.output_item.done"):
            self._note_item(_ITEM.decode(data), done=kind.endswith("done"))
        elif kind in ENDS:
            self._note_reply(_WRAPPED.decode(data).response or _REPLY.decode(data))
            self.terminated = True
        elif kind == "response.failed":
            reply = _WRAPPED.decode(data).response or _REPLY.decode(data)
            self.usage = decode_usage(reply.usage) if present(reply.usage) else self.usage
            self.failure = decode_error_body(bytes(reply.error) if present(reply.error) else b"{}")
        elif kind == "error" or (kind not in STARTS and not kind):
            self._note_error(data, kind)

    def _say(self, data: bytes) -> None:
        self.said = self.meaningful = True
        start = data.find(DELTA) + len(DELTA)
        if start >= len(DELTA):
            self.said_bytes += data.find(b'"', start) - start

    def _note_item(self, wire: _Item, *, done: bool) -> None:
        kind = wire.item.type if wire.item is not None else ""
        self.called = self.called or kind in CALLS
        if done or kind not in PIECEMEAL:
            self.said = self.meaningful = True

    def _note_error(self, data: bytes, kind: str) -> None:
        error = _ERROR.decode(data).error
        if kind or present(error):
            self.failure = decode_error_body(bytes(error) if present(error) else data)

    def _note_reply(self, reply: _Reply) -> None:
        output = reply.output or []
        called = self.called or any(item.type in CALLS for item in output)
        reason = reply.incomplete_details.reason if reply.incomplete_details is not None else None
        self.said = self.said or bool(output) or reply.status in RUNNING
        self.finish = decode_finish(reply.status, reason, called=called)
        if present(reply.usage):
            self.usage = decode_usage(reply.usage)
        self.ended = self.meaningful = True

    def read(self, body: bytes) -> None:
        """A whole JSON reply. One that goes on in the background is not empty: it has only not been said yet."""
        try:
            reply = _REPLY.decode(body)
        except UNREADABLE:
            reply = None
        if reply is None or present(reply.error) or reply.output is None or reply.status == "failed":
            try:
                decode_response(body, ResponsesDialect())
            except ProviderError as wrong:
                self.failure = wrong
            return
        self._note_reply(reply)
        self.terminated = True


def tap(dialect: ResponsesDialect) -> ResponsesTap:
    """A tap for one reply."""
    del dialect
    return ResponsesTap()
