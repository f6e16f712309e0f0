from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import pytest
from tests.configuration.support import loaded

from plexus.configuration.errors import ConfigurationError
from plexus.configuration.file_source import INTERVAL, FileSource
from plexus.configuration.load import Loaded

GOOD = "providers: { acme: { base_url: https://%s.example } }\n"


class Watched:
    """A file, its source, and what was told of it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "plexus.yaml"
        self.told: list[Loaded] = []
        self.loads = 0
        self.source = FileSource(self.path, self.load, self.told.append)

    def load(self, path: Path) -> Loaded:
        self.loads += 1
        return loaded(path)

    def write(self, text: str) -> None:
        """Write as editors do. The time stamps of two writes within one tick of the clock are the same."""
        stamp = self.path.stat().st_mtime_ns + 1 if self.path.exists() else 0
        self.path.write_text(text)
        os.utime(self.path, ns=(stamp, stamp))

    @property
    def hosts(self) -> list[str]:
        return [one.snapshot.providers["acme"].endpoints["openai_chat"].origin.host for one in self.told]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    one = Watched(tmp_path)
    one.write(GOOD % "one")
    one.source.load()
    return one


async def test_a_change_is_told(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await watched.source.look()
    assert watched.told == []
    watched.write(GOOD % "two")
    await watched.source.look()
    await watched.source.look()
    assert watched.hosts == ["two.example"]
    assert f"Configuration {watched.told[0].snapshot.revision} is in effect." in caplog.text


async def test_a_bad_file_is_refused_and_the_next_good_one_taken(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.write("providers: { acme: { base_ur: x } }\n")
    await watched.source.look()
    await watched.source.look()
    assert watched.told == []
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "line 1, column 22: providers.acme.base_ur: is no member" in line.getMessage()
    watched.write(GOOD % "three")
    await watched.source.look()
    assert watched.hosts == ["three.example"]


async def test_a_touched_file_is_not_loaded(watched: Watched) -> None:
    watched.write(GOOD % "one")
    await watched.source.look()
    assert watched.loads == 1


async def test_a_file_that_goes_and_comes_back(watched: Watched) -> None:
    watched.path.unlink()
    await watched.source.look()
    assert watched.told == []
    watched.write(GOOD % "two")
    await watched.source.look()
    assert watched.hosts == ["two.example"]


async def test_a_file_that_is_replaced_by_another_of_the_same_time_and_size(watched: Watched, tmp_path: Path) -> None:
    stamp = watched.path.stat().st_mtime_ns
    other = tmp_path / "other"
    other.write_text(GOOD % "six")
    os.utime(other, ns=(stamp, stamp))
    other.replace(watched.path)
    await watched.source.look()
    assert watched.hosts == ["six.example"]


async def test_files_that_it_refers_to_are_watched_too(watched: Watched, tmp_path: Path) -> None:
    watched.write('providers: { acme: { base_url: "https://a.example", api_key: "file:key" } }\n')
    await watched.source.look()
    assert watched.told == []
    (tmp_path / "key").write_text("one")
    await watched.source.look()
    (tmp_path / "key").write_text("another")
    await watched.source.look()
    credentials = [one.snapshot.providers["acme"].credential for one in watched.told]
    assert [one.secret for one in credentials if one is not None] == ["one", "another"]


async def test_a_change_during_the_load_is_not_missed(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.write(GOOD % "one")

    def slowly(path: Path) -> Loaded:
        found = loaded(path)
        if watched.loads < 2:
            watched.loads += 1
            watched.write(GOOD % f"later{watched.loads}")
        return found

    source = FileSource(watched.path, slowly, watched.told.append)
    source.load()
    await source.look()
    await source.look()
    await source.look()
    assert watched.hosts == ["later1.example", "later2.example"]


async def test_a_defect_of_ours_does_not_end_the_watching(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    def broken(path: Path) -> Loaded:
        if "two" in path.read_text():
            raise ZeroDivisionError
        return loaded(path)

    watched.source = FileSource(watched.path, broken, watched.told.append)
    watched.source.load()
    watched.write(GOOD % "two")
    await watched.source.look()
    assert watched.told == []
    assert "ZeroDivisionError" in caplog.text
    watched.write(GOOD % "three")
    await watched.source.look()
    assert watched.hosts == ["three.example"]


async def test_warnings_are_logged(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.write(GOOD % "one" + "cooldown: {}\n")
    await watched.source.look()
    assert "line 2, column 1: cooldown: is not in effect yet." in caplog.text


async def test_watching_looks_once_a_second_until_it_is_cancelled(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.write(GOOD % "one")
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise asyncio.CancelledError
        watched.write(GOOD % f"at{len(slept)}")

    source = FileSource(watched.path, watched.load, watched.told.append, sleep=sleep)
    source.load()
    with pytest.raises(asyncio.CancelledError):
        await source.watch()
    assert slept == [INTERVAL] * 3
    assert watched.hosts == ["at1.example", "at2.example"]


def test_the_first_load_raises(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        Watched(tmp_path).source.load()
