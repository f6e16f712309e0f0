"""Keys from the root key, and digests of client keys."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable


def derive(root: bytes, label: str) -> bytes:
    """32 bytes for one purpose: HKDF-SHA256 (RFC 5869) of ``root`` without salt, ``label`` as info."""
    extracted = hmac.digest(b"\x00" * 32, root, hashlib.sha256)
    return hmac.digest(extracted, label.encode() + b"\x01", hashlib.sha256)


CLIENT_KEYS = "plexus/client-keys/v1"
REASONING_STATE = "plexus/reasoning-state/v1"


def digester(root: bytes) -> Callable[[str], bytes]:
    """A function from a client key's secret to its digest, as ``Snapshot.keys`` holds it: BLAKE2b (RFC 7693) under a derived
    key.

    A table of digests without the root key tells nothing about the secrets, weak ones included.
    """
    pepper = derive(root, CLIENT_KEYS)

    def digest(secret: str) -> bytes:
        return hashlib.blake2b(secret.encode(), key=pepper, digest_size=32).digest()

    return digest
