"""Follows the configuration file. A bad file is refused with a log line, and what was loaded before stays."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from plexus.configuration.errors import ConfigurationError
from plexus.configuration.load import Loaded

INTERVAL = 1.0
"""Seconds between two looks."""

Seen: TypeAlias = dict[Path, tuple[int, int, int] | None]
"""File -> its time, size and number; None where it is not there."""

logger = logging.getLogger(__name__)


class FileSource:
    """One file (and the files that it refers to), the last good version of it, and who wants to know of the next.

    ``load`` reads the path that it is given; it raises ConfigurationError. A look costs a ``stat`` of each file; only when
    one of them changed are they read, and only when what they hold changed is the configuration loaded again, in a thread.
    """

    def __init__(
        self,
        path: Path,
        load: Callable[[Path], Loaded],
        on_change: Callable[[Loaded], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.path = path
        self._load = load
        self._on_change = on_change
        self._sleep = sleep
        self._files: tuple[Path, ...] = (path,)
        self._seen: Seen = {}
        self._content = b""

    def load(self) -> Loaded:
        """Load it now; the first time. Raises ConfigurationError."""
        before = self._look()
        loaded = self._load(self.path)
        self._remember(before, loaded.files)
        return loaded

    async def watch(self) -> None:
        """Look every second, for ever. Ends by cancellation."""
        while True:
            await self._sleep(INTERVAL)
            await self.look()

    async def look(self) -> None:
        """One look: load what has changed, and tell. Never raises for what is in the file."""
        before = self._look()
        if before == self._seen:
            return
        content = self._hash()
        self._seen = before
        if content == self._content:
            return
        try:
            loaded = await asyncio.to_thread(self._load, self.path)
        except ConfigurationError as error:
            logger.error("Configuration refused, the old one stays. %s", error)
            self._remember(before, (*self._files[1:], *error.files))
            return
        except Exception:
            # A defect of ours; it must not end the watching.
            logger.exception("Configuration refused, the old one stays: it could not be read.")
            return
        self._remember(before, loaded.files)
        for warning in loaded.warnings:
            logger.warning("%s: %s", self.path, warning)
        logger.info("Configuration %s is in effect.", loaded.snapshot.revision)
        self._on_change(loaded)

    def _remember(self, before: Seen, files: Iterable[Path]) -> None:
        """Note what was just read. What changed since ``before`` is looked at again."""
        self._files = tuple(dict.fromkeys((self.path, *files)))
        self._seen = {**self._look(), **before}
        self._content = self._hash() if self._seen == self._look() else b""

    def _look(self) -> Seen:
        return {file: _signature(file) for file in self._files}

    def _hash(self) -> bytes:
        digest = hashlib.sha256()
        for file in self._files:
            try:
                content = file.read_bytes()
            except OSError:
                content = b""
            digest.update(len(content).to_bytes(8, "big") + content)
        return digest.digest()


def _signature(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
