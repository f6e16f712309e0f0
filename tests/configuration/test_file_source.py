from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import pytest
from tests.configuration.loading import RULES

from plexus.configuration.file_source import FileSource, write_atomically
from plexus.configuration.problems import ConfigurationError

GOOD = "providers: {a: {base_url: https://x}}\nmodels: {%s: {provider: a}}\n"


def source(path: Path, text: str) -> FileSource:
    write(path, text)
    return FileSource(path, {}, RULES)


def write(path: Path, text: str) -> None:
    """Change the file so that its signature changes, however fast the test is."""
    path.write_text(text)
    moment = path.stat().st_mtime_ns + write.steps * 1_000_000_000  # type: ignore[attr-defined]
    write.steps += 1  # type: ignore[attr-defined]
    os.utime(path, ns=(moment, moment))


write.steps = 1  # type: ignore[attr-defined]


def test_a_change_takes_effect_and_the_old_snapshot_lives_on(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    file = source(path, GOOD % "one")
    file.load()
    pinned = file.current()
    write(path, GOOD % "two")
    assert file.reload_if_changed()
    assert set(file.current().routes) == {"two"}
    assert set(pinned.routes) == {"one"}
    assert not file.reload_if_changed()


@pytest.mark.parametrize("bad", ["models: {m: {provider: nope}}", "a: [", "\x00", "models: {m: 1}"])
def test_a_bad_file_never_replaces_a_good_snapshot(tmp_path: Path, bad: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "p.yaml"
    file = source(path, GOOD % "one")
    file.load()
    write(path, bad)
    with caplog.at_level(logging.ERROR):
        assert not file.reload_if_changed()
    assert set(file.current().routes) == {"one"}
    assert file.last_error is not None
    assert "stays in force" in caplog.text
    write(path, GOOD % "three")
    assert file.reload_if_changed()
    assert file.last_error is None


def test_a_file_that_vanishes_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    file = source(path, GOOD % "one")
    file.load()
    path.unlink()
    assert not file.reload_if_changed()
    assert set(file.current().routes) == {"one"}


def test_the_first_load_must_succeed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        source(tmp_path / "p.yaml", "nope: 1").load()


async def test_watching_looks_again_after_each_sleep(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    file = source(path, GOOD % "one")
    file.load()
    seen: list[set[str]] = []

    async def sleep(_: float) -> None:
        seen.append(set(file.current().routes))
        if len(seen) == 1:
            write(path, GOOD % "two")
        if len(seen) == 3:
            raise asyncio.CancelledError

    changes: list[set[str]] = []

    async def changed() -> None:
        changes.append(set(file.current().routes))

    with pytest.raises(asyncio.CancelledError):
        await file.watch(changed, sleep)
    assert seen == [{"one"}, {"two"}, {"two"}]
    assert changes == [{"two"}]


def test_a_preset_that_is_played_here_has_its_url_here(tmp_path: Path) -> None:
    file = source(tmp_path / "p.yaml", "providers: {mock: {preset: mock}}\n")
    file.load()
    file.serve_presets_at({"mock": "http://127.0.0.1:4321/v1"})
    (provider,) = file.current().providers.values()
    assert {endpoint.origin.port for endpoint in provider.endpoints.values()} == {4321}


def test_writing_is_atomic_and_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "p.yaml"
    write_atomically(path, "a: 1\n")
    write_atomically(path, "a: 2\n")
    assert path.read_text() == "a: 2\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["p.yaml"]


KEYED = "keys: {me: {secret: file:secret}}\nproviders: {a: {base_url: https://x}}\nmodels: {m: {provider: a}}\n"


def test_a_changed_secret_takes_effect_without_a_change_of_the_file_that_names_it(tmp_path: Path) -> None:
    path, secret = tmp_path / "p.yaml", tmp_path / "secret"
    write(secret, "sk-the-first-secret")
    file = source(path, KEYED)
    file.load()
    before = set(file.current().keys)
    assert not file.reload_if_changed()
    write(secret, "sk-the-second-secret")
    assert file.reload_if_changed()
    assert set(file.current().keys).isdisjoint(before)
    assert not file.reload_if_changed()


def test_a_secret_that_has_gone_changes_nothing_until_it_is_back(tmp_path: Path) -> None:
    path, secret = tmp_path / "p.yaml", tmp_path / "secret"
    write(secret, "sk-the-first-secret")
    file = source(path, KEYED)
    file.load()
    before = set(file.current().keys)
    secret.unlink()
    assert not file.reload_if_changed()
    assert file.last_error is not None
    assert set(file.current().keys) == before
    assert not file.reload_if_changed()
    write(secret, "sk-the-second-secret")
    assert file.reload_if_changed()
    assert set(file.current().keys).isdisjoint(before)
    assert file.last_error is None
