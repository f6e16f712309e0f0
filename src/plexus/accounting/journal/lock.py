"""One process owns a journal's folder: two writers would drain and delete each other's segments."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

NAME = "lock"


class JournalInUse(Exception):
    """Another process owns the folder."""

    def __init__(self, folder: Path, owner: str) -> None:
        super().__init__(
            f"the journal in {folder} is in use by another process{f' ({owner})' if owner else ''}; "
            "stop it, or give this process a folder of its own"
        )


class FolderLock:
    """An advisory lock on ``folder/lock``; the kernel frees it when the process ends, however that happens."""

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises JournalInUse, and OSError where the folder cannot be written."""
        self._fd = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(self._fd)
        except OSError as error:
            owner = os.read(self._fd, 100).decode("ascii", "replace").strip()
            os.close(self._fd)
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                raise  # a file system without locks
            raise JournalInUse(folder, owner) from None
        try:
            os.ftruncate(self._fd, 0)
            os.write(self._fd, b"pid %d\n" % os.getpid())
        except OSError:  # a full disk: the lock holds without the courtesy of a name
            pass

    def release(self) -> None:
        """Let others have the folder."""
        os.close(self._fd)


if sys.platform == "win32":

    def _lock(fd: int) -> None:
        import msvcrt  # noqa: PLC0415 - exists only here

        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

else:

    def _lock(fd: int) -> None:
        import fcntl  # noqa: PLC0415 - exists only here

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
