from __future__ import annotations

import pytest
from tests.configuration.support import loaded, mistake, snapshot

from plexus.domain.provider import Timeouts
from plexus.domain.snapshot import Failover, Snapshot


def test_defaults_are_the_domains() -> None:
    found = snapshot("")
    assert found == Snapshot(revision=found.revision, loaded_at=found.loaded_at)


@pytest.mark.parametrize(
    ("members", "failover"),
    [
        ("", Failover()),
        ("enabled: false", Failover(enabled=False)),
        ("retries: 0, max_attempts: 3, patience: 0.5", Failover(retries=0, max_attempts=3, patience=0.5)),
        ("retryableStatusCodes: [429, 500]", Failover(retryable_statuses=frozenset({429, 500}))),
        ("retryable_status_codes: []", Failover(retryable_statuses=frozenset())),
    ],
)
def test_failover(members: str, failover: Failover) -> None:
    assert snapshot(f"failover: {{ {members} }}").failover == failover


def test_what_stands_at_the_top() -> None:
    found = snapshot("heartbeat_seconds: null\nmax_body_bytes: 1000")
    assert (found.heartbeat_seconds, found.max_body_bytes) == (None, 1000)


def test_timeouts_of_the_top_reach_every_provider() -> None:
    members = "connect: 1, first_byte: null, first_token: 20, idle: 30, progress: 40, total: 50, total_stream: 60"
    found = snapshot(f"timeouts: {{ {members} }}\n" + "providers: { ollama: {} }").providers["ollama"]
    expected = Timeouts(connect=1, first_byte=None, first_token=20, idle=30, progress=40, total=50, total_stream=60)
    assert found.timeouts == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timeouts: { connect: 0 }", "must be greater than 0."),
        ("timeouts: { connect: null }", "has no value."),
        ("timeouts: { connect: .inf }", "must be a finite number."),
        ("timeouts: { conect: 1 }", "is no member that is known here."),
        ("failover: { retries: 11 }", "must be at most 10."),
        ("failover: { retryable_status_codes: [42] }", "must be at least 100."),
        ("heartbeat_seconds: -1", "must be greater than 0."),
        ("max_body_bytes: 1.5", "must be a whole number."),
        ("adminKey: short", "has fewer than 12 characters."),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    assert mistake(text).message == message


def test_the_admin_key_of_the_file() -> None:
    assert loaded("adminKey: 0123456789ab").admin_key == "0123456789ab"
    assert loaded("admin_key: '${A}'", {"A": "0123456789ab"}).admin_key == "0123456789ab"
    assert loaded("").admin_key is None
