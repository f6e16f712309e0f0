"""Failures, both ways: what OpenAI's clients are told, and what providers of Chat say
(https://platform.openai.com/docs/guides/error-codes).
"""

from __future__ import annotations

import math

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Field, Headers
from plexus.protocols.codec import ErrorReply
from plexus.protocols.openai_chat.error_body import ErrorBody, read_error
from plexus.protocols.retry_after import read_retry_after
from plexus.protocols.sse import encode_event

K = ErrorKind

# --- what a client is told

_INVALID, _SERVER, _LIMIT = "invalid_request_error", "server_error", "rate_limit_error"
_BROKEN = (502, _SERVER, "upstream_error")
_AUTH = (502, _SERVER, "upstream_auth")
_TIMEOUT = (504, _SERVER, "upstream_timeout")
_OVERLOADED = (503, _SERVER, "overloaded")

TOLD: dict[ErrorKind, tuple[int, str, str | None]] = {
    K.BAD_REQUEST: (400, _INVALID, None),
    K.LOSS_REFUSED: (400, _INVALID, None),
    K.CONTEXT_LENGTH: (400, _INVALID, "context_length_exceeded"),
    K.CONTENT_REJECTED: (400, _INVALID, "content_filter"),
    K.KEY_INVALID: (401, _INVALID, "invalid_api_key"),
    K.KEY_FORBIDDEN: (403, _INVALID, "permission_denied"),
    K.MODEL_UNKNOWN: (404, _INVALID, "model_not_found"),
    K.NOT_FOUND: (404, _INVALID, None),
    K.METHOD_NOT_ALLOWED: (405, _INVALID, None),
    K.BODY_TOO_LARGE: (413, _INVALID, "request_too_large"),
    K.QUOTA_EXCEEDED: (429, _LIMIT, "insufficient_quota"),
    K.RATE_LIMIT: (429, _LIMIT, "rate_limit_exceeded"),
    K.OVERLOADED: _OVERLOADED,
    K.UNAVAILABLE: _OVERLOADED,
    K.SHUTTING_DOWN: _OVERLOADED,
    K.UPSTREAM_AUTH: _AUTH,
    K.UPSTREAM_BILLING: _AUTH,
    K.UPSTREAM_FORBIDDEN: _AUTH,
    K.CONNECT_TIMEOUT: _TIMEOUT,
    K.FIRST_BYTE_TIMEOUT: _TIMEOUT,
    K.FIRST_TOKEN_TIMEOUT: _TIMEOUT,
    K.STALL_TIMEOUT: _TIMEOUT,
    K.DEADLINE: _TIMEOUT,
    K.CLIENT_GONE: (499, _SERVER, None),
    K.INTERNAL: (500, _SERVER, "internal_error"),
}
"""(status, ``type``, ``code``) of each kind (docs/failures section 2); whatever is not here is a broken provider."""

_THEIR_CODE = frozenset({K.BAD_REQUEST, K.LOSS_REFUSED, K.CONTENT_REJECTED, K.NOT_FOUND, K.METHOD_NOT_ALLOWED})
"""Kinds whose ``code`` is the one that came with the error, where one came."""


def _told(error: GatewayError) -> tuple[int, dict[str, str | None]]:
    status, kind, code = TOLD.get(error.kind, _BROKEN)
    if error.kind in _THEIR_CODE and error.code is not None:
        code = error.code
    return status, {"message": error.message, "type": kind, "param": error.param, "code": code}


def encode_error(error: GatewayError, request_id: str) -> ErrorReply:
    """The reply before the commit. OpenAI says the request's id in a header only."""
    del request_id
    status, body = _told(error)
    fields: list[Field] = []
    if error.retry_after is not None and status in (429, 503):
        fields.append((b"retry-after", str(max(math.ceil(error.retry_after), 1)).encode()))
    return ErrorReply(status, msgspec.json.encode({"error": body}), tuple(fields))


def encode_stream_error(error: GatewayError) -> bytes:
    """The terminal frame after the commit: no finish and no ``[DONE]`` follow it."""
    _, body = _told(error)
    return encode_event(msgspec.json.encode({"error": {**body, "param": None}}))


# --- what a provider says


_BY_WORD: dict[str, ErrorKind] = {
    "context_length_exceeded": K.CONTEXT_LENGTH,
    "string_above_max_length": K.CONTEXT_LENGTH,
    "model_context_window_exceeded": K.CONTEXT_LENGTH,
    "content_filter": K.CONTENT_REJECTED,
    "content_policy_violation": K.CONTENT_REJECTED,
    "data_inspection_failed": K.CONTENT_REJECTED,
    "moderation_blocked": K.CONTENT_REJECTED,
    "invalid_prompt": K.CONTENT_REJECTED,
    "insufficient_quota": K.UPSTREAM_BILLING,
    "billing_hard_limit_reached": K.UPSTREAM_BILLING,
    "billing_not_active": K.UPSTREAM_BILLING,
    "insufficient_balance": K.UPSTREAM_BILLING,
    "payment_required": K.UPSTREAM_BILLING,
    "model_not_found": K.UPSTREAM_MODEL_UNKNOWN,
    "deploymentnotfound": K.UPSTREAM_MODEL_UNKNOWN,
    "model_not_available": K.UPSTREAM_MODEL_UNKNOWN,
    "invalid_model": K.UPSTREAM_MODEL_UNKNOWN,
    "invalid_api_key": K.UPSTREAM_AUTH,
    "authentication_error": K.UPSTREAM_AUTH,
    "invalid_authentication_error": K.UPSTREAM_AUTH,
    "unauthenticated": K.UPSTREAM_AUTH,
    "account_deactivated": K.UPSTREAM_AUTH,
    "permission_denied": K.UPSTREAM_FORBIDDEN,
    "permission_error": K.UPSTREAM_FORBIDDEN,
    "unsupported_country_region_territory": K.UPSTREAM_FORBIDDEN,
    "rate_limit_exceeded": K.RATE_LIMIT,
    "rate_limit_error": K.RATE_LIMIT,
    "too_many_requests": K.RATE_LIMIT,
    "resource_exhausted": K.RATE_LIMIT,
    "request_too_large": K.BODY_TOO_LARGE,
    "overloaded_error": K.OVERLOADED,
    "overloaded": K.OVERLOADED,
    "engine_overloaded": K.OVERLOADED,
    "engine_overloaded_error": K.OVERLOADED,
    "service_unavailable": K.OVERLOADED,
    "unavailable": K.OVERLOADED,
    "server_error": K.UPSTREAM_ERROR,
    "internal_error": K.UPSTREAM_ERROR,
    "internal_server_error": K.UPSTREAM_ERROR,
    "api_error": K.UPSTREAM_ERROR,
    "timeout_error": K.UPSTREAM_GATEWAY,
    "deadline_exceeded": K.UPSTREAM_GATEWAY,
    "invalid_argument": K.BAD_REQUEST,
}
"""What a ``code``, else a ``type`` (lower case), means, whoever says it."""
_BY_TYPE_ONLY: dict[str, ErrorKind] = {"invalid_request_error": K.BAD_REQUEST, "badrequesterror": K.BAD_REQUEST}
"""Types that OpenAI also gives for keys and models: they decide only where no status does."""
_BY_STATUS: dict[int, ErrorKind] = {
    400: K.BAD_REQUEST,
    401: K.UPSTREAM_AUTH,
    402: K.UPSTREAM_BILLING,
    403: K.UPSTREAM_FORBIDDEN,
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


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """What a provider's answer of ``status`` (not 2xx) means: by status and typed code, never by words in the message."""
    document = read_error(body)
    foreign = document is None and _is_markup(headers, body)
    kind = _kind(status, document, foreign=foreign)
    message = (document.message if document is not None else None) or f"The provider answered with status {status}."
    error = _make(kind, message, document)
    error.status = status
    error.retry_after = read_retry_after(headers) or (document.retry_after if document is not None else None)
    error.should_retry = {"true": True, "false": False}.get((headers.text(b"x-should-retry") or "").lower())
    return error


def error_in_reply(document: ErrorBody) -> GatewayError:
    """What an error inside a 200 means: by its own words, or the status that it names."""
    kind = _kind(document.status or 500, document, foreign=False)
    error = _make(kind, document.message or "The provider reported an error.", document)
    error.status = 200
    return error


def _kind(status: int, document: ErrorBody | None, *, foreign: bool) -> ErrorKind:
    if 300 <= status < 400:
        return K.UPSTREAM_REDIRECT
    for word in (document.code, document.type) if document is not None else ():
        known = _BY_WORD.get((word or "").lower())
        if known is not None:
            return known
    if status in (404, 405):
        return _kind_of_missing(document)
    if foreign and status < 500:
        return K.UPSTREAM_FOREIGN
    known = _BY_STATUS.get(status)
    if known is None and document is not None:
        known = _BY_TYPE_ONLY.get((document.type or "").lower())
    return known or (K.UPSTREAM_ERROR if status >= 500 else K.BAD_REQUEST)


def _kind_of_missing(document: ErrorBody | None) -> ErrorKind:
    """A 404 without any typed word is a wrong address; one that names a member is a thing that the client named."""
    if document is None or (document.code is None and document.type is None):
        return K.UPSTREAM_PATH
    if document.param == "model":
        return K.UPSTREAM_MODEL_UNKNOWN
    return K.NOT_FOUND if document.param is not None else K.UPSTREAM_MODEL_UNKNOWN


def _make(kind: ErrorKind, message: str, document: ErrorBody | None) -> GatewayError:
    make = ClientError if kind in _CLIENT_KINDS else ProviderError
    code = (document.code or document.type) if document is not None else None
    return make(kind, message, code=code, param=document.param if document is not None else None)


def _is_markup(headers: Headers, body: bytes) -> bool:
    return b"html" in (headers.get(b"content-type") or b"").lower() or body.lstrip()[:1] == b"<"
