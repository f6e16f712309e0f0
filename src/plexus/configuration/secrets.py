"""Keys of our own: one root, one derived key for each purpose, and the digest that stands for a client's secret."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from plexus.configuration.atomic import create_once

ROOT_BYTES = 32
KEYS = "plexus client keys"
"""The label of the pepper of ``key_digest``."""
SEAL = "plexus reasoning state"
"""The label of the key that seals reasoning state (``protocols.reasoning_state``)."""


class RootKeyError(Exception):
    """The root key cannot be read. The message says what to do."""


def derive(root: bytes, label: str) -> bytes:
    """The 32-byte key for the purpose ``label``: HKDF-SHA256 without salt (RFC 5869 sections 2.2 and 2.3)."""
    extracted = hmac.digest(bytes(32), root, hashlib.sha256)
    return hmac.digest(extracted, label.encode() + b"\x01", hashlib.sha256)


def key_digest(secret: str, pepper: bytes) -> bytes:
    """What stands for a client's secret in a Snapshot: HMAC-SHA256, 32 bytes."""
    return hmac.digest(pepper, secret.encode(), hashlib.sha256)


def load_or_make_root_key(path: Path) -> bytes:
    """The 32 bytes in ``path`` (hex). Makes the file, mode 0600, if it is not there; of several processes that start at
    once, all get the same key. Raises RootKeyError."""
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            create_once(path, os.urandom(ROOT_BYTES).hex().encode() + b"\n")
            text = path.read_text(encoding="ascii")
        except FileExistsError:
            return load_or_make_root_key(path)
        except OSError as error:
            raise RootKeyError(f"{path} cannot be made ({error.strerror}). Set ENCRYPTION_KEY instead.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RootKeyError(f"{path} cannot be read ({error}).") from None
    try:
        root = bytes.fromhex(text)
    except ValueError:
        root = b""
    if len(root) != ROOT_BYTES:
        raise RootKeyError(
            f"{path} does not hold 32 bytes in hex. Put back the right file, or remove it for a new key."
        )
    return root
