"""What an exchange leaves behind: one record, and one row for each attempt."""

from __future__ import annotations

from typing import Literal

import msgspec

from plexus.canonical.losses import Loss
from plexus.canonical.usage import Usage


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try of one target. Times are in microseconds from the exchange's start."""

    number: int
    """From 1."""
    provider: str
    model: str
    protocol: str
    lane: str
    """pass, edit or translate."""
    started_us: int
    duration_us: int = 0
    first_token_us: int | None = None
    status: int | None = None
    """The provider's HTTP status; None where no head came."""
    error: str | None = None
    """``ErrorKind`` value; None for success."""
    error_message: str | None = None
    error_code: str | None = None
    hint: str | None = None
    upstream_request_id: str | None = None
    usage: Usage | None = None
    unknown: bool = False
    """Nothing came back after the request went out: the provider may have worked (and billed)."""
    verdict: str | None = None
    """What followed: retry, next_target, give_up."""


class Opening(msgspec.Struct, frozen=True, kw_only=True, tag="open"):
    """The journal's line before the first byte goes upstream. Without a Record behind it, the exchange was interrupted."""

    id: str
    started_at: int
    key: str | None
    protocol: str
    operation: str
    model: str
    target: str | None
    bytes_in: int = 0
    """Of the client's body: what an estimate goes by."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="close"):
    """The one row that an exchange leaves. ``started_at`` is in microseconds since the epoch, durations in microseconds."""

    id: str
    kind: Literal["exchange", "interrupted"] = "exchange"
    started_at: int
    duration_us: int = 0
    first_token_us: int | None = None
    """Start to the first meaningful byte to the client; for JSON, to the reply."""
    overhead_us: int | None = None
    """The part of the duration that the exchange did not spend waiting for a provider or for the client."""
    # who
    key: str | None = None
    label: str | None = None
    """Attribution: what followed the colon in ``secret:label``."""
    client_ip: str | None = None
    user_agent: str | None = None
    client_request_id: str | None = None
    # what
    protocol: str
    operation: str
    model: str
    """As the client wrote it."""
    stream: bool = False
    bytes_in: int = 0
    bytes_out: int = 0
    # where
    route: str | None = None
    provider: str | None = None
    target_model: str | None = None
    target_protocol: str | None = None
    lane: str | None = None
    reason: str | None = None
    """Why the plan's order was as it was."""
    losses: tuple[Loss, ...] = ()
    # how it went
    status: int = 0
    """What the client was told; 499 where it had gone (nginx's word for it)."""
    finish: str | None = None
    error: str | None = None
    error_message: str | None = None
    error_code: str | None = None
    notes: tuple[str, ...] = ()
    """Small deviations worth knowing: ``finish_inferred``, ``event_skipped``, ``partial`` …"""
    usage: Usage | None = None
    attempts: tuple[AttemptRecord, ...] = ()

    @property
    def tokens_per_second(self) -> float | None:
        """Output tokens over the time from the first token to the end; None where either is unknown."""
        if self.usage is None or self.first_token_us is None or not self.stream:
            return None
        span = self.duration_us - self.first_token_us
        return self.usage.output * 1_000_000 / span if span > 0 else None
