from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.builders import digest
from tests.configuration.loading import load

from plexus.configuration.starter import write_starter


def test_the_first_file_loads_and_has_its_own_secrets(tmp_path: Path) -> None:
    path = tmp_path / "config" / "plexus.yaml"
    secret = write_starter(path)
    assert re.fullmatch(r"sk-[A-Za-z0-9_-]{43}", secret)
    assert path.stat().st_mode & 0o777 == 0o600
    loaded = load(path.read_text())
    assert loaded.warnings == []
    assert loaded.trial_key == secret
    assert digest(secret) in loaded.snapshot.keys
    assert loaded.admin_key is not None
    assert loaded.admin_key != secret
    first = next(iter(loaded.snapshot.routes.values()))
    assert first.targets[0].provider.preset == "mock"
    assert write_starter(tmp_path / "other.yaml") != secret


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "plexus.yaml"
    path.write_text("keys: {}")
    with pytest.raises(FileExistsError):
        write_starter(path)
    assert path.read_text() == "keys: {}"
