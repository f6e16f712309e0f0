"""How long a provider asks to wait, whatever protocol it speaks."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime

from plexus.canonical.headers import Headers


def read_retry_after(headers: Headers) -> float | None:
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
    """Seconds from the answer's own ``Date`` to an HTTP date: the difference needs no clock of ours."""
    if now is None:
        return None
    try:
        wait = (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError):
        return None
    return wait if wait > 0 else None
