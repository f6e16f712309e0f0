"""What one client may use up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes, counts and seconds. Times are kept by a sweep: they end up to a second late (less where they are short)."""

    max_head_bytes: int = 64 * 1024
    max_fields: int = 200
    max_connections: int = 20_000
    """More are answered 503 and closed."""
    head_timeout: float = 30.0
    """From the first byte of a head to its end, however it drips."""
    body_timeout: float = 60.0
    """Between two pieces of a body, while the server reads it."""
    keep_alive_timeout: float = 75.0
    """Between two requests, and from a connection's opening to its first byte."""
    write_timeout: float = 60.0
    """Without any byte taken by the client, while the connection is full or closing."""
    linger_timeout: float = 2.0
    """How long the rest of an unwanted body is read, so that the client gets to see the reply (RFC 9112 section 9.6)."""
    read_ahead: int = 64 * 1024
    """Bytes of a body, or of pipelined requests, that are held before somebody wants them; then reading pauses."""
    write_buffer: int = 256 * 1024
    """Bytes that wait for the client: above, the connection is full; below a quarter of it, no longer."""
    skip: int = 256 * 1024
    """Bytes of an unwanted body that are read and dropped to keep the connection."""


DEFAULT_LIMITS: Final = Limits()
