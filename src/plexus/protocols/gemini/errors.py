"""Errors of Gemini: reading a provider's, writing ours (docs/failures section 2).

https://ai.google.dev/gemini-api/docs/troubleshooting, details: https://cloud.google.com/apis/design/errors
"""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.codec import ErrorReply
from plexus.protocols.faults import (
    MAX_RETRY_AFTER,
    error_fields,
    is_html,
    kind_of_status,
    retry_after,
    seconds_to_wait,
    should_retry,
    shown_status,
)
from plexus.protocols.sse import encode_event
from plexus.protocols.unreadable import UNREADABLE

K = ErrorKind


class Violation(msgspec.Struct, rename="camel"):
    """One of a QuotaFailure."""

    quota_id: str | None = None


class Detail(msgspec.Struct, rename="camel"):
    """Any of ``details``: ErrorInfo has a reason, RetryInfo a delay, QuotaFailure violations."""

    reason: str | None = None
    retry_delay: str | None = None
    violations: list[Violation] | None = None


class WireError(msgspec.Struct):
    """The ``error`` object."""

    code: int | str | None = None
    message: str | None = None
    status: str | None = None
    details: list[Detail] | None = None


class WireReply(msgspec.Struct):
    """The error reply, and the error inside a stream."""

    error: WireError | str | None = None


STATUS_KINDS: dict[str, ErrorKind] = {
    "INVALID_ARGUMENT": K.BAD_REQUEST,
    "OUT_OF_RANGE": K.BAD_REQUEST,
    "FAILED_PRECONDITION": K.UPSTREAM_FORBIDDEN,
    "UNAUTHENTICATED": K.UPSTREAM_AUTH,
    "PERMISSION_DENIED": K.UPSTREAM_AUTH,
    "NOT_FOUND": K.UPSTREAM_MODEL_UNKNOWN,
    "ABORTED": K.UPSTREAM_CONFLICT,
    "RESOURCE_EXHAUSTED": K.RATE_LIMIT,
    "CANCELLED": K.UPSTREAM_ERROR,
}
"""google.rpc.Code, where it says more than the status. FAILED_PRECONDITION is an account without billing, or a country that
is not served."""
TOO_LARGE = 413
REASON_KINDS: dict[str, ErrorKind] = {
    "API_KEY_INVALID": K.UPSTREAM_AUTH,
    "API_KEY_EXPIRED": K.UPSTREAM_AUTH,
    "BILLING_DISABLED": K.UPSTREAM_BILLING,
    "SERVICE_DISABLED": K.UPSTREAM_FORBIDDEN,
}
"""ErrorInfo.reason says more than the status: a wrong key is an INVALID_ARGUMENT."""
PER_DAY = "PerDay"

# Google has no typed code for it; the words are the only sign (the short list of docs/failures section 1.7).
TOO_LONG = "exceeds the maximum number of tokens"


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """A provider's failure, by its reason, its status word, else its HTTP status."""
    error = read_error(body)
    message = error.message or f"The provider answered {status}."
    details = error.details or []
    kind = _kind(status, error, body)
    word = None if kind is K.CONTEXT_LENGTH else error.status  # every protocol has a better one than INVALID_ARGUMENT
    return ProviderError(
        kind,
        message,
        code=next((detail.reason for detail in details if detail.reason), word),
        status=status,
        retry_after=_delay(details) or retry_after(headers),
        should_retry=should_retry(headers),
    )


def decode_stream_error(data: bytes) -> GatewayError:
    """An ``error`` inside a 200: as the HTTP status that it names."""
    error = read_error(data)
    if isinstance(error.code, int) and 400 <= error.code < 600:
        return decode_error(error.code, Headers(), data)
    return decode_error(WORD_STATUSES.get(error.status or "", 500), Headers(), data)


def read_error(body: bytes) -> WireError:
    """The error of a body, also of the array that a stream without SSE begins with; an empty one for anything else."""
    try:
        if body.lstrip()[:1] == b"[":
            replies = msgspec.json.decode(body, type=list[WireReply])
            wire = replies[-1] if replies else WireReply()
        else:
            wire = msgspec.json.decode(body, type=WireReply)
    except UNREADABLE:
        return WireError()
    return WireError(message=wire.error) if isinstance(wire.error, str) else wire.error or WireError()


def _kind(status: int, error: WireError, body: bytes) -> ErrorKind:
    if error.status is None and error.message is None and is_html(body) and status < 500 and status not in (404, 405):
        return K.UPSTREAM_FOREIGN
    details = error.details or []
    for detail in details:
        if detail.reason in REASON_KINDS:
            return REASON_KINDS[detail.reason]
    if error.status == "INVALID_ARGUMENT" and TOO_LONG in (error.message or ""):
        return K.CONTEXT_LENGTH
    if any(PER_DAY in (each.quota_id or "") for detail in details for each in detail.violations or ()):
        return K.UPSTREAM_BILLING
    if status >= 500 or status == TOO_LARGE:
        return kind_of_status(status)
    return STATUS_KINDS.get(error.status or "") or kind_of_status(status)


def _delay(details: list[Detail]) -> float | None:
    """RetryInfo.retryDelay, a duration such as ``34.4s``, in seconds."""
    for detail in details:
        text = detail.retry_delay
        if text is not None and text.endswith("s"):
            try:
                seconds = float(text[:-1])
            except ValueError:
                return None
            return min(seconds, MAX_RETRY_AFTER) if seconds > 0 else None
    return None


SHOWN: dict[int, str] = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    405: "UNIMPLEMENTED", 413: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL",
    502: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
WORD_STATUSES = {SHOWN[status]: status for status in sorted(SHOWN, reverse=True)}
"""The status that a word stands for: the lowest, where it stands for several."""
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


def encode_error(error: GatewayError, request_id: str) -> ErrorReply:
    """The reply before the commit; on a 429 RetryInfo says when to come back, for Google's clients read no header."""
    status = shown_status(error.kind)
    details: list[object] = [
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": request_id},
    ]
    seconds = seconds_to_wait(error)
    if seconds is not None:
        details.append({"@type": RETRY_INFO, "retryDelay": f"{seconds}s"})
    return ErrorReply(
        status, msgspec.json.encode({"error": {**_error(error), "details": details}}), error_fields(error)
    )


def _error(error: GatewayError) -> dict[str, object]:
    status = shown_status(error.kind)
    return {"code": status, "message": error.message, "status": SHOWN.get(status, "INTERNAL")}


def encode_stream_error(error: GatewayError, passed: bytes) -> bytes:
    """The terminal frame after the commit."""
    del passed
    return encode_event(msgspec.json.encode({"error": _error(error)}))


def encode_array_error(error: GatewayError, passed: bytes) -> bytes:
    """The same where the stream is one JSON array: a last element, and the array's end."""
    start = b"," if passed.strip() not in (b"", b"[") else b"" if passed.strip() else b"["
    return start + msgspec.json.encode({"error": _error(error)}) + b"]"
