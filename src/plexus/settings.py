"""Process settings: read once from the environment into a frozen record (docs/configuration.md, "Environment")."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plexus import __version__


class SettingsError(Exception):
    """A variable that cannot be used. The message says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the process was told from outside. Paths are as given; ``data`` is the folder of the configuration file."""

    host: str
    port: int
    config: Path
    database_url: str
    """An SQLAlchemy URL with an asynchronous driver."""
    journal: Path
    log_level: str
    debug: bool
    version: str
    admin_key: str | None
    encryption_key: bytes | None
    drain_seconds: float

    @property
    def data(self) -> Path:
        """Where the gateway keeps what it makes itself."""
        return self.config.parent

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables. Raises SettingsError."""
        if (environ.get("PLEXUS_CONFIG") or environ.get("CONFIG_FILE")) == "database":
            raise SettingsError(_no_database_configuration(environ))
        config = Path(environ.get("PLEXUS_CONFIG") or environ.get("CONFIG_FILE") or "config/plexus.yaml")
        url = (
            environ.get("PLEXUS_DB_URL") or environ.get("DATABASE_URL") or f"sqlite:///{config.parent / 'usage.sqlite'}"
        )
        debug = _flag(environ.get("DEBUG"))
        return cls(
            host=environ.get("HOST") or "127.0.0.1",
            port=_port(environ.get("PORT") or "4000"),
            config=config,
            database_url=database_url(url),
            journal=Path(environ.get("PLEXUS_JOURNAL") or config.parent / "journal"),
            log_level=_level(environ.get("LOG_LEVEL") or ("debug" if debug else "info")),
            debug=debug,
            version=environ.get("APP_VERSION") or __version__,
            admin_key=environ.get("ADMIN_KEY") or None,
            encryption_key=parse_key(environ["ENCRYPTION_KEY"]) if environ.get("ENCRYPTION_KEY") else None,
            drain_seconds=_seconds(environ.get("PLEXUS_DRAIN_SECONDS") or "25"),
        )


def _no_database_configuration(environ: Mapping[str, str]) -> str:
    """What is to be done about PLEXUS_CONFIG=database: that storage is not built, and has needs of its own."""
    says = ["PLEXUS_CONFIG=database is not built yet. Write the path of a file, such as config/plexus.yaml."]
    if not environ.get("ENCRYPTION_KEY"):
        says.append("It will need ENCRYPTION_KEY, the same for all replicas (openssl rand -hex 32).")
    url = environ.get("PLEXUS_DB_URL") or environ.get("DATABASE_URL") or ""
    if not url.startswith(("postgres://", "postgresql://", "postgresql+asyncpg://")):
        says.append("It will need PostgreSQL: PLEXUS_DB_URL=postgresql://USER@HOST/NAME.")
    return " ".join(says)


def _flag(value: str | None) -> bool:
    return (value or "").lower() in ("1", "true", "yes", "on")


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 <= int(value) <= 65535:
        raise SettingsError(f"PORT is {value!r}. Write a number from 0 to 65535.")
    return int(value)


LEVELS = ("debug", "info", "warning", "error", "critical")


def _level(value: str) -> str:
    level = {"warn": "warning", "trace": "debug"}.get(value.lower(), value.lower())
    if level not in LEVELS:
        raise SettingsError(f"LOG_LEVEL is {value!r}. Write one of {', '.join(LEVELS)}.")
    return level


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 86400:
        raise SettingsError(f"PLEXUS_DRAIN_SECONDS is {value!r}. Write a number of seconds.")
    return seconds


MEMORY = "sqlite+aiosqlite:///:memory:"


def database_url(url: str) -> str:
    """An SQLAlchemy URL with its asynchronous driver, from any of the usual spellings. Raises SettingsError.

    ``sqlite://:memory:``, ``sqlite://path``, ``sqlite:///path`` (relative), ``sqlite:////path`` (absolute), ``postgres://``,
    ``postgresql://``, and SQLAlchemy's own with a driver.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise SettingsError(
            "PLEXUS_DB_URL is no URL. Write sqlite:///config/usage.sqlite or postgresql://user@host/name."
        )
    if scheme in ("sqlite", "sqlite+aiosqlite"):
        path = rest.removeprefix("/") if rest.startswith("/") else rest
        return MEMORY if path in ("", ":memory:") else f"sqlite+aiosqlite:///{path}"
    if scheme in ("postgres", "postgresql", "postgresql+asyncpg"):
        return f"postgresql+asyncpg://{rest}"
    raise SettingsError(f"PLEXUS_DB_URL begins with {scheme}://. Write sqlite:// or postgresql://.")


# --- the root key


def parse_key(text: str) -> bytes:
    """32 bytes from 64 hex digits or base64. Raises SettingsError."""
    text = text.strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", text):
        return bytes.fromhex(text)
    try:
        key = base64.b64decode(text, altchars=b"-_" if "-" in text or "_" in text else None, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise SettingsError("ENCRYPTION_KEY is not 32 bytes. Write 64 hex digits (openssl rand -hex 32) or base64.")
    return key


def load_or_make_root_key(settings: Settings) -> bytes:
    """The root of all our keys: from ENCRYPTION_KEY, else from ``secret.key`` beside the configuration, made once (mode 0600).

    Raises SettingsError for a file that holds no key, OSError when it cannot be written.
    """
    if settings.encryption_key is not None:
        return settings.encryption_key
    path = settings.data / "secret.key"
    try:
        return parse_key(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        pass
    except (SettingsError, UnicodeDecodeError):
        raise SettingsError(f"{path} holds no key. Restore it, or set ENCRYPTION_KEY.") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_bytes(32)
    made = path.with_name(f".secret.key.{secrets.token_hex(8)}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        # Linked when it is whole: of two processes that start at once, one makes the key and the other reads all of it.
        os.link(made, path)
    except FileExistsError:
        return load_or_make_root_key(settings)
    finally:
        made.unlink()
    return key
