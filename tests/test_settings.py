from __future__ import annotations

import base64
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from plexus.settings import VARIABLES, Settings, SettingsError, database_url

KEY = bytes(range(224, 256))


def test_defaults() -> None:
    settings = Settings.from_environ({})
    assert settings == Settings(database_url="sqlite+aiosqlite:///config/usage.sqlite")
    assert (settings.port, settings.host, settings.log_level) == (4000, "127.0.0.1", "info")
    assert settings.config_path == Path("config/plexus.yaml")
    assert settings.secret_key_path == Path("config/secret.key")
    assert settings.journal_path == Path("config/journal")


def test_what_a_gateway_keeps_stands_beside_its_configuration() -> None:
    settings = Settings.from_environ({"PLEXUS_CONFIG": "/etc/plexus/plexus.yaml"})
    assert settings.database_url == "sqlite+aiosqlite:////etc/plexus/usage.sqlite"
    assert settings.secret_key_path == Path("/etc/plexus/secret.key")
    assert settings.journal_path == Path("/etc/plexus/journal")


@pytest.mark.parametrize(
    ("variable", "text", "setting", "value"),
    [
        ("PORT", "8080", "port", 8080),
        ("PORT", "0", "port", 0),
        ("HOST", "::", "host", "::"),
        ("PLEXUS_CONFIG", "a/b.yaml", "config_path", Path("a/b.yaml")),
        ("CONFIG_FILE", "a/b.yaml", "config_path", Path("a/b.yaml")),
        ("PLEXUS_DB_URL", "sqlite://:memory:", "database_url", "sqlite+aiosqlite:///:memory:"),
        ("DATABASE_URL", "postgres://u@h/d", "database_url", "postgresql+asyncpg://u@h/d"),
        ("PLEXUS_JOURNAL", "/var/spool/plexus", "journal_path", Path("/var/spool/plexus")),
        ("PLEXUS_DRAIN_SECONDS", "0.5", "drain_seconds", 0.5),
        ("PLEXUS_DRAIN_SECONDS", "0", "drain_seconds", 0.0),
        ("DEBUG", "true", "debug", True),
        ("DEBUG", "1", "log_level", "debug"),
        ("DEBUG", "off", "debug", False),
        ("LOG_LEVEL", "WARN", "log_level", "warning"),
        ("LOG_LEVEL", "error", "log_level", "error"),
        ("APP_VERSION", "1.2.3", "version", "1.2.3"),
        ("ADMIN_KEY", "0123456789ab", "admin_key", "0123456789ab"),
        ("ENCRYPTION_KEY", KEY.hex(), "root_key", KEY),
        ("ENCRYPTION_KEY", KEY.hex().upper(), "root_key", KEY),
        ("ENCRYPTION_KEY", base64.b64encode(KEY).decode(), "root_key", KEY),
        ("ENCRYPTION_KEY", base64.urlsafe_b64encode(KEY).decode().rstrip("="), "root_key", KEY),
        ("PORT", "", "port", 4000),
        ("PORT", " 81 ", "port", 81),
    ],
)
def test_variables(variable: str, text: str, setting: str, value: object) -> None:
    assert getattr(Settings.from_environ({variable: text}), setting) == value


def test_the_first_name_of_a_variable_wins() -> None:
    environ = {"PLEXUS_DB_URL": "sqlite://one", "DATABASE_URL": "sqlite://two"}
    assert Settings.from_environ(environ).database_url.endswith("/one")
    assert Settings.from_environ({**environ, "PLEXUS_DB_URL": ""}).database_url.endswith("/two")


def test_log_level_wins_over_debug() -> None:
    assert Settings.from_environ({"DEBUG": "true", "LOG_LEVEL": "error"}).log_level == "error"


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("PORT", "http", "must be a number from 0 to 65535."),
        ("PORT", "65536", "must be a number from 0 to 65535."),
        ("PORT", "-1", "must be a number from 0 to 65535."),
        ("PORT", "²", "must be a number from 0 to 65535."),
        ("PLEXUS_DRAIN_SECONDS", "soon", "must be a number of seconds, such as 30."),
        ("PLEXUS_DRAIN_SECONDS", "nan", "must be a number of seconds, such as 30."),
        ("DEBUG", "maybe", "must be `true` or `false`."),
        ("LOG_LEVEL", "loud", "must be one of debug, info, warning, error, critical."),
        ("ADMIN_KEY", "short", "must have at least 12 characters, made at random."),
        ("ENCRYPTION_KEY", "00" * 31, "must be 32 bytes in hex or base64. `openssl rand -hex 32` makes them."),
        ("ENCRYPTION_KEY", "not a key", "must be 32 bytes in hex or base64. `openssl rand -hex 32` makes them."),
        ("PLEXUS_CONFIG", "database", "a configuration in the database is not supported yet. Name a file."),
        ("CONFIG_FILE", "database", "a configuration in the database is not supported yet. Name a file."),
        ("PLEXUS_DB_URL", "postgres://host", "names no database. Write postgresql://user:password@host:port/name."),
    ],
)
def test_variables_that_cannot_be_used(variable: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ({variable: text})
    assert str(caught.value) == f"{variable}: {message}"
    assert caught.value.variable == variable


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("sqlite://", "sqlite+aiosqlite:///:memory:"),
        ("sqlite://:memory:", "sqlite+aiosqlite:///:memory:"),
        ("sqlite:///:memory:", "sqlite+aiosqlite:///:memory:"),
        ("sqlite://usage.sqlite", "sqlite+aiosqlite:///usage.sqlite"),
        ("sqlite://config/usage.sqlite", "sqlite+aiosqlite:///config/usage.sqlite"),
        ("sqlite:///config/usage.sqlite", "sqlite+aiosqlite:///config/usage.sqlite"),
        ("sqlite:////var/usage.sqlite", "sqlite+aiosqlite:////var/usage.sqlite"),
        ("sqlite+aiosqlite:////var/usage.sqlite", "sqlite+aiosqlite:////var/usage.sqlite"),
        ("postgres://u:p@h:5432/d", "postgresql+asyncpg://u:p@h:5432/d"),
        ("postgresql://u:p%40@h/d", "postgresql+asyncpg://u:p%40@h/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgres://u@h/d?sslmode=require", "postgresql+asyncpg://u@h/d?ssl=require"),
        ("postgresql:///d?host=%2Ftmp", "postgresql+asyncpg:///d?host=%2Ftmp"),
        ("POSTGRES://u@h/d", "postgresql+asyncpg://u@h/d"),
    ],
)
def test_database_urls(text: str, url: str) -> None:
    assert database_url(text) == url
    assert database_url(url) == url
    assert make_url(url).get_driver_name() in ("aiosqlite", "asyncpg")


@pytest.mark.parametrize(
    "text",
    [
        "mysql://h/d",
        "usage.sqlite",
        "/var/usage.sqlite",
        "postgresql+psycopg2://h/d",
        "sqlite+pysqlcipher://x",
        "postgres:h",
    ],
)
def test_database_urls_that_cannot_be_used(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write postgresql://|must be sqlite://"):
        database_url(text)


def test_secrets_are_not_printed() -> None:
    environ = {"ADMIN_KEY": "an-admin-key-0", "ENCRYPTION_KEY": KEY.hex(), "PLEXUS_DB_URL": "postgres://u:hidden@h/d"}
    printed = repr(Settings.from_environ(environ))
    assert "an-admin-key-0" not in printed
    assert "hidden" not in printed
    assert "224" not in printed


def test_a_refused_value_is_not_printed() -> None:
    for variable in ("ADMIN_KEY", "ENCRYPTION_KEY", "PLEXUS_DB_URL"):
        with pytest.raises(SettingsError) as caught:
            Settings.from_environ({variable: "hidden"})
        assert "hidden" not in str(caught.value)


def test_every_setting_is_documented() -> None:
    page = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text(encoding="utf-8")
    missing = [name for names in VARIABLES.values() for name in names if f"`{name}`" not in page]
    assert missing == []
