"""A stranger's first minutes: start it with nothing there, paste what it prints, run the examples, start it again."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"sk-[A-Za-z0-9_-]{43}")
COMMANDS = 4
EXAMPLES = {
    "openai_chat.py": r"\(\d+ tokens in, \d+ out\)\n\nstreamed: .+\n\(\d+ tokens in all\)",
    "openai_tools.py": r"\(calls get_weather with \{.*city.*\}\)\n.+: .+",
    "openai_media.py": r"picture: [1-9]\d* bytes\nspeech:  [1-9]\d* bytes\nheard:   .*hello\.wav",
    "anthropic_messages.py": r", \d+ tokens in\n[\s\S]+\n\(\d+ tokens in, \d+ out\)",
    "gemini_generate.py": r", \d+ tokens in\n[\s\S]+\n\(\d+ tokens in, \d+ out\)",
}

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("plexus.app") is None, reason="the gateway is not joined yet"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what the printed commands are for"),
]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would configure a gateway."""
    ours = ("PLEXUS_", "DATABASE_", "CONFIG_", "ADMIN_", "ENCRYPTION_", "HOST", "PORT", "LOG_", "DEBUG")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | more


@contextlib.contextmanager
def served(folder: Path, port: int) -> Iterator[list[str]]:
    """``plexus serve`` in ``folder``: the lines that it prints, up to the last command to try."""
    process = subprocess.Popen(
        [sys.executable, "-m", "plexus", "serve"],
        cwd=folder, env=environment(PORT=str(port)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:  # ends when the process does; the test's time limit guards against neither
            lines.append(line.rstrip())
            if sum("curl " in each for each in lines) == COMMANDS:
                break
        yield lines
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0, "SIGTERM ends it in order"


def commands(lines: list[str]) -> list[str]:
    return [line.strip() for line in lines if "curl " in line]


def pasted(command: str) -> str:
    """What the command prints. Fails for an HTTP error."""
    done = subprocess.run(
        ["bash", "-c", f"{command} -sS --fail-with-body"], check=False, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_example(name: str, port: int, key: str) -> str:
    env = environment(PLEXUS_URL=f"http://127.0.0.1:{port}", PLEXUS_KEY=key)
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name], check=False, capture_output=True, text=True, timeout=60, env=env
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_minutes(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port) as lines:
        said = "\n".join(lines)
        assert "mock provider" in said
        found = KEY.search(said)
        assert found is not None
        key = found[0]
        config = tmp_path / "config" / "plexus.yaml"
        assert stat.S_IMODE(config.stat().st_mode) == 0o600
        replies = [pasted(command) for command in commands(lines)]
        assert '"object":"list"' in replies[0]
        assert '"total_tokens":' in replies[1]
        assert "event: message_stop" in replies[2]
        assert '"finishReason": "STOP"' in replies[3].replace('":"', '": "')
        for name, expected in EXAMPLES.items():
            assert re.search(expected, run_example(name, port, key)), name
    with served(tmp_path, port) as again:
        assert key in "\n".join(again), "the next start prints the same key"
        assert len(commands(again)) == COMMANDS
