"""Errors as OpenAI writes them, in Chat Completions and in Responses alike: reading a provider's, writing ours (docs/failures
section 2).

https://platform.openai.com/docs/guides/error-codes/api-errors
"""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.codec import ErrorReply
from plexus.protocols.faults import error_fields, is_html, kind_of_status, retry_after, should_retry, shown_status
from plexus.protocols.unreadable import UNREADABLE

K = ErrorKind


class WireError(msgspec.Struct):
    """The ``error`` object, with the names that other providers use."""

    message: str | None = None
    type: str | None = None
    code: str | int | None = None
    param: object = None
    status: str | int | None = None
    status_code: int | None = None


CODE_KINDS: dict[str, ErrorKind] = {
    "context_length_exceeded": K.CONTEXT_LENGTH,
    "string_above_max_length": K.CONTEXT_LENGTH,
    "content_filter": K.CONTENT_REJECTED,
    "content_policy_violation": K.CONTENT_REJECTED,
    "ResponsibleAIPolicyViolation": K.CONTENT_REJECTED,
    "data_inspection_failed": K.CONTENT_REJECTED,
    "invalid_prompt": K.CONTENT_REJECTED,
    "bio_policy": K.CONTENT_REJECTED,
    "image_content_policy_violation": K.CONTENT_REJECTED,
    "invalid_api_key": K.UPSTREAM_AUTH,
    "authentication_error": K.UPSTREAM_AUTH,
    "account_deactivated": K.UPSTREAM_AUTH,
    "insufficient_quota": K.UPSTREAM_BILLING,
    "billing_hard_limit_reached": K.UPSTREAM_BILLING,
    "billing_not_active": K.UPSTREAM_BILLING,
    "insufficient_balance": K.UPSTREAM_BILLING,
    "unsupported_country_region_territory": K.UPSTREAM_FORBIDDEN,
    "model_not_allowed": K.UPSTREAM_FORBIDDEN,
    "model_not_found": K.UPSTREAM_MODEL_UNKNOWN,
    "model_not_available": K.UPSTREAM_MODEL_UNKNOWN,
    "DeploymentNotFound": K.UPSTREAM_MODEL_UNKNOWN,
    "unknown_model": K.UPSTREAM_MODEL_UNKNOWN,
    "rate_limit_exceeded": K.RATE_LIMIT,
    "rate_limit_error": K.RATE_LIMIT,
    "tokens": K.RATE_LIMIT,
    "requests": K.RATE_LIMIT,
    "overloaded_error": K.OVERLOADED,
    "engine_overloaded": K.OVERLOADED,
    "engine_overloaded_error": K.OVERLOADED,
    "service_unavailable": K.OVERLOADED,
    "server_error": K.UPSTREAM_ERROR,
    "internal_server_error": K.UPSTREAM_ERROR,
    "api_error": K.UPSTREAM_ERROR,
}
"""Typed codes and types, whatever the status. ``invalid_request_error`` is no code of its own: the status says more."""

THINGS = frozenset({"previous_response_not_found", "file_not_found", "conversation_not_found", "container_not_found"})
"""Codes of a 404 for something that the client named."""


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """A provider's failure, by its typed code, else by its status."""
    wire = _read(body)
    code = _code(wire)
    message = (wire.message if wire else None) or f"The provider answered {status}."
    kind = _kind(status, wire, code, body)
    param = wire.param if wire is not None and isinstance(wire.param, str) else None
    return ProviderError(
        kind,
        message,
        code=code,
        param=param,
        status=status,
        retry_after=retry_after(headers),
        should_retry=should_retry(headers),
    )


def decode_error_body(raw: bytes, default_status: int = 500) -> GatewayError:
    """An ``error`` object inside a 200: as the status that it names, else as ``default_status``."""
    wire = _read(b'{"error":' + raw + b"}")
    status = default_status
    for candidate in (wire.status_code, wire.code, wire.status) if wire else ():
        if isinstance(candidate, str) and candidate.isdecimal():
            candidate = int(candidate[:4])  # noqa: PLW2901 - a status has three digits; more are none
        if isinstance(candidate, int):
            status = candidate if 400 <= candidate < 600 else status
            break
    else:
        if wire is not None and wire.type == "invalid_request_error":
            status = 400
    return decode_error(status, Headers(), b'{"error":' + raw + b"}")


def _read(body: bytes) -> WireError | None:
    """The error in any of its shapes: ``{"error": {...}}``, ``{"error": "text"}``, ``{"message": …}``, ``{"detail": …}``,
    and the first of a list of those (Google's compatible endpoint)."""
    try:
        document = msgspec.json.decode(body)
    except UNREADABLE:
        return None
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return None
    error = document.get("error", document)
    if isinstance(error, str):
        error = {**document, "message": error}
    if not isinstance(error, dict):
        return None
    detail = error.get("detail")
    if "message" not in error and isinstance(detail, str):
        error = {**error, "message": detail}
    try:
        return msgspec.convert(error, WireError)
    except UNREADABLE:
        message = error.get("message")
        return WireError(message=message if isinstance(message, str) else None)


def _code(wire: WireError | None) -> str | None:
    if wire is None:
        return None
    if isinstance(wire.code, str) and wire.code and not wire.code.isdecimal():
        return wire.code
    return wire.type if wire.type in CODE_KINDS else None


def _kind(status: int, wire: WireError | None, code: str | None, body: bytes) -> ErrorKind:
    if wire is None and is_html(body) and status < 500 and status not in (404, 405):
        return K.UPSTREAM_FOREIGN
    found = CODE_KINDS.get(code or "") or (CODE_KINDS.get(wire.type or "") if wire else None)
    if status == 404 and found is None and wire is not None:
        named = code in THINGS or (isinstance(wire.param, str) and wire.param not in ("", "model"))
        if named:
            return K.NOT_FOUND
        return K.UPSTREAM_MODEL_UNKNOWN if wire.param == "model" else K.UPSTREAM_PATH
    if found is not None and not (found is K.UPSTREAM_ERROR and status != 500):
        return found
    return kind_of_status(status)


# --- writing

SHOWN: dict[ErrorKind, tuple[str, str | None]] = {
    K.BAD_REQUEST: ("invalid_request_error", None),
    K.CONTEXT_LENGTH: ("invalid_request_error", "context_length_exceeded"),
    K.CONTENT_REJECTED: ("invalid_request_error", "content_filter"),
    K.LOSS_REFUSED: ("invalid_request_error", "loss_refused"),
    K.KEY_INVALID: ("invalid_request_error", "invalid_api_key"),
    K.KEY_FORBIDDEN: ("invalid_request_error", "permission_denied"),
    K.MODEL_UNKNOWN: ("invalid_request_error", "model_not_found"),
    K.NOT_FOUND: ("invalid_request_error", "not_found"),
    K.METHOD_NOT_ALLOWED: ("invalid_request_error", "method_not_allowed"),
    K.BODY_TOO_LARGE: ("invalid_request_error", "request_too_large"),
    K.QUOTA_EXCEEDED: ("rate_limit_error", "insufficient_quota"),
    K.RATE_LIMIT: ("rate_limit_error", "rate_limit_exceeded"),
    K.UPSTREAM_AUTH: ("server_error", "upstream_auth"),
    K.UPSTREAM_BILLING: ("server_error", "upstream_auth"),
    K.UPSTREAM_FORBIDDEN: ("server_error", "upstream_error"),
    K.OVERLOADED: ("server_error", "overloaded"),
    K.UNAVAILABLE: ("server_error", "overloaded"),
    K.SHUTTING_DOWN: ("server_error", "overloaded"),
    K.INTERNAL: ("server_error", "internal_error"),
}
KEEPS_CODE = frozenset({K.BAD_REQUEST, K.CONTEXT_LENGTH, K.CONTENT_REJECTED, K.NOT_FOUND})
"""Kinds whose code, where the provider gave one, is more use to the client than ours."""
TYPE_SUFFIX = "_error"
"""How the types of Messages end, which stand in for codes there: they say less than ours."""


def error_object(error: GatewayError) -> dict[str, object]:
    """The ``error`` object, all four members."""
    timed_out = shown_status(error.kind) == 504
    kind, code = SHOWN.get(error.kind, ("server_error", "upstream_timeout" if timed_out else "upstream_error"))
    own = isinstance(error, ClientError)
    if error.code is not None and (own or error.kind in KEEPS_CODE) and not error.code.endswith(TYPE_SUFFIX):
        code = error.code
    return {"message": error.message, "type": kind, "param": error.param, "code": code}


def encode_error(error: GatewayError, request_id: str) -> ErrorReply:
    """The reply before the commit. The request id goes into a header, as at OpenAI."""
    del request_id
    return ErrorReply(
        shown_status(error.kind), msgspec.json.encode({"error": error_object(error)}), error_fields(error)
    )
