"""Errors of Messages: reading a provider's, writing ours (docs/failures section 2).

https://docs.claude.com/en/api/errors
"""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.codec import ErrorReply
from plexus.protocols.faults import error_fields, is_html, kind_of_status, retry_after, should_retry, shown_status
from plexus.protocols.sse import encode_event
from plexus.protocols.unreadable import UNREADABLE

K = ErrorKind


class WireError(msgspec.Struct):
    """The ``error`` object."""

    type: str | None = None
    message: str | None = None


class WireReply(msgspec.Struct):
    """The error reply, and the ``data`` of an ``error`` event."""

    error: WireError | str | None = None
    message: str | None = None


TYPE_KINDS: dict[str, ErrorKind] = {
    "authentication_error": K.UPSTREAM_AUTH,
    "permission_error": K.UPSTREAM_AUTH,
    "billing_error": K.UPSTREAM_BILLING,
    "request_too_large": K.BODY_TOO_LARGE,
    "rate_limit_error": K.RATE_LIMIT,
    "api_error": K.UPSTREAM_ERROR,
    "overloaded_error": K.OVERLOADED,
    "timeout_error": K.UPSTREAM_GATEWAY,
    "invalid_request_error": K.BAD_REQUEST,
}
TYPE_STATUSES: dict[str, int] = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504,
    "overloaded_error": 529,
}  # fmt: skip
"""The status of a type, for errors that come inside a 200 stream."""

# Anthropic has no typed code for these two; the words are the only sign (the short list of docs/failures section 1.7).
TOO_LONG = "prompt is too long"
UNKNOWN_MODEL = "model"
LOW_CREDIT = "credit balance is too low"


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """A provider's failure, by its type, else by its status."""
    error = _read(body)
    message = error.message or f"The provider answered {status}."
    return ProviderError(
        _kind(status, error, body),
        message,
        code=error.type,
        status=status,
        retry_after=retry_after(headers),
        should_retry=should_retry(headers),
    )


def decode_stream_error(data: bytes) -> GatewayError:
    """An ``error`` event: as the status that its type stands for."""
    error = _read(data)
    return decode_error(TYPE_STATUSES.get(error.type or "", 500), Headers(), data)


def _read(body: bytes) -> WireError:
    try:
        wire = msgspec.json.decode(body, type=WireReply)
    except UNREADABLE:
        return WireError()
    if isinstance(wire.error, str):
        return WireError(message=wire.error)
    return wire.error or WireError(message=wire.message)


def _kind(status: int, error: WireError, body: bytes) -> ErrorKind:
    message = error.message or ""
    if error.type is None and error.message is None and is_html(body) and status < 500 and status not in (404, 405):
        return K.UPSTREAM_FOREIGN
    if error.type == "invalid_request_error" and TOO_LONG in message:
        return K.CONTEXT_LENGTH
    if error.type == "invalid_request_error" and LOW_CREDIT in message:
        return K.UPSTREAM_BILLING
    if error.type == "not_found_error":
        return K.UPSTREAM_MODEL_UNKNOWN if UNKNOWN_MODEL in message else K.NOT_FOUND
    return TYPE_KINDS.get(error.type or "") or kind_of_status(status)


SHOWN: dict[ErrorKind, str] = {
    K.KEY_INVALID: "authentication_error",
    K.KEY_FORBIDDEN: "permission_error",
    K.MODEL_UNKNOWN: "not_found_error",
    K.NOT_FOUND: "not_found_error",
    K.BODY_TOO_LARGE: "request_too_large",
    K.RATE_LIMIT: "rate_limit_error",
    K.QUOTA_EXCEEDED: "rate_limit_error",
}
STATUS_TYPES: dict[int, str] = {
    400: "invalid_request_error", 405: "invalid_request_error", 503: "overloaded_error", 504: "timeout_error",
}  # fmt: skip
OVERLOADED = 529
"""Anthropic's status for what others call 503."""


def error_type(kind: ErrorKind) -> str:
    """Anthropic's word for a kind."""
    return SHOWN.get(kind) or STATUS_TYPES.get(shown_status(kind), "api_error")


def encode_error(error: GatewayError, request_id: str) -> ErrorReply:
    """The reply before the commit."""
    status = shown_status(error.kind)
    status = OVERLOADED if status == 503 else status
    body = {
        "type": "error",
        "error": {"type": error_type(error.kind), "message": error.message},
        "request_id": request_id,
    }
    return ErrorReply(status, msgspec.json.encode(body), error_fields(error, (b"request-id", request_id.encode())))


def encode_stream_error(error: GatewayError, passed: bytes) -> bytes:
    """The terminal frame after the commit. Open blocks are not closed, and what has ``passed`` is not repeated."""
    del passed
    body = {"type": "error", "error": {"type": error_type(error.kind), "message": error.message}}
    return encode_event(msgspec.json.encode(body), b"error")
