"""JSON from outside that cannot be read: what reading it raises, and what becomes of bytes that are no UTF-8."""

from __future__ import annotations

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for any bytes: no JSON or other JSON, no UTF-8 where there is a text, nesting deeper than Python's
stack."""


def as_utf8(data: bytes) -> bytes:
    """``data``, with U+FFFD for what is no UTF-8, as browsers read event streams: servers cut characters between two tokens.

    What has passed here can be taken apart and decoded piece by piece: msgspec leaves members that nobody asked for unchecked.
    """
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace").encode()
    return data
