"""The members that must differ upstream when the body is kept (lanes pass and edit)."""

from __future__ import annotations

import msgspec

from plexus.protocols import envelope
from plexus.protocols.envelope import Envelope
from plexus.protocols.members import Array, Object
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.unreadable import UNREADABLE

_ASKED = b'{"include_usage":true}'
_DEVELOPER = b'"developer"'


class _Turn(msgspec.Struct):
    role: str | None = None


_TURN = msgspec.json.Decoder(_Turn)


def edits(body: Envelope, model: str, dialect: ChatDialect) -> dict[str, bytes]:
    """The upstream model's name; for a stream whose client did not ask for usage, the wish for it; and ``system`` for the
    role of ``developer`` where that is refused. Raises ClientError for turns that are none."""
    changed: dict[str, bytes] = {}
    if body.get("model", str) != model:
        changed["model"] = msgspec.json.encode(model)
    if dialect.usage_in_stream == "when_asked" and body.get("stream", bool):
        options = body.get("stream_options", Object)
        if options is None:
            changed["stream_options"] = _ASKED
        elif bytes(options.get("include_usage", msgspec.Raw(b"false"))) != b"true":
            changed["stream_options"] = msgspec.json.encode({**options, "include_usage": True})
    if not dialect.developer_role and _DEVELOPER in body.raw and (turns := _without_developer(body)) is not None:
        changed["messages"] = turns
    return changed


def _without_developer(body: Envelope) -> bytes | None:
    """The turns with ``developer`` written ``system``, all other bytes of a turn as they were; None where there is none."""
    turns = [bytes(turn) for turn in body.get("messages", Array) or []]
    found = [index for index, turn in enumerate(turns) if _DEVELOPER in turn and _role(turn) == "developer"]
    for index in found:
        turns[index] = envelope.read(turns[index]).replace({"role": b'"system"'})
    return b"[" + b",".join(turns) + b"]" if found else None


def _role(turn: bytes) -> str | None:
    try:
        return _TURN.decode(turn).role
    except UNREADABLE:
        return None  # the provider says what is wrong with it
