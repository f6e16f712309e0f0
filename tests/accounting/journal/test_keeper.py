from __future__ import annotations

from pathlib import Path

import pytest

from plexus.accounting.journal.keeper import CHECKPOINT, SET_ASIDE, Keeper
from plexus.accounting.journal.segments import Position, list_segments, segment_path


def test_a_checkpoint_is_kept(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    assert keeper.checkpoint() == Position(0, 0)
    for position in (Position(3, 123_456), Position(4, 0)):
        assert keeper.save(position)
        assert keeper.save(position), "again is nothing new"
        assert Keeper(tmp_path).checkpoint() == position


@pytest.mark.parametrize("content", ["", "3", "three 4", "1 2 3", "\0\0\0\0"])
def test_a_checkpoint_that_cannot_be_read_means_the_beginning(tmp_path: Path, content: str) -> None:
    (tmp_path / CHECKPOINT).write_text(content)
    assert Keeper(tmp_path).checkpoint() == Position(0, 0)


def test_lines_are_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper(tmp_path)
    keeper.set_aside([b"one", b"two"], "cut")
    keeper.set_aside([], "nothing")
    assert keeper.save(Position(1, 5))
    keeper.set_aside([b"three"], "cut")
    assert keeper.save(Position(1, 5))
    assert (tmp_path / SET_ASIDE).read_bytes() == b"one\ntwo\nthree\n"
    assert keeper.set_aside_count == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"journal: {count} lines set aside in {tmp_path / SET_ASIDE}: cut" for count in (2, 1)
    ]


def test_lines_that_cannot_be_set_aside_hold_the_checkpoint_back(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    assert keeper.save(Position(1, 5))
    (tmp_path / SET_ASIDE).mkdir()  # in the way
    keeper.set_aside([b"one"], "cut")
    assert not keeper.save(Position(1, 9))
    assert Keeper(tmp_path).checkpoint() == Position(1, 5)
    (tmp_path / SET_ASIDE).rmdir()
    assert keeper.save(Position(1, 9))
    assert (tmp_path / SET_ASIDE).read_bytes() == b"one\n"
    assert Keeper(tmp_path).checkpoint() == Position(1, 9)


def test_old_segments_go(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        segment_path(tmp_path, number).touch()
    Keeper(tmp_path).remove_before(3)
    assert list_segments(tmp_path) == [3]
    Keeper(tmp_path / "missing").remove_before(3)
