from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from plexus.settings import MEMORY, Settings, SettingsError, database_url, load_or_make_root_key, parse_key


def test_an_empty_environment_has_defaults() -> None:
    settings = Settings.from_environ({})
    assert (settings.host, settings.port) == ("127.0.0.1", 4000)
    assert settings.config == Path("config/plexus.yaml")
    assert settings.database_url == "sqlite+aiosqlite:///config/usage.sqlite"
    assert settings.journal == Path("config/journal")
    assert (settings.log_level, settings.debug, settings.admin_key) == ("info", False, None)


def test_both_names_of_a_variable_are_read_ours_first() -> None:
    old = {"CONFIG_FILE": "/old.yaml", "DATABASE_URL": "postgres://old/x"}
    assert Settings.from_environ(old).config == Path("/old.yaml")
    assert Settings.from_environ(old).database_url == "postgresql+asyncpg://old/x"
    both = Settings.from_environ({**old, "PLEXUS_CONFIG": "/new.yaml", "PLEXUS_DB_URL": "sqlite://:memory:"})
    assert (both.config, both.database_url) == (Path("/new.yaml"), MEMORY)


def test_debug_raises_the_level_and_a_level_wins_over_it() -> None:
    assert Settings.from_environ({"DEBUG": "true"}).log_level == "debug"
    assert Settings.from_environ({"DEBUG": "1", "LOG_LEVEL": "WARN"}).log_level == "warning"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite://:memory:", MEMORY),
        ("sqlite:///:memory:", MEMORY),
        ("sqlite://data/x.db", "sqlite+aiosqlite:///data/x.db"),
        ("sqlite:///data/x.db", "sqlite+aiosqlite:///data/x.db"),
        ("sqlite:////var/x.db", "sqlite+aiosqlite:////var/x.db"),
        ("sqlite+aiosqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("postgres://u:p@h:5/d?ssl=require", "postgresql+asyncpg://u:p@h:5/d?ssl=require"),
        ("postgresql://h/d", "postgresql+asyncpg://h/d"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg://h/d"),
    ],
)
def test_every_spelling_of_a_database(written: str, meant: str) -> None:
    assert database_url(written) == meant


@pytest.mark.parametrize(
    "environ",
    [
        {"PORT": "http"},
        {"PORT": "70000"},
        {"LOG_LEVEL": "loud"},
        {"PLEXUS_DB_URL": "mysql://x"},
        {"PLEXUS_DB_URL": "x.db"},
        {"ENCRYPTION_KEY": "short"},
        {"PLEXUS_DRAIN_SECONDS": "soon"},
    ],
)
def test_a_value_that_cannot_be_used_says_what_to_write(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"Write "):
        Settings.from_environ(environ)


def test_a_key_is_hex_or_base64() -> None:
    key = bytes(range(32))
    assert parse_key(key.hex()) == key
    assert parse_key(base64.b64encode(key).decode()) == key
    assert parse_key(base64.urlsafe_b64encode(key).decode()) == key


def test_the_root_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = Settings.from_environ({"PLEXUS_CONFIG": str(tmp_path / "deep" / "plexus.yaml")})
    key = load_or_make_root_key(settings)
    assert len(key) == 32
    assert load_or_make_root_key(settings) == key
    assert (tmp_path / "deep" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_two_that_start_at_once_get_one_root_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environ({"PLEXUS_CONFIG": str(tmp_path / "p.yaml")})
    written, others = os.fdopen, []

    def other_first(*arguments: Any, **members: Any) -> Any:
        monkeypatch.setattr(os, "fdopen", written)
        others.append(load_or_make_root_key(settings))  # the other process, just before ours has written its key
        return written(*arguments, **members)

    monkeypatch.setattr(os, "fdopen", other_first)
    assert [load_or_make_root_key(settings)] == others
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_the_environments_root_key_makes_no_file(tmp_path: Path) -> None:
    settings = Settings.from_environ({"PLEXUS_CONFIG": str(tmp_path / "p.yaml"), "ENCRYPTION_KEY": "ab" * 32})
    assert load_or_make_root_key(settings) == b"\xab" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_broken_root_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("garbage")
    settings = Settings.from_environ({"PLEXUS_CONFIG": str(tmp_path / "p.yaml")})
    with pytest.raises(SettingsError, match="holds no key"):
        load_or_make_root_key(settings)


@pytest.mark.parametrize("name", ["PLEXUS_CONFIG", "CONFIG_FILE"])
@pytest.mark.parametrize(
    ("more", "needs"),
    [
        ({}, {"ENCRYPTION_KEY", "PLEXUS_DB_URL"}),
        ({"ENCRYPTION_KEY": "00" * 32}, {"PLEXUS_DB_URL"}),
        ({"DATABASE_URL": "postgres://h/n"}, {"ENCRYPTION_KEY"}),
        ({"ENCRYPTION_KEY": "00" * 32, "PLEXUS_DB_URL": "postgresql://h/n"}, set()),
    ],
)
def test_a_configuration_in_the_database_is_refused_with_what_to_do(
    name: str, more: dict[str, str], needs: set[str]
) -> None:
    with pytest.raises(SettingsError, match=r"not built yet\. Write the path of a file") as refused:
        Settings.from_environ({name: "database", **more})
    assert {each for each in ("ENCRYPTION_KEY", "PLEXUS_DB_URL") if each in str(refused.value)} == needs


def test_a_file_may_be_called_database() -> None:
    assert Settings.from_environ({"PLEXUS_CONFIG": "./database"}).config.name == "database"
