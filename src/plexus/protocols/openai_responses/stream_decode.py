"""Reading a streamed reply: events to events.

Items are told apart by ``output_index`` alone: some servers give every event another ``item_id``. What is only repeated
(``*.done``) is read where the pieces were left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from plexus.canonical.errors import ClientError
from plexus.canonical.events import (
    FinishSeen,
    OpaqueEvent,
    ReplyEnd,
    ReplyStart,
    StreamEvent,
    UsageSeen,
)
from plexus.protocols.event_decoder import MAX_BLOCKS, EventDecoder, endless
from plexus.protocols.members import Members, Object, present
from plexus.protocols.openai_errors import decode_error_body
from plexus.protocols.openai_responses.content import PROTOCOL
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.echo import decode_extras, decode_finish
from plexus.protocols.openai_responses.stream_items import Counter, StreamedItem, open_item
from plexus.protocols.openai_responses.usage import decode_usage
from plexus.protocols.openai_responses.wire import Event, ReplyHead
from plexus.protocols.sse import SseDecoder, SseEvent
from plexus.protocols.unreadable import UNREADABLE

_EVENT = msgspec.json.Decoder(Event)
_HEAD = msgspec.json.Decoder(ReplyHead)
_OBJECT = msgspec.json.Decoder(Object)
DONE = b"[DONE]"
PREFIX = "response."


def stream_decoder(dialect: ResponsesDialect) -> ResponsesStreamDecoder:
    """A decoder for one reply."""
    del dialect
    return ResponsesStreamDecoder()


class ResponsesStreamDecoder(EventDecoder[SseEvent]):
    """See ``protocols.codec.StreamDecoder``."""

    def __init__(self) -> None:
        super().__init__(SseDecoder())
        self._items: dict[int, StreamedItem] = {}
        self._counter = Counter()
        self._started = False

    def _decode(self, events: list[SseEvent]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for event in events:
            if self._ended:
                break
            if event.data.startswith(DONE):
                self._end_early(out)
                break
            try:
                wire = _EVENT.decode(event.data)
                kind = wire.type or (event.name or b"").decode("utf-8", "replace")
                self._event(kind, wire, event.data, out)
                if len(self._items) > MAX_BLOCKS and not self._ended:
                    out += self._fail(endless("number of items"))
            except (ClientError, *UNREADABLE):
                out += self._skip(event.data)
        return out

    def _event(self, kind: str, wire: Event, data: bytes, out: list[StreamEvent]) -> None:
        if kind in STARTS:
            self._start(_reply(wire, data), out)
        elif kind in ENDS:
            self._end(_reply(wire, data), out)
        elif kind == "response.failed":
            self._failed(_reply(wire, data), out)
        elif kind == "error" or (not kind and present(wire.error)):
            out += self._fail(decode_error_body(bytes(wire.error) if present(wire.error) else data))
        elif kind == "response.output_item.added":
            self._added(wire, out)
        elif kind == "response.output_item.done":
            self._item_done(wire, out)
        elif kind.startswith(PREFIX):
            self._piece(kind, wire, data, out)

    # --- the reply

    def _start(self, raw: msgspec.Raw, out: list[StreamEvent]) -> None:
        if self._started:
            return
        self._started = True
        head = _HEAD.decode(raw)
        out.append(
            ReplyStart(
                id=head.id or "",
                model=head.model or "",
                created=int(head.created_at) if head.created_at else None,
                service_tier=head.service_tier,
                extras=decode_extras(Members(_OBJECT.decode(raw))),
            )
        )

    def _start_late(self, out: list[StreamEvent]) -> None:
        """An item without a ``response.created`` before it."""
        if not self._started:
            self._started = True
            out.append(ReplyStart(id="", model=""))

    def _end(self, raw: msgspec.Raw, out: list[StreamEvent]) -> None:
        self._start(raw, out)
        head = _HEAD.decode(raw)
        for index, item in enumerate(head.output or ()):
            self._last_form(index, msgspec.Raw(bytes(item)), out)
        self._close_all(out)
        if present(head.usage) and (counts := decode_usage(head.usage)) is not None:
            out.append(UsageSeen(counts))
        reply = Members(_OBJECT.decode(raw))
        details = reply.take_members("incomplete_details")
        reason = details.take("reason", str) if details is not None else None
        out.append(FinishSeen(decode_finish(head.status, reason, called=self._counter.called)))
        out.append(ReplyEnd(service_tier=head.service_tier, extras=decode_extras(reply)))
        self._ended = True

    def _end_early(self, out: list[StreamEvent]) -> None:
        """``[DONE]`` without a terminal event before it: complete, but nobody said why it ended."""
        if self._items:
            self._close_all(out)
            out.append(FinishSeen(decode_finish(None, None, called=self._counter.called)))
            out.append(ReplyEnd())
            self._ended = True

    def _failed(self, raw: msgspec.Raw, out: list[StreamEvent]) -> None:
        head = _HEAD.decode(raw)
        if present(head.usage) and (counts := decode_usage(head.usage)) is not None:
            out.append(UsageSeen(counts))
        out += self._fail(decode_error_body(bytes(head.error) if present(head.error) else b"{}"))

    # --- items

    def _added(self, wire: Event, out: list[StreamEvent]) -> None:
        self._start_late(out)
        if wire.output_index in self._items or not present(wire.item):
            return
        item = open_item(msgspec.Raw(bytes(wire.item)), self._counter)
        self._items[wire.output_index] = item
        item.begin(out)

    def _item_done(self, wire: Event, out: list[StreamEvent]) -> None:
        if not present(wire.item):
            return
        self._start_late(out)
        raw = msgspec.Raw(bytes(wire.item))
        item = self._items.get(wire.output_index)
        if item is None:
            self._whole(wire.output_index, raw, out)
        else:
            item.done(raw, out)

    def _whole(self, index: int, raw: msgspec.Raw, out: list[StreamEvent]) -> None:
        """An item that comes in one piece."""
        item = self._items[index] = open_item(msgspec.Raw(bytes(raw)), self._counter)
        item.begin(out)
        item.done(msgspec.Raw(bytes(raw)), out)

    def _last_form(self, index: int, raw: msgspec.Raw, out: list[StreamEvent]) -> None:
        """An item of the whole reply at the end: for servers that never completed it, or never sent anything of it."""
        item = self._items.get(index)
        if item is not None and not item.finished:
            item.done(raw, out)
        elif item is None and (not self._items or index > max(self._items)):
            self._whole(index, raw, out)

    def _piece(self, kind: str, wire: Event, data: bytes, out: list[StreamEvent]) -> None:
        item = self._items.get(wire.output_index)
        if item is None:
            opened = IMPLIED.get(kind)
            if opened is None:
                return
            self._start_late(out)
            item = self._items[wire.output_index] = open_item(msgspec.Raw(opened), self._counter)
            item.begin(out)
        if not item.piece(kind.removeprefix(PREFIX), wire, out):
            out.append(OpaqueEvent(origin=PROTOCOL, kind=kind, raw=msgspec.Raw(data)))

    def _close_all(self, out: list[StreamEvent]) -> None:
        for index in sorted(self._items):
            self._items[index].close(out)


def _reply(wire: Event, data: bytes) -> msgspec.Raw:
    """The response object of a lifecycle event; some servers send it without the wrapper."""
    return wire.response if present(wire.response) else msgspec.Raw(data)


STARTS = frozenset({"response.created", "response.queued", "response.in_progress"})
ENDS = frozenset({"response.completed", "response.incomplete", "response.cancelled"})
MESSAGE = b'{"type":"message","role":"assistant","status":"completed"}'
REASONING = b'{"type":"reasoning"}'
IMPLIED: Mapping[str, bytes] = {
    "response.output_text.delta": MESSAGE,
    "response.output_text.done": MESSAGE,
    "response.refusal.delta": MESSAGE,
    "response.refusal.done": MESSAGE,
    "response.reasoning_text.delta": REASONING,
    "response.reasoning_summary_part.added": REASONING,
    "response.reasoning_summary_text.delta": REASONING,
}
"""The item behind a piece that was never announced."""
