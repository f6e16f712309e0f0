from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.domain.snapshot import Failover
from plexus.routing.verdict import CLIENT_FAULTS, RULES, Circumstances, Decision, Verdict, decide, most_useful

K = ErrorKind
S, N, X = Verdict.RETRY, Verdict.NEXT_TARGET, Verdict.GIVE_UP


def now(**members: Any) -> Circumstances:
    defaults: dict[str, Any] = {
        "failover": Failover(), "tries": 1, "attempts": 1, "others": True, "only_target": False, "time_left": 600.0,
    }  # fmt: skip
    return Circumstances(**{**defaults, **members})


ONLY = {"others": False, "only_target": True}


def error(kind: ErrorKind, **members: Any) -> GatewayError:
    return GatewayError(kind, "x", **members)


# One line a row of docs/failures: the first failure with another target left, the second try's, the only target's.
TABLE = [
    (K.CONNECT_FAILED, N, N, S),
    (K.DNS_FAILED, N, N, X),
    (K.TLS_FAILED, N, N, X),
    (K.CONNECT_TIMEOUT, N, N, X),
    (K.UNAVAILABLE, N, N, X),
    (K.RESET_REUSED, S, N, S),
    (K.RESET, S, N, S),
    (K.FIRST_BYTE_TIMEOUT, N, N, X),
    (K.FIRST_TOKEN_TIMEOUT, N, N, X),
    (K.STALL_TIMEOUT, N, N, X),
    (K.BAD_REQUEST, X, X, X),
    (K.CONTEXT_LENGTH, X, X, X),
    (K.CONTENT_REJECTED, X, X, X),
    (K.UPSTREAM_AUTH, N, N, X),
    (K.UPSTREAM_BILLING, N, N, X),
    (K.UPSTREAM_FORBIDDEN, N, N, X),
    (K.UPSTREAM_MODEL_UNKNOWN, N, N, X),
    (K.NOT_FOUND, X, X, X),
    (K.UPSTREAM_PATH, N, N, X),
    (K.UPSTREAM_CONFLICT, S, N, S),
    (K.BODY_TOO_LARGE, N, N, X),
    (K.RATE_LIMIT, N, N, S),
    (K.OVERLOADED, N, N, X),
    (K.UPSTREAM_ERROR, S, N, S),
    (K.UPSTREAM_GATEWAY, S, N, S),
    (K.UPSTREAM_REDIRECT, X, X, X),
    (K.UPSTREAM_FOREIGN, N, N, X),
    (K.UPSTREAM_MALFORMED, S, N, S),
    (K.UPSTREAM_CUT, S, N, S),
    (K.UPSTREAM_EMPTY, S, N, S),
    (K.LOSS_REFUSED, N, N, X),
    (K.DEADLINE, X, X, X),
    (K.CLIENT_GONE, X, X, X),
    (K.SHUTTING_DOWN, X, X, X),
    (K.INTERNAL, X, X, X),
]


@pytest.mark.parametrize(("kind", "first", "second", "only"), TABLE, ids=[row[0].value for row in TABLE])
def test_each_row_of_the_table(kind: ErrorKind, first: Verdict, second: Verdict, only: Verdict) -> None:
    assert decide(error(kind), now()).verdict is first
    assert decide(error(kind), now(tries=2, attempts=2)).verdict is second
    assert decide(error(kind), now(**ONLY)).verdict is only


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(ErrorKind)


@pytest.mark.parametrize("kind", [K.RATE_LIMIT, K.OVERLOADED])
def test_a_retry_after_within_our_patience_is_waited_for(kind: ErrorKind) -> None:
    assert decide(error(kind, retry_after=3.0), now()) == Decision(S, 3.0)
    assert decide(error(kind, retry_after=3.1), now()) == Decision(N)
    assert decide(error(kind, retry_after=3.1), now(**ONLY)) == Decision(X)
    assert decide(error(kind, retry_after=2.0), now(time_left=1.5)) == Decision(N)


def test_a_rate_limit_without_a_time_is_tried_three_times_at_the_only_target() -> None:
    decisions = [decide(error(K.RATE_LIMIT), now(**ONLY, tries=tries, attempts=tries)) for tries in (1, 2, 3)]
    assert decisions == [Decision(S, 0.5), Decision(S, 1.0), Decision(X)]


@pytest.mark.parametrize("told", [0.0, -1.0, None])
def test_a_zero_or_past_retry_after_counts_as_absent(told: float | None) -> None:
    assert decide(error(K.RATE_LIMIT, retry_after=told), now(**ONLY)) == Decision(S, 0.5)


def test_backoff_doubles_is_capped_and_jitters_by_a_quarter() -> None:
    waits = [
        decide(error(K.UPSTREAM_ERROR), now(tries=tries, failover=Failover(retries=9, max_attempts=99))).wait
        for tries in range(1, 8)
    ]
    assert waits == [0.5, 1, 2, 4, 8, 8, 8]
    assert decide(error(K.UPSTREAM_ERROR), now(jitter=1.0)).wait == 0.625
    assert decide(error(K.UPSTREAM_ERROR), now(jitter=-1.0)).wait == 0.375


def test_should_retry_is_obeyed_both_ways() -> None:
    assert decide(error(K.UPSTREAM_ERROR, should_retry=False), now()).verdict is N
    assert decide(error(K.OVERLOADED, should_retry=True), now()).verdict is S


def test_six_attempts_are_the_end() -> None:
    assert decide(error(K.UPSTREAM_AUTH), now(attempts=6)).verdict is X


def test_failover_switched_off_still_tries_the_same_target_again() -> None:
    off = Failover(enabled=False)
    assert decide(error(K.UPSTREAM_ERROR), now(failover=off)).verdict is S
    assert decide(error(K.UPSTREAM_ERROR), now(failover=off, tries=2)).verdict is X


def test_a_content_filter_is_shopped_around_only_where_the_route_says_so() -> None:
    assert decide(error(K.CONTENT_REJECTED), now(fallback_on_content_filter=True)).verdict is N


def test_a_parameter_that_we_added_moves_on() -> None:
    assert decide(error(K.BAD_REQUEST), now(added_by_us=True)).verdict is N


def test_configured_statuses() -> None:
    some = Failover(retryable_statuses=frozenset({500, 302, 400}))
    assert decide(error(K.UPSTREAM_ERROR, status=500), now(failover=some)).verdict is S
    assert decide(error(K.UPSTREAM_GATEWAY, status=502), now(failover=some)).verdict is X
    assert decide(error(K.UPSTREAM_REDIRECT, status=302), now(failover=some)).verdict is N
    assert decide(error(K.BAD_REQUEST, status=400), now(failover=some)).verdict is X
    assert decide(error(K.CONNECT_FAILED), now(failover=some)).verdict is N


CIRCUMSTANCES = st.builds(
    Circumstances,
    failover=st.builds(Failover, retries=st.integers(0, 3), max_attempts=st.integers(1, 6)),
    tries=st.integers(1, 6),
    attempts=st.integers(1, 6),
    others=st.booleans(),
    only_target=st.booleans(),
    time_left=st.floats(0, 600),
    jitter=st.floats(-1, 1),
    spent=st.booleans(),
)


@given(st.sampled_from(ErrorKind), CIRCUMSTANCES, st.none() | st.floats(0, 100))
def test_no_verdict_breaks_the_limits(kind: ErrorKind, place: Circumstances, told: float | None) -> None:
    decision = decide(error(kind, retry_after=told), place)
    assert decision.wait >= 0
    if place.spent:
        assert decision.verdict is X
    if decision.verdict is S:
        assert place.attempts < place.failover.max_attempts
        assert decision.wait < place.time_left
    if decision.verdict is N:
        assert place.others
    if kind in CLIENT_FAULTS - {K.BODY_TOO_LARGE, K.LOSS_REFUSED}:
        assert decision.verdict is X


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [
        ((K.CONNECT_FAILED, K.RATE_LIMIT), K.RATE_LIMIT),
        ((K.RATE_LIMIT, K.UPSTREAM_AUTH), K.UPSTREAM_AUTH),
        ((K.UPSTREAM_ERROR, K.BAD_REQUEST), K.BAD_REQUEST),
        ((K.CONNECT_FAILED, K.FIRST_BYTE_TIMEOUT), K.FIRST_BYTE_TIMEOUT),
        ((K.UPSTREAM_ERROR, K.OVERLOADED), K.OVERLOADED),
        ((K.UPSTREAM_ERROR, K.UPSTREAM_GATEWAY), K.UPSTREAM_ERROR),
        ((K.UPSTREAM_BILLING, K.UPSTREAM_BILLING), K.RATE_LIMIT),
        ((K.UPSTREAM_BILLING, K.UPSTREAM_ERROR), K.UPSTREAM_BILLING),
    ],
)
def test_the_client_sees_the_most_useful_failure(kinds: tuple[ErrorKind, ...], shown: ErrorKind) -> None:
    assert most_useful([error(kind) for kind in kinds]).kind is shown


def test_a_rate_limit_carries_the_shortest_retry_after() -> None:
    errors = [
        error(K.RATE_LIMIT, retry_after=9.0),
        error(K.RATE_LIMIT, retry_after=4.0),
        error(K.OVERLOADED, retry_after=1.0),
    ]
    assert most_useful(errors).retry_after == 4.0
