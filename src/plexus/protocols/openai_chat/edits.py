"""The members that must differ upstream when the body is kept (lanes pass and edit)."""

from __future__ import annotations

import msgspec

from plexus.protocols.envelope import Envelope
from plexus.protocols.members import Object
from plexus.protocols.openai_chat.dialect import ChatDialect

_ASKED = b'{"include_usage":true}'


def edits(body: Envelope, model: str, dialect: ChatDialect) -> dict[str, bytes]:
    """The upstream model's name; and for a stream whose client did not ask for usage, the wish for it."""
    changed: dict[str, bytes] = {}
    if body.get("model", str) != model:
        changed["model"] = msgspec.json.encode(model)
    if dialect.usage_in_stream == "when_asked" and body.get("stream", bool):
        options = body.get("stream_options", Object)
        if options is None:
            changed["stream_options"] = _ASKED
        elif bytes(options.get("include_usage", msgspec.Raw(b"false"))) != b"true":
            changed["stream_options"] = msgspec.json.encode({**options, "include_usage": True})
    return changed
