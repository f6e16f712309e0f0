from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plexus.accounting.journal import JournalInUse
from plexus.accounting.journal.lock import FolderLock


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with pytest.raises(JournalInUse, match=rf"in use by another process \(pid {os.getpid()}\)"):
        FolderLock(tmp_path)
    lock.release()
    FolderLock(tmp_path).release()


HOLD = """
import sys
from pathlib import Path
from plexus.accounting.journal.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_the_end_of_a_process_frees_its_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(JournalInUse, match=f"pid {holder.pid}"):
            FolderLock(tmp_path)
        holder.kill()
    FolderLock(tmp_path).release()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FolderLock(tmp_path / "missing")
