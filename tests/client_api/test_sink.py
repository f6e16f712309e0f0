from __future__ import annotations

from typing import Any
from unittest.mock import Mock, call

import pytest

from plexus.client_api.sink import HttpSink
from plexus.http1.server import Incoming


def sink() -> tuple[HttpSink, Any]:
    incoming = Mock(spec=Incoming)
    return HttpSink(incoming), incoming


def test_a_whole_reply_is_the_commit() -> None:
    one, incoming = sink()
    before = one.committed
    one.send(200, [(b"a", b"b")], b"body")
    assert (before, one.committed) == (False, True)
    assert incoming.mock_calls == [call.respond(200, [(b"a", b"b")], b"body")]


def test_the_head_of_a_stream_is_the_commit() -> None:
    one, incoming = sink()
    one.start(200, [])
    assert one.committed
    one.write(b"x")
    one.end()
    assert incoming.mock_calls == [call.start(200, []), call.write(b"x"), call.end()]


def test_breaking_off_is_none() -> None:
    one, incoming = sink()
    one.abort()
    assert not one.committed
    assert incoming.mock_calls == [call.abort()]


@pytest.mark.parametrize("state", [True, False])
def test_the_clients_state_shows_through(state: bool) -> None:
    one, incoming = sink()
    incoming.gone, incoming.full = state, state
    assert (one.gone, one.full) == (state, state)


def test_a_callback_is_handed_on_and_taken_back() -> None:
    one, incoming = sink()
    again = Mock()
    one.when_writable(again)
    one.when_writable(None)
    assert incoming.mock_calls == [call.when_writable(again), call.when_writable(None)]
