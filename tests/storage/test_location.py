from __future__ import annotations

import pytest

from plexus.storage.location import DatabaseUrlError, Location, parse_location


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite://:memory:", ":memory:"),
        ("sqlite:///:memory:", ":memory:"),
        ("sqlite::memory:", ":memory:"),
        ("sqlite://", ":memory:"),
        ("sqlite+aiosqlite://", ":memory:"),
        ("sqlite://config/usage.sqlite", "config/usage.sqlite"),
        ("sqlite://./usage.sqlite", "./usage.sqlite"),
        ("sqlite:///config/usage.sqlite", "config/usage.sqlite"),
        ("sqlite:////var/lib/plexus/usage.sqlite", "/var/lib/plexus/usage.sqlite"),
        ("sqlite+aiosqlite:////var/a b.sqlite", "/var/a b.sqlite"),
        (" sqlite://usage.sqlite\n", "usage.sqlite"),
    ],
)
def test_sqlite(url: str, path: str) -> None:
    location = parse_location(url)
    assert location == Location("sqlite", path=path)
    assert location.in_memory is (path == ":memory:")
    assert parse_location(str(location)) == location


def test_sqlite_options() -> None:
    location = parse_location("sqlite:///file:usage.sqlite?mode=ro&uri=true")
    assert location == Location("sqlite", path="file:usage.sqlite", options=(("mode", "ro"), ("uri", "true")))


@pytest.mark.parametrize(
    ("url", "dsn"),
    [
        ("postgres://ada:secret@db:5432/plexus", "postgresql://ada:secret@db:5432/plexus"),
        ("postgresql://db/plexus", "postgresql://db/plexus"),
        ("postgresql+asyncpg://db/plexus", "postgresql://db/plexus"),
        ("postgresql+psycopg2://db/plexus", "postgresql://db/plexus"),
        ("postgres://db/plexus?sslmode=require&channel_binding=require", "postgresql://db/plexus?sslmode=require"),
        ("postgresql://ada@/plexus?host=/run/postgresql", "postgresql://ada@/plexus?host=/run/postgresql"),
        ("postgresql://ada@one:1,two:2/plexus", "postgresql://ada@one:1,two:2/plexus"),
    ],
)
def test_postgresql(url: str, dsn: str) -> None:
    location = parse_location(url)
    assert (location.dialect, location.dsn) == ("postgresql", dsn)
    assert not location.in_memory


def test_a_password_is_not_shown() -> None:
    location = parse_location("postgres://ada:pass%20word@db:5432/plexus")
    assert str(location) == repr(location) == "postgresql://ada:***@db:5432/plexus"


@pytest.mark.parametrize("url", ["", "mysql://ada:secret@db/plexus", "config/usage.sqlite", "SQLITE://x", "://"])
def test_what_is_no_database_of_ours(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match="Write sqlite://") as raised:
        parse_location(url)
    assert "secret" not in str(raised.value)
