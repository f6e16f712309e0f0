"""What HTTP statuses mean as error kinds, in both directions, and when to come back. Shared by all codecs.

Codecs look at typed codes first; these tables are what is left when a provider says nothing more (docs/failures).
"""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Mapping

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.headers import Field, Headers

K = ErrorKind

STATUS_KINDS: Mapping[int, ErrorKind] = {
    400: K.BAD_REQUEST,
    401: K.UPSTREAM_AUTH,
    402: K.UPSTREAM_BILLING,
    403: K.UPSTREAM_AUTH,
    404: K.UPSTREAM_PATH,
    405: K.UPSTREAM_PATH,
    408: K.UPSTREAM_CONFLICT,
    409: K.UPSTREAM_CONFLICT,
    413: K.BODY_TOO_LARGE,
    422: K.BAD_REQUEST,
    425: K.UPSTREAM_CONFLICT,
    429: K.RATE_LIMIT,
    500: K.UPSTREAM_ERROR,
    502: K.UPSTREAM_GATEWAY,
    503: K.OVERLOADED,
    504: K.UPSTREAM_GATEWAY,
    529: K.OVERLOADED,
}


def kind_of_status(status: int) -> ErrorKind:
    """The kind of a status that no typed code explains."""
    kind = STATUS_KINDS.get(status)
    if kind is not None:
        return kind
    if 300 <= status < 400:
        return K.UPSTREAM_REDIRECT
    return K.BAD_REQUEST if 400 <= status < 500 else K.UPSTREAM_ERROR


SHOWN_STATUSES: Mapping[ErrorKind, int] = {
    K.BAD_REQUEST: 400,
    K.CONTEXT_LENGTH: 400,
    K.CONTENT_REJECTED: 400,
    K.LOSS_REFUSED: 400,
    K.KEY_INVALID: 401,
    K.KEY_FORBIDDEN: 403,
    K.MODEL_UNKNOWN: 404,
    K.NOT_FOUND: 404,
    K.METHOD_NOT_ALLOWED: 405,
    K.BODY_TOO_LARGE: 413,
    K.QUOTA_EXCEEDED: 429,
    K.RATE_LIMIT: 429,
    K.OVERLOADED: 503,
    K.UNAVAILABLE: 503,
    K.SHUTTING_DOWN: 503,
    K.CONNECT_TIMEOUT: 504,
    K.FIRST_BYTE_TIMEOUT: 504,
    K.FIRST_TOKEN_TIMEOUT: 504,
    K.STALL_TIMEOUT: 504,
    K.DEADLINE: 504,
    K.INTERNAL: 500,
    K.CLIENT_GONE: 499,
}


def shown_status(kind: ErrorKind) -> int:
    """The status that a client sees; every fault of the provider that has no own one is a 502."""
    return SHOWN_STATUSES.get(kind, 502)


def seconds_to_wait(error: GatewayError) -> int | None:
    """What a client is told to wait, in whole seconds, at least one; None for failures that do not pass by waiting."""
    if shown_status(error.kind) not in (429, 503):
        return None
    seconds = error.retry_after if error.retry_after is not None else 1.0
    return max(1, math.ceil(seconds))


def error_fields(error: GatewayError, *more: Field) -> tuple[Field, ...]:
    """The head of an error reply: JSON, ``more``, and ``retry-after`` where waiting helps (RFC 9110 section 10.2.3)."""
    seconds = seconds_to_wait(error)
    wait = () if seconds is None else ((b"retry-after", b"%d" % seconds),)
    return ((b"content-type", b"application/json"), *more, *wait)


MAX_RETRY_AFTER = 24 * 3600.0
"""Seconds. Longer waits exist in the wild and are nonsense."""


def retry_after(headers: Headers, now: float | None = None) -> float | None:
    """Seconds to wait by ``retry-after-ms`` or ``retry-after`` (delta-seconds or an HTTP date, RFC 9110 section 10.2.3).

    Zero, past, unreadable: None. ``now`` is in unix seconds.
    """
    millis = headers.text(b"retry-after-ms")
    if millis is not None:
        return _sane(_number(millis), 1000)
    value = headers.text(b"retry-after")
    if value is None:
        return None
    seconds = _number(value)
    if seconds is None:
        try:
            moment = email.utils.parsedate_to_datetime(value).timestamp()
        except (ValueError, TypeError, OverflowError):
            return None
        seconds = moment - (time.time() if now is None else now)
    return _sane(seconds, 1)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _sane(value: float | None, divisor: int) -> float | None:
    if value is None or not value > 0:
        return None
    return min(value / divisor, MAX_RETRY_AFTER)


def should_retry(headers: Headers) -> bool | None:
    """What ``x-should-retry`` says; None for nothing."""
    value = headers.text(b"x-should-retry")
    return None if value is None else value.strip().lower() == "true"


def is_html(body: bytes) -> bool:
    """Whether a body is a web page rather than an API's answer."""
    return body.lstrip()[:1] == b"<"
