"""What the process is told by its environment: read once, frozen. All that is about LLMs stands in the configuration."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec

Value = TypeVar("Value")

ROOT_BYTES = 32
LEVELS = ("debug", "info", "warning", "error", "critical")
TRUE, FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})

VARIABLES: dict[str, tuple[str, ...]] = {
    "port": ("PORT",),
    "host": ("HOST",),
    "config_path": ("PLEXUS_CONFIG", "CONFIG_FILE"),
    "database_url": ("PLEXUS_DB_URL", "DATABASE_URL"),
    "journal_path": ("PLEXUS_JOURNAL",),
    "drain_seconds": ("PLEXUS_DRAIN_SECONDS",),
    "debug": ("DEBUG",),
    "log_level": ("LOG_LEVEL",),
    "version": ("APP_VERSION",),
    "admin_key": ("ADMIN_KEY",),
    "root_key": ("ENCRYPTION_KEY",),
}
"""Setting -> its variables; the first that is set (and not empty) counts."""


class SettingsError(Exception):
    """A variable of the environment cannot be used. ``variable`` names it, the message says what to write."""

    def __init__(self, variable: str, message: str) -> None:
        super().__init__(f"{variable}: {message}")
        self.variable = variable


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a process. Relative paths begin at the working directory."""

    port: int = 4000
    """0: any that is free."""
    host: str = "127.0.0.1"
    """This machine alone. A gateway holds its users' credentials, so that being reachable from outside is a decision:
    ``0.0.0.0`` or ``::`` in a container."""
    config_path: Path = Path("config/plexus.yaml")
    database_url: str = ""
    """For SQLAlchemy's asyncio layer. Default: ``usage.sqlite`` beside the configuration."""
    journal_path: Path = Path("config/journal")
    """A folder. Default: ``journal`` beside the configuration."""
    drain_seconds: float = 30.0
    """How long running calls may take to end after SIGTERM."""
    debug: bool = False
    log_level: str = "info"
    """Lower case. Default: ``debug`` with DEBUG, otherwise ``info``."""
    version: str | None = None
    """What ``/`` and ``plexus version`` say. None: the package's own version."""
    admin_key: str | None = None
    """The operator's secret. Wins over the file's ``adminKey``."""
    root_key: bytes | None = None
    """32 bytes, of which all keys of our own are derived. None: they are in ``secret_key_path``."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read ``environ``. Raises SettingsError for the first variable that cannot be used."""
        debug = _read(environ, "debug", _flag) or False
        config_path = _read(environ, "config_path", _config_path) or Path("config/plexus.yaml")
        beside = config_path.parent
        return cls(
            port=_or(_read(environ, "port", _port), 4000),
            host=_read(environ, "host", str) or "127.0.0.1",
            config_path=config_path,
            database_url=_read(environ, "database_url", database_url) or _sqlite(str(beside / "usage.sqlite")),
            journal_path=_read(environ, "journal_path", Path) or beside / "journal",
            drain_seconds=_or(_read(environ, "drain_seconds", _seconds), 30.0),
            debug=debug,
            log_level=_read(environ, "log_level", _level) or ("debug" if debug else "info"),
            version=_read(environ, "version", str),
            admin_key=_read(environ, "admin_key", _admin_key),
            root_key=_read(environ, "root_key", _root_key),
        )

    @property
    def secret_key_path(self) -> Path:
        """Where the root key is kept when the environment has none."""
        return self.config_path.parent / "secret.key"

    def __repr__(self) -> str:
        # Not the database's URL, nor the keys: they are secrets.
        return f"Settings(host={self.host!r}, port={self.port}, config_path={str(self.config_path)!r})"


def _read(environ: Mapping[str, str], setting: str, parse: Callable[[str], Value]) -> Value | None:
    for variable in VARIABLES[setting]:
        text = environ.get(variable, "").strip()
        if text:
            try:
                return parse(text)
            except ValueError as error:
                raise SettingsError(variable, str(error)) from None
    return None


def _or(value: Value | None, default: Value) -> Value:
    return default if value is None else value


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ValueError("must be a number from 0 to 65535.")
    return int(text)


def _seconds(text: str) -> float:
    if re.fullmatch(r"\d{1,6}(\.\d+)?", text, re.ASCII) is None:
        raise ValueError("must be a number of seconds, such as 30.")
    return float(text)


def _flag(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError("must be `true` or `false`.")
    return text.lower() in TRUE


def _level(text: str) -> str:
    level = {"warn": "warning", "fatal": "critical", "trace": "debug"}.get(text.lower(), text.lower())
    if level not in LEVELS:
        raise ValueError(f"must be one of {', '.join(LEVELS)}.")
    return level


def _config_path(text: str) -> Path:
    if text == "database":
        raise ValueError("a configuration in the database is not supported yet. Name a file.")
    return Path(text)


def _admin_key(text: str) -> str:
    if len(text) < 12:
        raise ValueError("must have at least 12 characters, made at random.")
    return text


def _root_key(text: str) -> bytes:
    for decode in (bytes.fromhex, _base64):
        try:
            key = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(key) == ROOT_BYTES:
            return key
    raise ValueError("must be 32 bytes in hex or base64. `openssl rand -hex 32` makes them.")


def _base64(text: str) -> bytes:
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)


def database_url(text: str) -> str:
    """``text`` as a URL for SQLAlchemy's asyncio layer. Raises ValueError, whose message says what to write.

    SQLite: ``sqlite://:memory:``, ``sqlite://path`` (relative), and SQLAlchemy's ``sqlite:///path`` (relative, too) and
    ``sqlite:////path`` (absolute). PostgreSQL: ``postgres://`` or ``postgresql://user:password@host:port/name``; ``sslmode``
    of other clients is understood.
    """
    scheme, separator, rest = text.partition("://")
    dialect, _, driver = scheme.lower().partition("+")
    if separator and dialect == "sqlite" and driver in ("", "aiosqlite", "pysqlite"):
        return _sqlite(rest.removeprefix("/"))
    if separator and dialect in ("postgres", "postgresql"):
        if driver not in ("", "asyncpg"):
            raise ValueError(f"the driver {driver} is not supported. Write postgresql://user:password@host/name.")
        return _postgresql(rest)
    raise ValueError(
        "must be sqlite://PATH, sqlite://:memory: or postgresql://user:password@host:port/name. Encode special "
        "characters of the password (@ is %40)."
    )


def _sqlite(path: str) -> str:
    return f"sqlite+aiosqlite:///{path or ':memory:'}"


def _postgresql(rest: str) -> str:
    place, _, query = rest.partition("?")
    if not place.rpartition("@")[2].partition("/")[2] and "database=" not in query:
        raise ValueError("names no database. Write postgresql://user:password@host:port/name.")
    options = [
        ("ssl" if name == "sslmode" else name, value) for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return f"postgresql+asyncpg://{place}" + (f"?{urlencode(options)}" if options else "")
