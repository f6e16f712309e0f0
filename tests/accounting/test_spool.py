"""Turns on their way into the database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from plexus.accounting import segments
from plexus.accounting.spool import Spool
from plexus.domain.turn import Issuer, Turn


def turn(ident: str, owner: str = "k", said: str = "Hi") -> Turn:
    return Turn(
        owner=owner,
        id=ident,
        created_at=1,
        issuer=Issuer("p", "default", ident),
        body=msgspec.Raw(b'{"id":"x"}'),
        given=(msgspec.Raw(msgspec.json.encode({"id": "msg_1", "content": said})),),
        output=(msgspec.Raw(b'{"id":"msg_2"}'),),
    )


class Database:
    """Takes turns, while it is up."""

    def __init__(self) -> None:
        self.down = False
        self.turns: list[Turn] = []
        self.taken = asyncio.Event()

    async def drain(self, turns: Sequence[Turn]) -> None:
        if self.down:
            raise ConnectionError("down")
        self.turns += turns
        self.taken.set()


async def never(_: float) -> None:
    await asyncio.get_running_loop().create_future()


async def test_a_turn_is_in_memory_until_the_database_has_it(tmp_path: Path) -> None:
    database = Database()
    spool = Spool(tmp_path, database.drain)
    await spool.start()
    spool.add(turn("resp_1"))
    assert spool.get("k", "resp_1") == turn("resp_1")
    assert spool.get("other", "resp_1") is None
    await database.taken.wait()
    await spool.flush()
    assert database.turns == [turn("resp_1")]
    assert spool.get("k", "resp_1") is None
    await spool.stop()


async def test_flush_says_that_the_database_is_down(tmp_path: Path) -> None:
    database = Database()
    database.down = True
    spool = Spool(tmp_path, database.drain, sleep=never)
    await spool.start()
    spool.add(turn("resp_1"))
    with pytest.raises(ConnectionError):
        await spool.flush()
    assert spool.get("k", "resp_1") is not None
    await spool.stop()


async def test_a_database_that_comes_back_gets_everything(tmp_path: Path) -> None:
    database, tries = Database(), list[float]()
    database.down = True

    async def sleep(seconds: float) -> None:
        tries.append(seconds)
        database.down = len(tries) < 10

    spool = Spool(tmp_path, database.drain, sleep=sleep)
    await spool.start()
    spool.add(turn("resp_1"))
    await database.taken.wait()
    assert [one.id for one in database.turns] == ["resp_1"]
    assert tries[:3] == [0.2, 0.4, 0.8]
    assert max(tries) == 30.0
    await spool.stop()


async def test_a_killed_process_leaves_its_turns(tmp_path: Path) -> None:
    database = Database()
    database.down = True
    dead = Spool(tmp_path, database.drain, sleep=never)
    await dead.start()
    dead.add(turn("resp_1"))
    dead.add(turn("resp_2"))
    assert dead._segments is not None
    assert dead._task is not None
    dead._task.cancel()
    dead._segments.release()  # what a kill does: the lock goes, the files stay

    spool = Spool(tmp_path, database.drain, sleep=never)
    await spool.start()
    assert spool.get("k", "resp_2") == turn("resp_2"), "found before the database is up"
    database.down = False
    await spool.flush()
    assert [one.id for one in database.turns] == ["resp_1", "resp_2"]
    await spool.stop()
    again = Spool(tmp_path, database.drain)
    await again.start()
    await again.flush()
    await again.stop()
    assert len(database.turns) == 2, "nothing comes twice"


async def test_what_a_second_dead_process_left_is_taken_over(tmp_path: Path) -> None:
    database = Database()
    database.down = True
    first, second = Spool(tmp_path, database.drain, sleep=never), Spool(tmp_path, database.drain, sleep=never)
    await first.start()
    await second.start()
    second.add(turn("resp_2"))
    for dead in (first, second):
        assert dead._segments is not None
        assert dead._task is not None
        dead._task.cancel()
        dead._segments.release()
    database.down = False
    spool = Spool(tmp_path, database.drain)
    await spool.start()
    await spool.flush()
    await spool.stop()
    assert [one.id for one in database.turns] == ["resp_2"]
    assert not (tmp_path / "1").exists()


async def test_memory_keeps_the_newest(tmp_path: Path) -> None:
    database = Database()
    database.down = True
    size = len(segments.encode_line(turn("resp_1")))
    spool = Spool(tmp_path, database.drain, memory=2 * size, sleep=never)
    await spool.start()
    for number in (1, 2, 2, 3):
        spool.add(turn(f"resp_{number}"))
    assert [spool.get("k", f"resp_{number}") is not None for number in (1, 2, 3)] == [False, True, True]
    database.down = False
    await spool.flush()
    assert [one.id for one in database.turns] == ["resp_1", "resp_2", "resp_2", "resp_3"]
    await spool.stop()


async def test_a_full_disk_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(tmp_path, Database().drain)
    await spool.start()

    def full(_: object, line: bytes) -> None:
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(segments.Segments, "append", full)
        spool.add(turn("resp_1"))
    assert spool.get("k", "resp_1") is None
    assert "no space" in caplog.text
    await spool.stop()
