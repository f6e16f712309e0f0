"""The agents from npm, installed once for a lock file, into ``build/agents/<digest>``, which git ignores."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(__file__).parents[3] / "build" / "agents"
NPM = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev", "--fetch-retry-maxtimeout=10000"]
"""Not ``npm ci``: that refuses a lock without the optional programs for other systems, which not every registry has.
Versions and checksums are the lock's here too."""
SCRIPTS = (["@anthropic-ai/claude-code", "install.cjs"], ["opencode-ai", "postinstall.mjs"])
"""The only install scripts that are run: both put a program in its place. The others would compile what no test needs."""

PATIENCE = 240
"""Seconds for one step of the installation."""
WHAT = "The coding agents could not be installed"


class NoAgents(Exception):
    """They could not be installed; the message says why."""


def installed() -> Path:
    """The folder of their programs. Several processes may ask at once: one installs. Raises NoAgents."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = CACHE / hashlib.sha256(lock + repr(SCRIPTS).encode()).hexdigest()[:16]
    programs = folder / "node_modules" / ".bin"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder)
            (folder / ".complete").touch()
    return programs


def _install(folder: Path) -> None:
    if shutil.which("npm") is None:
        raise NoAgents("The coding agents are tested as they come from npm: install Node 20 or newer.")
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    _run(NPM, folder)
    for package, script in SCRIPTS:
        _run(["node", script], folder / "node_modules" / package)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise NoAgents(f"{WHAT}: `{' '.join(command)}` took over {PATIENCE} s. Is npm reachable?") from None
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-2000:]
        raise NoAgents(f"{WHAT}: `{' '.join(command)}` failed. Is npm reachable?\n{said}")
