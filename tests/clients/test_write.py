"""A program's file is changed after a backup, whole, and for its owner's eyes only."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from plexus.clients.client import Change
from plexus.clients.merge import CannotMerge
from plexus.clients.write import apply_changes

CHANGE = Change(path=".tool/settings.json", form="json", members={"key": "sk-1"})


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    ((path, backup, changed),) = apply_changes((CHANGE,), tmp_path)
    assert json.loads(path.read_text()) == {"key": "sk-1"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (backup, changed) == (None, True)


def test_each_change_has_its_own_backup(tmp_path: Path) -> None:
    path = tmp_path / CHANGE.path
    path.parent.mkdir()
    path.write_text('{"other": 1}')
    apply_changes((CHANGE,), tmp_path)
    apply_changes((Change(path=CHANGE.path, form="json", members={"key": "sk-2"}),), tmp_path)
    assert json.loads(path.read_text()) == {"other": 1, "key": "sk-2"}
    backups = sorted(path.parent.glob("settings.json.plexus-backup-*"))
    assert [json.loads(one.read_text()) for one in backups] == [{"other": 1}, {"other": 1, "key": "sk-1"}]
    assert {stat.S_IMODE(one.stat().st_mode) for one in [path, *backups]} == {0o600}


def test_nothing_new_is_nothing_written(tmp_path: Path) -> None:
    apply_changes((CHANGE,), tmp_path)
    ((path, backup, changed),) = apply_changes((CHANGE,), tmp_path)
    assert (backup, changed) == (None, False)
    assert list(path.parent.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    (tmp_path / ".tool").mkdir()
    (tmp_path / CHANGE.path).symlink_to(real)
    apply_changes((CHANGE,), tmp_path)
    assert (tmp_path / CHANGE.path).is_symlink()
    assert json.loads(real.read_text()) == {"key": "sk-1"}


def test_all_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "second.json").write_text("{ // mine\n}")
    second = Change(path="second.json", form="json", members={"a": 1})
    with pytest.raises(CannotMerge, match=r"second\.json"):
        apply_changes((CHANGE, second), tmp_path)
    assert not (tmp_path / CHANGE.path).exists()
