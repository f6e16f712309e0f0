"""Faults in both vendors' words."""

from __future__ import annotations

import pytest

from plexus.mock_provider.errors import BY_STATUS, KINDS, Fault, chat_error, kind_of, messages_error


def test_a_status_has_its_usual_kind() -> None:
    for status, name in BY_STATUS.items():
        assert kind_of(status) is KINDS[name]
        assert KINDS[name].status == status
    assert kind_of(418) is KINDS["invalid"]
    assert kind_of(599) is KINDS["server"]
    assert kind_of(200, "server") is KINDS["server"]
    with pytest.raises(KeyError):
        kind_of(400, "nonsense")


def test_the_bodies() -> None:
    fault = Fault(KINDS["rate-limit"], "slow down", "p", "c")
    assert chat_error(fault) == {
        "error": {"message": "slow down", "type": "rate_limit_error", "param": "p", "code": "c"}
    }
    error = {"type": "rate_limit_error", "message": "slow down"}
    assert messages_error(fault, "req_1") == {"type": "error", "error": error, "request_id": "req_1"}
    assert messages_error(fault, None) == {"type": "error", "error": error}
