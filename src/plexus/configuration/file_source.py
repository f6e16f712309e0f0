"""The configuration file: loaded, watched, swapped. A bad file never replaces a good snapshot."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from plexus.configuration.compile import Rules
from plexus.configuration.interpolate import Stamp, Stamps, stamp
from plexus.configuration.load import Loaded, load_text
from plexus.configuration.problems import ConfigurationError
from plexus.domain.snapshot import Snapshot

log = logging.getLogger(__name__)

WATCH_SECONDS = 1.0


class FileSource:
    """Holds the current snapshot of one file. Exchanges pin what ``current`` is when they begin."""

    def __init__(self, path: Path, environ: Mapping[str, str], rules: Rules) -> None:
        self.path = path
        self._environ = environ
        self._rules = rules
        self._loaded: Loaded | None = None
        self._text = ""
        self._stamp: Stamp | None = None
        self._references: Stamps = {}
        """The files that ``file:`` references name."""
        self.last_error: ConfigurationError | None = None
        """What is wrong with the file on disk, while an older snapshot is in force."""

    def current(self) -> Snapshot:
        """The snapshot in force."""
        assert self._loaded is not None, "load() comes first"
        return self._loaded.snapshot

    @property
    def admin_key(self) -> str | None:
        """The file's own admin key."""
        return self._loaded.admin_key if self._loaded is not None else None

    @property
    def trial_key(self) -> str | None:
        """The first client key, while nothing but the mock provider is configured: it is shown at the start."""
        return self._loaded.trial_key if self._loaded is not None else None

    def load(self) -> Loaded:
        """Read the file for the first time. Raises ConfigurationError, or OSError when it cannot be read."""
        self._stamp = stamp(self.path)
        text = self.path.read_text(encoding="utf-8")
        self._apply(text)
        assert self._loaded is not None
        return self._loaded

    def serve_presets_at(self, urls: Mapping[str, str]) -> None:
        """From now on these presets have these base URLs; what is in force is compiled anew. Raises ConfigurationError."""
        self._rules = msgspec.structs.replace(self._rules, preset_urls=dict(urls))
        self._apply(self._text)

    def _apply(self, text: str) -> None:
        self._references = {}
        loaded = load_text(text, self._environ, self.path.parent, self._rules, self._references)
        for warning in loaded.warnings:
            log.warning("%s:%s", self.path, warning)
        self._text = text
        self._loaded = loaded
        self.last_error = None

    def reload_if_changed(self) -> bool:
        """Look at the file and those that it refers to; True when a new snapshot is in force. A bad file is logged and the
        old snapshot stays."""
        found = stamp(self.path)
        referred = any(stamp(file) != known for file, known in self._references.items())
        if found is None or (found == self._stamp and not referred):
            return False
        self._stamp = found
        try:
            text = self.path.read_text(encoding="utf-8")
            if text == self._text and not referred:
                return False
            self._apply(text)
        except ConfigurationError as wrong:
            self.last_error = wrong
            for problem in wrong.problems:
                log.error("%s:%s", self.path, problem)
            log.error("%s is not used; the configuration before it stays in force", self.path)
            return False
        except (OSError, UnicodeDecodeError) as unreadable:
            log.error("%s cannot be read: %s; the configuration before it stays in force", self.path, unreadable)
            return False
        log.info("%s: revision %s is in force", self.path, self.current().revision)
        return True

    async def watch(
        self, changed: Callable[[], Awaitable[None]], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        """Reload whenever the file changes, until cancelled, and await ``changed`` then. The file's signature is looked at
        once a second, which works on every file system and for files that are replaced as well as rewritten."""
        while True:
            await sleep(WATCH_SECONDS)
            if self.reload_if_changed():
                await changed()


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace ``path`` by ``text``: whoever reads sees the old or the new file, also after a crash. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
