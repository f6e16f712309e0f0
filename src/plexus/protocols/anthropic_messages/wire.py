"""The events of a stream, decoded straight from bytes: only the members that matter."""

from __future__ import annotations

import msgspec

from plexus.protocols.members import ABSENT


class Delta(msgspec.Struct):
    """``delta`` of content_block_delta and message_delta."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: msgspec.Raw = ABSENT
    stop_reason: str | None = None
    stop_sequence: str | None = None


class Event(msgspec.Struct):
    """Any event."""

    type: str = ""
    index: int = 0
    delta: Delta | None = None
    content_block: msgspec.Raw = ABSENT
    message: msgspec.Raw = ABSENT
    usage: msgspec.Raw = ABSENT


class MessageDelta(msgspec.Struct):
    """message_delta again, for the members that go on to a client of the same protocol."""

    delta: dict[str, msgspec.Raw] = {}
    context_management: msgspec.Raw = ABSENT
