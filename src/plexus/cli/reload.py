"""Starting anew whenever the source changes: for development."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import plexus

POLL_SECONDS = 0.5


def signature(folder: Path) -> dict[str, int]:
    """When each source file was changed."""
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".toml")}


def run_reloading(arguments: list[str]) -> int:
    """Run ``plexus serve`` as a child process, and replace it when a file changes. Ends with the child, or by ^C."""
    folder = Path(plexus.__file__).parent
    command = [sys.executable, "-m", "plexus", "serve", *arguments]
    while True:
        seen = signature(folder)
        child = subprocess.Popen(command)  # noqa: S603 - our own command
        try:
            while child.poll() is None and signature(folder) == seen:
                time.sleep(POLL_SECONDS)
            if child.poll() is not None and signature(folder) == seen:
                return child.returncode
            child.terminate()
            child.wait()
        except KeyboardInterrupt:
            child.terminate()
            return child.wait()
