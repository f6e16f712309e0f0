"""What follows a failure before the commit: the table of docs/failures as code. Pure, no clock."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.domain.snapshot import Failover

K = ErrorKind


class Verdict(enum.Enum):
    """The value is what stands in the attempt's record."""

    RETRY = "retry"
    NEXT_TARGET = "next_target"
    GIVE_UP = "give_up"


class Decision(NamedTuple):
    """``wait`` is in seconds, before the next attempt."""

    verdict: Verdict
    wait: float = 0.0


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What the verdict depends on besides the failure itself."""

    failover: Failover
    tries: int
    """Attempts at this target so far, the failed one included."""
    attempts: int
    """Attempts of the exchange so far."""
    others: bool
    """Another target is left in the plan."""
    only_target: bool
    """The plan had one target from the start."""
    time_left: float
    """Seconds to the exchange's deadline."""
    jitter: float = 0.0
    """-1 … 1, drawn by the caller."""
    fallback_on_content_filter: bool = False
    spent: bool = False
    """The request cannot be sent again: its body went up without being kept."""
    added_by_us: bool = False
    """The fault names a parameter that the client did not send: our translation did."""


class Same(enum.Enum):
    """May the same target be tried again?"""

    NEVER = enum.auto()
    BACKOFF = enum.auto()
    AT_ONCE = enum.auto()
    WHEN_ONLY = enum.auto()
    """Only where there is no other target."""
    WHEN_TOLD = enum.auto()
    """Only after a Retry-After within our patience."""
    RATE_LIMIT = enum.auto()
    """As WHEN_TOLD; the only target is tried up to three times in all without it."""


class Rule(NamedTuple):
    """One row: whether the same target may be tried again, and whether another one may."""

    same: Same
    other: bool


MOVE_ON = Rule(Same.NEVER, True)
ONCE_MORE = Rule(Same.BACKOFF, True)
STOP = Rule(Same.NEVER, False)

RULES: dict[ErrorKind, Rule] = {
    # the client's own fault: no target would answer otherwise
    K.BAD_REQUEST: STOP,
    K.CONTENT_REJECTED: STOP,
    K.CONTEXT_LENGTH: STOP,
    K.KEY_INVALID: STOP,
    K.KEY_FORBIDDEN: STOP,
    K.MODEL_UNKNOWN: STOP,
    K.NOT_FOUND: STOP,
    K.METHOD_NOT_ALLOWED: STOP,
    K.QUOTA_EXCEEDED: STOP,
    K.BODY_TOO_LARGE: MOVE_ON,
    K.LOSS_REFUSED: MOVE_ON,
    # limits and capacity
    K.RATE_LIMIT: Rule(Same.RATE_LIMIT, True),
    K.OVERLOADED: Rule(Same.WHEN_TOLD, True),
    K.UNAVAILABLE: MOVE_ON,
    # our account
    K.UPSTREAM_AUTH: MOVE_ON,
    K.UPSTREAM_BILLING: MOVE_ON,
    K.UPSTREAM_FORBIDDEN: MOVE_ON,
    K.UPSTREAM_MODEL_UNKNOWN: MOVE_ON,
    K.UPSTREAM_PATH: MOVE_ON,
    K.UPSTREAM_REDIRECT: STOP,
    K.UPSTREAM_CONFLICT: ONCE_MORE,
    # the provider broke
    K.UPSTREAM_ERROR: ONCE_MORE,
    K.UPSTREAM_GATEWAY: ONCE_MORE,
    K.UPSTREAM_MALFORMED: ONCE_MORE,
    K.UPSTREAM_FOREIGN: MOVE_ON,
    K.UPSTREAM_EMPTY: ONCE_MORE,
    K.UPSTREAM_CUT: ONCE_MORE,
    # no answer
    K.CONNECT_FAILED: Rule(Same.WHEN_ONLY, True),
    K.DNS_FAILED: MOVE_ON,
    K.TLS_FAILED: MOVE_ON,
    K.CONNECT_TIMEOUT: MOVE_ON,
    K.RESET_REUSED: Rule(Same.AT_ONCE, True),
    K.RESET: ONCE_MORE,
    K.FIRST_BYTE_TIMEOUT: MOVE_ON,
    K.FIRST_TOKEN_TIMEOUT: MOVE_ON,
    K.STALL_TIMEOUT: MOVE_ON,
    K.DEADLINE: STOP,
    # neither
    K.CLIENT_GONE: STOP,
    K.SHUTTING_DOWN: STOP,
    K.INTERNAL: STOP,
}

CLIENT_FAULTS = frozenset(
    {
        K.BAD_REQUEST, K.CONTEXT_LENGTH, K.CONTENT_REJECTED, K.KEY_INVALID, K.KEY_FORBIDDEN, K.MODEL_UNKNOWN, K.NOT_FOUND,
        K.METHOD_NOT_ALLOWED, K.BODY_TOO_LARGE, K.QUOTA_EXCEEDED, K.LOSS_REFUSED,
    }
)  # fmt: skip

RATE_LIMIT_TRIES = 3
BACKOFF_BASE, BACKOFF_CAP, JITTER = 0.5, 8.0, 0.25


def decide(error: GatewayError, now: Circumstances) -> Decision:
    """What follows ``error``. A retry that would not end before the deadline is none."""
    rule = RULES[error.kind]
    if error.kind is K.CONTENT_REJECTED and now.fallback_on_content_filter:
        rule = MOVE_ON
    if error.kind is K.BAD_REQUEST and now.added_by_us:
        rule = MOVE_ON
    rule = _by_configured_status(error, rule, now.failover)
    if now.spent or now.attempts >= now.failover.max_attempts:
        return Decision(Verdict.GIVE_UP)
    wait = _wait_for_same(error, rule, now)
    if wait is not None and wait < now.time_left:
        return Decision(Verdict.RETRY, wait)
    if rule.other and now.others and now.failover.enabled:
        return Decision(Verdict.NEXT_TARGET)
    return Decision(Verdict.GIVE_UP)


def _by_configured_status(error: GatewayError, rule: Rule, failover: Failover) -> Rule:
    """``failover.retryable_statuses``: outside it never again; inside it at least the next target, but for client faults."""
    allowed = failover.retryable_statuses
    if allowed is None or error.status is None:
        return rule
    if error.status not in allowed:
        return STOP
    if error.kind in CLIENT_FAULTS or rule.other:
        return rule
    return Rule(rule.same, True)


def _wait_for_same(error: GatewayError, rule: Rule, now: Circumstances) -> float | None:
    """Seconds to wait before the same target is tried again; None where it must not be."""
    same, tries_left = rule.same, now.tries <= now.failover.retries
    if error.should_retry is False:
        return None
    told = error.retry_after if error.retry_after is not None and error.retry_after > 0 else None
    backoff = _backoff(now)
    if same in (Same.RATE_LIMIT, Same.WHEN_TOLD) and told is not None:
        return told if tries_left and told <= now.failover.patience else None
    if same is Same.RATE_LIMIT:
        return backoff if now.only_target and now.tries < RATE_LIMIT_TRIES else None
    if not tries_left:
        return None
    if same is Same.BACKOFF:
        return backoff
    if same is Same.AT_ONCE:
        return 0.0
    if same is Same.WHEN_ONLY:
        return backoff if now.only_target else None
    return backoff if error.should_retry and rule.other else None


def _backoff(now: Circumstances) -> float:
    return min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** (now.tries - 1)) * (1 + JITTER * now.jitter)


# What the client is told when nothing is left: the most useful failure, not the last one.
RANKS: tuple[frozenset[ErrorKind], ...] = (
    CLIENT_FAULTS,
    frozenset({K.UPSTREAM_AUTH, K.UPSTREAM_BILLING, K.UPSTREAM_FORBIDDEN, K.UPSTREAM_MODEL_UNKNOWN}),
    frozenset({K.RATE_LIMIT}),
    frozenset({K.OVERLOADED, K.UNAVAILABLE, K.SHUTTING_DOWN}),
    frozenset(
        {
            K.UPSTREAM_ERROR, K.UPSTREAM_GATEWAY, K.UPSTREAM_MALFORMED, K.UPSTREAM_FOREIGN, K.UPSTREAM_EMPTY, K.UPSTREAM_CUT,
            K.UPSTREAM_PATH, K.UPSTREAM_REDIRECT, K.UPSTREAM_CONFLICT,
        }
    ),
    frozenset({K.FIRST_BYTE_TIMEOUT, K.FIRST_TOKEN_TIMEOUT, K.STALL_TIMEOUT, K.DEADLINE, K.CONNECT_TIMEOUT}),
)  # fmt: skip


def most_useful(errors: Sequence[GatewayError]) -> GatewayError:
    """The failure to show out of those that all attempts met, in their order; ties go to the first.

    Billing refusals show as the client's 429 only when every target says so. A rate limit carries the shortest
    Retry-After of all. ``errors`` is not empty.
    """
    if all(error.kind is K.UPSTREAM_BILLING for error in errors):
        first = errors[0]
        return ProviderError(
            K.RATE_LIMIT, first.message, code="insufficient_quota", status=first.status, retry_after=_shortest(errors)
        )
    best = min(errors, key=_rank)
    if best.kind in (K.RATE_LIMIT, K.OVERLOADED):
        best.retry_after = _shortest([error for error in errors if error.kind is best.kind])
    return best


def _rank(error: GatewayError) -> int:
    return next((rank for rank, kinds in enumerate(RANKS) if error.kind in kinds), len(RANKS))


def _shortest(errors: Sequence[GatewayError]) -> float | None:
    return min((error.retry_after for error in errors if error.retry_after is not None), default=None)
