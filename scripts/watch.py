"""Run a command again at every change: ``watch.py [--restart] FOLDER ... -- COMMAND ...``.

Without ``--restart`` the command is one that ends (a test run); with it, one that serves: it is told to stop (SIGTERM)
and started again. Changes are found by looking at modification times twice a second.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SUFFIXES = {".py", ".toml", ".yaml", ".json", ".html"}
INTERVAL = 0.5
PATIENCE = 10.0
"""Seconds that a serving command has to stop by itself."""

State = dict[str, int]


def look(folders: list[str]) -> State:
    """Path -> modification time (ns) of every file that matters."""
    state: State = {}
    for folder in folders:
        for parent, names, files in os.walk(folder):
            names[:] = [name for name in names if not name.startswith(".") and name != "__pycache__"]
            for file in files:
                if Path(file).suffix in SUFFIXES:
                    path = Path(parent, file)
                    with contextlib.suppress(FileNotFoundError):
                        state[str(path)] = path.stat().st_mtime_ns
    return state


def wait_for_change(folders: list[str], before: State) -> State:
    """The state after a change, once the changes have settled for a moment."""
    while (now := look(folders)) == before:
        time.sleep(INTERVAL)
    changed = sorted(path for path in now.keys() | before.keys() if now.get(path) != before.get(path))
    print(f"\n--- changed: {', '.join(changed[:3])}{' ...' if len(changed) > 3 else ''}", file=sys.stderr)
    while True:
        time.sleep(INTERVAL / 2)
        if (later := look(folders)) == now:
            return now
        now = later


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask politely, then insist."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(arguments: list[str]) -> int:
    """Parse ``arguments`` and watch until interrupted."""
    if "--" not in arguments:
        print(__doc__, file=sys.stderr)
        return 2
    split = arguments.index("--")
    options, command = arguments[:split], arguments[split + 1 :]
    restart = "--restart" in options
    folders = [option for option in options if option != "--restart"]
    process: subprocess.Popen[bytes] | None = None
    try:
        while True:
            state = look(folders)
            process = subprocess.Popen(command)
            if not restart:
                process.wait()
                print("--- waiting for a change (Ctrl-C ends)", file=sys.stderr)
            wait_for_change(folders, state)
            stop(process)
    except KeyboardInterrupt:
        return 0
    finally:
        if process is not None:
            stop(process)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
