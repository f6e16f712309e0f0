"""What must differ upstream although the protocol is the same on both sides: the model, and that usage is asked for."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.protocols.envelope import Envelope
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.members import ABSENT, OBJECT, UNREADABLE, is_null, read_as
from plexus.protocols.sse import split_events


def edits(envelope: Envelope, model: str, dialect: ChatDialect) -> dict[str, bytes]:
    """The members to replace, as JSON; {} where the body can go as it is. Raises ClientError for a wrong type."""
    changed: dict[str, bytes] = {}
    if envelope.get("model", str) != model:
        changed["model"] = msgspec.json.encode(model)
    if dialect.usage_in_stream == "when_asked" and envelope.get("stream", bool):
        options = _with_usage(envelope.members.get("stream_options"))
        if options is not None:
            changed["stream_options"] = options
    return changed


def _with_usage(raw: msgspec.Raw | None) -> bytes | None:
    """The stream options with usage asked for; None where it is asked for already, or where they are no object."""
    if raw is None or is_null(raw):
        return b'{"include_usage":true}'
    try:
        options: dict[str, Any] = OBJECT.decode(raw)
    except UNREADABLE:
        return None  # the provider's own complaint tells the client best
    if read_as(options.get("include_usage", b"null"), bool):
        return None
    return msgspec.json.encode({**options, "include_usage": True})


class _Chunk(msgspec.Struct):
    choices: list[msgspec.Raw] | None = None
    usage: msgspec.Raw = ABSENT


def withholds(event: bytes) -> bool:
    """Whether one whole SSE event is the usage chunk that only ``edits`` asked for: a usage and no choice."""
    if b'"usage"' not in event:
        return False
    for _, data in split_events(event):
        chunk = read_as(data, _Chunk)
        if chunk is not None and not chunk.choices and not is_null(chunk.usage):
            return True
    return False
