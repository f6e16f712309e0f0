"""Failures, both ways: Anthropic's error types and ours (https://docs.anthropic.com/en/api/errors)."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Field, Headers
from plexus.protocols.anthropic_messages.members import UNREADABLE
from plexus.protocols.anthropic_messages.wire import ErrorBody
from plexus.protocols.codec import ErrorReply
from plexus.protocols.sse import encode_event

K = ErrorKind

# --- what a client is told

_INVALID, _API = (400, "invalid_request_error"), (502, "api_error")
_TIMEOUT, _OVERLOADED = (504, "timeout_error"), (529, "overloaded_error")

TOLD: dict[ErrorKind, tuple[int, str]] = {
    K.BAD_REQUEST: _INVALID,
    K.CONTEXT_LENGTH: _INVALID,
    K.CONTENT_REJECTED: _INVALID,
    K.LOSS_REFUSED: _INVALID,
    K.KEY_INVALID: (401, "authentication_error"),
    K.KEY_FORBIDDEN: (403, "permission_error"),
    K.MODEL_UNKNOWN: (404, "not_found_error"),
    K.NOT_FOUND: (404, "not_found_error"),
    K.METHOD_NOT_ALLOWED: (405, "invalid_request_error"),
    K.BODY_TOO_LARGE: (413, "request_too_large"),
    K.QUOTA_EXCEEDED: (429, "rate_limit_error"),
    K.RATE_LIMIT: (429, "rate_limit_error"),
    K.OVERLOADED: _OVERLOADED,
    K.UNAVAILABLE: _OVERLOADED,
    K.SHUTTING_DOWN: _OVERLOADED,
    K.CONNECT_TIMEOUT: _TIMEOUT,
    K.FIRST_BYTE_TIMEOUT: _TIMEOUT,
    K.FIRST_TOKEN_TIMEOUT: _TIMEOUT,
    K.STALL_TIMEOUT: _TIMEOUT,
    K.DEADLINE: _TIMEOUT,
    K.CLIENT_GONE: (499, "api_error"),
    K.INTERNAL: (500, "api_error"),
}
"""(status, ``error.type``) of each kind (docs/failures section 2); whatever is not here is a broken provider: 502."""


def _told(error: GatewayError) -> tuple[int, str]:
    if error.kind in (K.UPSTREAM_GATEWAY, K.UPSTREAM_CONFLICT) and (
        error.status in (408, 504) or error.code == "timeout_error"
    ):
        return _TIMEOUT
    return TOLD.get(error.kind, _API)


def encode_error(error: GatewayError, request_id: str) -> ErrorReply:
    """The reply before the commit."""
    status, kind = _told(error)
    body = {"type": "error", "error": {"type": kind, "message": error.message}, "request_id": request_id}
    fields: list[Field] = []
    if error.retry_after is not None and status in (429, 503, 529):
        fields.append((b"retry-after", str(max(math.ceil(error.retry_after), 1)).encode()))
    return ErrorReply(status, msgspec.json.encode(body), tuple(fields))


def encode_stream_error(error: GatewayError) -> bytes:
    """The terminal frame after the commit. Open blocks stay open: a closed one would look finished."""
    _, kind = _told(error)
    body = {"type": "error", "error": {"type": kind, "message": error.message}}
    return encode_event(msgspec.json.encode(body), b"error")


# --- what a provider says

_BY_TYPE: dict[str, ErrorKind] = {
    "authentication_error": K.UPSTREAM_AUTH,
    "billing_error": K.UPSTREAM_BILLING,
    "permission_error": K.UPSTREAM_FORBIDDEN,
    "request_too_large": K.BODY_TOO_LARGE,
    "rate_limit_error": K.RATE_LIMIT,
    "api_error": K.UPSTREAM_ERROR,
    "overloaded_error": K.OVERLOADED,
    "timeout_error": K.UPSTREAM_GATEWAY,
    "invalid_request_error": K.BAD_REQUEST,
}
_BY_STATUS: dict[int, ErrorKind] = {
    400: K.BAD_REQUEST,
    401: K.UPSTREAM_AUTH,
    402: K.UPSTREAM_BILLING,
    403: K.UPSTREAM_FORBIDDEN,
    404: K.UPSTREAM_PATH,
    405: K.UPSTREAM_PATH,
    408: K.UPSTREAM_CONFLICT,
    409: K.UPSTREAM_CONFLICT,
    413: K.BODY_TOO_LARGE,
    422: K.BAD_REQUEST,
    425: K.UPSTREAM_CONFLICT,
    429: K.RATE_LIMIT,
    502: K.UPSTREAM_GATEWAY,
    503: K.OVERLOADED,
    504: K.UPSTREAM_GATEWAY,
    529: K.OVERLOADED,
}
_CLIENT_KINDS = frozenset({K.BAD_REQUEST, K.CONTEXT_LENGTH, K.CONTENT_REJECTED, K.BODY_TOO_LARGE, K.NOT_FOUND})

_TOO_LONG = ("prompt is too long", "input length and `max_tokens` exceed context limit")
"""Anthropic has no code of its own for a full context window: these beginnings of messages are the one exception from
classifying by type (docs/failures section 1.7)."""
_NO_CREDIT = "Your credit balance is too low"
"""Anthropic answers an account without credit with 400 ``invalid_request_error``: the client cannot help that."""
_FILTERED = "Output blocked by content filtering policy"
_BY_MESSAGE = ((_TOO_LONG, K.CONTEXT_LENGTH), (_NO_CREDIT, K.UPSTREAM_BILLING), (_FILTERED, K.CONTENT_REJECTED))

_OUR_ACCOUNT = {
    K.UPSTREAM_AUTH: "The provider refused the gateway's credential.",
    K.UPSTREAM_BILLING: "The gateway's account at the provider has no credit left.",
    K.UPSTREAM_FORBIDDEN: "The gateway's account at the provider may not do this.",
}
"""What clients are told of our own account; the provider's words are the operator's (``hint``)."""


class _ErrorDocument(msgspec.Struct):
    error: ErrorBody
    request_id: str | None = None


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """What a provider's answer of ``status`` (not 2xx) means."""
    document = _read(body)
    kind = _kind(status, document)
    message = (document.message if document is not None else None) or f"The provider answered with status {status}."
    error = _make(kind, message, document)
    error.status = status
    error.retry_after = _retry_after(headers)
    error.should_retry = {"true": True, "false": False}.get((headers.text(b"x-should-retry") or "").lower())
    return error


def error_event(body: ErrorBody) -> GatewayError:
    """What an error inside a 200 means: classified by its type alone."""
    kind = _kind(500, body)
    error = _make(kind, body.message or "The provider reported an error.", body)
    error.status = 200
    return error


def error_in_reply(body: bytes) -> GatewayError | None:
    """The error that a 200 holds in place of a Message; None for anything else."""
    if b'"error"' not in body:
        return None
    document = _read(body)
    if document is None or (document.type is None and document.message is None):
        return None
    return error_event(document)


def _read(body: bytes) -> ErrorBody | None:
    try:
        return msgspec.json.decode(body, type=_ErrorDocument).error
    except UNREADABLE:
        return None


def _kind(status: int, document: ErrorBody | None) -> ErrorKind:
    if 300 <= status < 400:
        return K.UPSTREAM_REDIRECT
    word = document.type if document is not None else None
    message = (document.message if document is not None else None) or ""
    if word == "not_found_error":
        return _kind_of_missing(message)
    kind = _BY_TYPE.get(word or "") or _BY_STATUS.get(status) or (K.UPSTREAM_ERROR if status >= 500 else K.BAD_REQUEST)
    if kind is K.BAD_REQUEST:
        return next((special for beginning, special in _BY_MESSAGE if message.startswith(beginning)), kind)
    if kind is K.UPSTREAM_ERROR and status in (502, 504):
        return K.UPSTREAM_GATEWAY
    return kind


def _kind_of_missing(message: str) -> ErrorKind:
    """Anthropic writes ``model: <name>`` for an unknown model and ``Not found`` or nothing for an unknown path."""
    if message.startswith("model:"):
        return K.UPSTREAM_MODEL_UNKNOWN
    return K.UPSTREAM_PATH if message.lower() in ("", "not found") else K.NOT_FOUND


def _make(kind: ErrorKind, message: str, document: ErrorBody | None) -> GatewayError:
    code = document.type if document is not None else None
    if kind in _OUR_ACCOUNT:
        return ProviderError(kind, _OUR_ACCOUNT[kind], code=code, hint=message)
    make = ClientError if kind in _CLIENT_KINDS else ProviderError
    return make(kind, message, code=code)


def _retry_after(headers: Headers) -> float | None:
    """Seconds from ``retry-after-ms`` or ``retry-after`` (RFC 9110 section 10.2.3); unreadable, zero or past: None."""
    exact = _number(headers.text(b"retry-after-ms"))
    if exact is not None:
        return exact / 1000
    written = headers.text(b"retry-after")
    seconds = _number(written)
    if seconds is not None or written is None:
        return seconds
    return _until(written, headers.text(b"date"))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _until(date: str, now: str | None) -> float | None:
    """Seconds from the answer's own ``Date`` to an HTTP date: no clock of ours is needed for the difference."""
    if now is None:
        return None
    try:
        wait = (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError):
        return None
    return wait if wait > 0 else None
