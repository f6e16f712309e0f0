"""Log lines: readable on a terminal, JSON elsewhere. Set up once, by whoever starts the process."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import msgspec

NOISY = ("asyncio", "aiosqlite", "sqlalchemy", "alembic")
"""Libraries whose chatter below WARNING is of no use to an operator."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (RFC 3339 UTC), level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Called by logging."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def configure_logging(level: str, *, stream: TextIO | None = None, json: bool | None = None) -> None:
    """Send all log lines to ``stream`` (stderr). ``json`` None: for people on a terminal, for machines elsewhere.

    Raises ValueError for a level that does not exist.
    """
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    if json if json is not None else not stream.isatty():
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
