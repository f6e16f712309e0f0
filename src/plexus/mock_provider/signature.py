"""What makes reasoning genuine when it comes back: a signature that only its issuer can have made.

The vendors' are opaque and tied to the issuer; these are too, but for the secret: any mock provider of the same name makes
the same signature for the same text, so a transcript stays valid over restarts, and other providers' are refused.
"""

from __future__ import annotations

import base64
import hashlib

_BYTES = 48


def sign(issuer: str, thinking: str) -> str:
    """The signature of ``thinking`` as it is shown; an omitted text is signed as the empty string."""
    digest = hashlib.shake_256(f"thinking\0{issuer}\0{thinking}".encode()).digest(_BYTES)
    return base64.b64encode(b"\x12\xd0" + digest).decode()


def is_genuine(issuer: str, thinking: str, signature: str) -> bool:
    """Whether ``issuer`` signed ``thinking``."""
    return signature == sign(issuer, thinking)


def hide(issuer: str, thinking: str) -> str:
    """``thinking`` as the data of a redacted block."""
    body = thinking.encode()
    mark = hashlib.shake_256(f"redacted\0{issuer}\0".encode() + body).digest(12)
    return base64.b64encode(mark + body[::-1]).decode()


def is_hidden_by(issuer: str, data: str) -> bool:
    """Whether ``issuer`` made the ``data`` of this redacted block."""
    try:
        raw = base64.b64decode(data, validate=True)
    except ValueError:
        return False
    return hide(issuer, raw[12:][::-1].decode("utf-8", "replace")) == data
