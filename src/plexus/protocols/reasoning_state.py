"""Sealing: one protocol's reasoning state, carried by a client of another (DESIGN section 4).

A signature or an encrypted reasoning means something only to the provider that issued it. When the client speaks another
protocol, the state travels in a field that this client sends back, wrapped in an opaque, versioned, authenticated
envelope; on the next turn it is unwrapped for the same provider, and left out (a loss) for any other. Nothing is stored.

Envelope: ``plx1.`` + base64url of (16 bytes of HMAC-SHA256, then JSON of a ``ReasoningState``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec

from plexus.canonical.content import ReasoningState
from plexus.protocols.unreadable import UNREADABLE

PREFIX = "plx1."
_TAG = 16


def seal(state: ReasoningState, key: bytes) -> str:
    """The envelope of ``state``, which must name its provider. ``key`` is 32 bytes."""
    body = msgspec.json.encode(state)
    return PREFIX + base64.urlsafe_b64encode(_tag(body, key) + body).rstrip(b"=").decode()


def unseal(sealed: str, key: bytes) -> ReasoningState | None:
    """The state inside an envelope of ours; None for anything else, forged envelopes included."""
    if not sealed.startswith(PREFIX):
        return None
    text = sealed[len(PREFIX) :]
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        tag, body = packed[:_TAG], packed[_TAG:]
        if not hmac.compare_digest(tag, _tag(body, key)):
            return None
        return msgspec.json.decode(body, type=ReasoningState)
    except (binascii.Error, ValueError, *UNREADABLE):
        return None


def _tag(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, body, hashlib.sha256)[:_TAG]
