"""Where a stream is cut, stalled, garbled or joined, without a socket."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import CHAT, MESSAGES

from plexus.mock_provider import Stream
from plexus.mock_provider.script import Abort, End, Script, Sleep, Start, Wait, Write

_TEXT = "one two three"
"""Chat: role, three deltas, finish, [DONE]; Messages: start, block, ping, three deltas, stop, delta, stop."""
_ALL = {CHAT: 7, MESSAGES: 10}


def _script(path: str, **members: Any) -> Script:
    return support.script_of(path, support.body_for(path, stream=True), step=Stream(_TEXT, **members))


def _events(script: Script) -> int:
    return sum(action.events for action in script if isinstance(action, Write))


BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])


@BOTH
def test_the_whole_stream(path: str) -> None:
    script = _script(path)
    assert isinstance(script[0], Start)
    assert isinstance(script[-1], End)
    assert _events(script) == len(script) - 2 == _ALL[path]


@BOTH
@pytest.mark.parametrize("count", [0, 1, 4, 99])
def test_a_cut_counts_events(path: str, count: int) -> None:
    ended, broken = _script(path, cut_after=count), _script(path, cut_after=count, cut="abort")
    assert _events(ended) == _events(broken) == min(count, _ALL[path])
    assert isinstance(ended[-1], End)
    assert isinstance(broken[-1], Abort)


@BOTH
def test_a_cut_inside_an_event_is_no_event_more(path: str) -> None:
    script = _script(path, cut_after=2, cut_inside=9)
    last = script[-2]
    assert isinstance(last, Write)
    assert (len(last.data), last.events, _events(script)) == (9, 0, 2)


@BOTH
@pytest.mark.parametrize("count", [0, 3, 99])
def test_a_stall_waits_once_and_the_rest_follows(path: str, count: int) -> None:
    script = _script(path, stall_after=count)
    (at,) = (index for index, action in enumerate(script) if isinstance(action, Wait))
    assert _events(script[:at]) == min(count, _ALL[path])
    assert _events(script) == _ALL[path]
    assert isinstance(script[-1], End)


@BOTH
def test_an_error_takes_the_place_of_the_rest(path: str) -> None:
    script = _script(path, error_after=3)
    last = script[-2]
    assert isinstance(last, Write)
    assert b"error" in last.data
    assert _events(script) == 4


@BOTH
def test_a_delay_stands_between_events(path: str) -> None:
    script = _script(path, delay=0.1)
    assert [type(action) for action in script[1:4]] == [Write, Sleep, Write]
    assert sum(isinstance(action, Sleep) for action in script) == _ALL[path] - 1


@BOTH
def test_chunks_of_several_tokens(path: str) -> None:
    assert _events(_script(path, chunk=10)) == _ALL[path] - 3


def test_one_write_is_one_piece() -> None:
    script = support.script_of(CHAT, support.chat(stream=True), step=Stream("hello there", one_write=True))
    start, piece, _ = script
    assert isinstance(start, Start)
    assert isinstance(piece, Write)
    assert piece.events == len(support.events_of(CHAT, support.chat(), step=Stream("hello there")))
