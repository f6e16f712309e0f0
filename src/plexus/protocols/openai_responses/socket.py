"""Responses over a WebSocket: the client's messages read, ours written, and what a connection must know of a reply.

A message of ours is the JSON of one streamed event. ``stream_id`` names a lane: replies of one lane follow each other, lanes
run side by side (https://developers.openai.com/api/docs/guides/websocket-mode).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from plexus.canonical.errors import bad_request
from plexus.protocols import envelope
from plexus.protocols.envelope import Envelope
from plexus.protocols.sse import SseEvent
from plexus.protocols.unreadable import UNREADABLE

CREATE = "response.create"
SILENT = frozenset({"response.processed"})
"""What a client tells and wants no answer to (Codex)."""
TRANSPORT = frozenset({"type", "event_id", "stream_id", "generate", "stream", "background"})
"""Members of a message that are none of a request's body."""

_LANE = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_encode = msgspec.json.Encoder().encode


class Create(msgspec.Struct, frozen=True):
    """One ``response.create``. ``body`` is what ``POST /v1/responses`` would take, streamed."""

    body: Envelope
    generate: bool = True
    """False for a prewarm: remember the input, answer with nothing."""


def read_lane(message: Envelope) -> str | None:
    """The lane of a message; None for the one without a name. Raises ClientError for a name that cannot be one."""
    raw = message.members.get("stream_id")
    if raw is None or bytes(raw) == b"null":
        return None
    try:
        lane = msgspec.json.decode(raw, type=str)
    except msgspec.ValidationError:
        lane = ""
    if _LANE.fullmatch(lane) is None:
        raise bad_request(
            "The 'stream_id' field must be a non-empty string with at most 256 characters and may only contain letters, "
            "numbers, underscores, hyphens, and periods.",
            param="stream_id",
            code="invalid_stream_id",
        )
    return lane


def read_create(message: Envelope) -> Create | None:
    """The reply that a message asks for; None where it asks for none. Raises ClientError for any other message."""
    kind = message.get("type", str)
    if kind in SILENT:
        return None
    if kind != CREATE:
        raise bad_request(
            f"Messages of type {kind!r} are not known here. Send {CREATE!r}.", param="type", code="unknown_event_type"
        )
    if message.get("background", bool):
        raise bad_request(
            "A reply over a WebSocket cannot run in the background. Leave background out, or use POST /v1/responses.",
            param="background",
        )
    generate = message.get("generate", bool)
    body = envelope.read(message.remove(TRANSPORT).replace({"stream": b"true"}))
    return Create(body, generate is not False)


def with_any_input(body: Envelope) -> Envelope:
    """A prewarm's body as a request that could be served: its input may be empty."""
    raw = body.members.get("input")
    empty = raw is None or bytes(raw) in (b"null", b"[]")
    return envelope.read(body.replace({"input": b'""'})) if empty else body


# --- history


class _Thought(msgspec.Struct):
    type: str = ""
    encrypted_content: str | None = None
    content: list[msgspec.Raw] | None = None


_THOUGHT = msgspec.json.Decoder(_Thought)


def opens_anywhere(item: bytes) -> bool:
    """Whether an item may be sent to a provider that keeps nothing: a thought that it sent only as an id is no more than a name
    to it."""
    if b'"reasoning"' not in item:
        return True
    try:
        thought = _THOUGHT.decode(item)
    except UNREADABLE:
        return True  # whatever it is, whoever reads the request will say
    return thought.type != "reasoning" or bool(thought.encrypted_content or thought.content)


# --- replies


def event_message(event: SseEvent, lane: str | None) -> bytes:
    """A streamed event as a message."""
    data = event.data
    if event.name == b"error":
        return _nested(data, lane)
    if lane is None or data[-1:] != b"}":
        return data
    return data[:-1] + b',"stream_id":"%b"}' % lane.encode()


def error_message(status: int, body: bytes, fields: Mapping[str, str], lane: str | None) -> bytes:
    """An error reply (its status, its JSON body and its headers) as a message."""
    error = msgspec.json.decode(body, type=dict[str, msgspec.Raw])["error"]
    message: dict[str, object] = {"type": "error", "status": status, "error": error}
    if fields:
        message["headers"] = fields
    if lane is not None:
        message["stream_id"] = lane
    return _encode(message)


def _nested(data: bytes, lane: str | None) -> bytes:
    """The flat ``error`` event of a stream in the form that it has on a socket."""
    flat = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    if "error" not in flat:
        error = {name: flat[name] for name in ("code", "message", "param") if name in flat}
        flat = {"type": msgspec.Raw(b'"error"'), "error": msgspec.Raw(_encode({"type": "server_error", **error}))}
    if lane is not None:
        flat["stream_id"] = msgspec.Raw(_encode(lane))
    return _encode(flat)
