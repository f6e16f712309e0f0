"""A database URL in one of its many spellings, understood.

SQLite: ``sqlite://:memory:``, ``sqlite://path`` (as it stands), and SQLAlchemy's ``sqlite:///relative`` and ``sqlite:////absolute``.
PostgreSQL: ``postgres://`` or ``postgresql://`` with everything that libpq's URLs may hold; a driver named in it is ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode

MEMORY = ":memory:"
_URL = re.compile(r"(?P<scheme>[a-z]+)(?:\+[a-z0-9_]+)?:(?://)?(?P<rest>[^?]*)(?:\?(?P<query>.*))?", re.DOTALL)
_PASSWORD = re.compile(r"(?<=:)[^:@/]*(?=@)")

EXAMPLES = "sqlite://config/usage.sqlite, sqlite://:memory: or postgres://user:password@host:5432/database"


class DatabaseUrlError(ValueError):
    """The URL names no database that we can open. The message says what to write instead, and shows no password."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a database is. ``path`` is for SQLite, ``dsn`` for PostgreSQL; ``options`` are what followed the ``?``."""

    dialect: Literal["sqlite", "postgresql"]
    path: str = ""
    dsn: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def in_memory(self) -> bool:
        """Whether it lives and dies with the process."""
        return self.path == MEMORY

    def __str__(self) -> str:
        if self.dialect == "sqlite":
            return f"sqlite://{'' if self.in_memory else '/'}{self.path}"
        return _PASSWORD.sub("***", self.dsn, count=1)

    __repr__ = __str__


def parse_location(url: str) -> Location:
    """Raises DatabaseUrlError."""
    match = _URL.fullmatch(url.strip())
    scheme = match["scheme"] if match else ""
    if match is not None and scheme == "sqlite":
        path = match["rest"].removeprefix("/")  # SQLAlchemy's form: the third slash ends an empty host
        return Location("sqlite", path=path or MEMORY, options=tuple(parse_qsl(match["query"] or "")))
    if match is not None and scheme in ("postgres", "postgresql"):
        # channel_binding, which some hosts put into their URLs, is libpq's own and unknown to asyncpg.
        options = [pair for pair in parse_qsl(match["query"] or "") if pair[0] != "channel_binding"]
        query = f"?{urlencode(options, safe='/')}" if options else ""
        return Location("postgresql", dsn=f"postgresql://{match['rest']}{query}", options=tuple(options))
    raise DatabaseUrlError(f"no database of ours: {scheme or 'no scheme'}. Write {EXAMPLES}")
