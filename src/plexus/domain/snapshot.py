"""The whole configuration as the data plane reads it: compiled, frozen, swapped at once."""

from __future__ import annotations

import msgspec

from plexus.domain.key import Key
from plexus.domain.provider import Provider
from plexus.domain.route import Route


class Failover(msgspec.Struct, frozen=True, kw_only=True):
    """How far to go on after a failure (docs/failures section 1)."""

    enabled: bool = True
    retries: int = 1
    """Further tries of the same target, where the fault allows one."""
    max_attempts: int = 6
    patience: float = 3.0
    """Seconds of Retry-After that are worth waiting for."""
    retryable_statuses: frozenset[int] | None = None
    """When given: a status outside is never retried; inside, at least the next target is tried."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of the Responses API's replies and conversations, and for how long."""

    store: bool = True
    responses_days: float | None = 30.0
    """As at OpenAI (https://platform.openai.com/docs/guides/your-data). None keeps them until they are deleted."""
    conversations_days: float | None = None
    """After their last use."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One revision of the configuration. ``routes`` is keyed by every public name, aliases included."""

    revision: str
    providers: dict[str, Provider] = msgspec.field(default_factory=dict)
    routes: dict[str, Route] = msgspec.field(default_factory=dict)
    keys: dict[bytes, Key] = msgspec.field(default_factory=dict)
    """By digest of the secret."""
    failover: Failover = Failover()
    heartbeat_seconds: float | None = 15.0
    max_body_bytes: int = 64 * 1024 * 1024
    """Of a client's body, decompressed."""
    retention: Retention = Retention()
    keep_upload_bytes: int = 32 * 1024 * 1024
    """Of a form, kept for further attempts; a longer one streams through and has one."""
    responses_websocket: bool = True
    """Whether ``GET /v1/responses`` may become a WebSocket."""
    loaded_at: int = 0
    """Unix seconds."""
