from __future__ import annotations

import subprocess
import sys

import pytest
from tests.cli.running import Shell

COMMANDS = [
    ["serve"], ["init"], ["config"], ["config", "check"], ["config", "schema"], ["explain"], ["records"], ["mock"], ["db"],
    ["db", "upgrade"], ["version"],
]  # fmt: skip


def test_the_help_lists_every_command(shell: Shell) -> None:
    text = shell.run("--help").stdout
    for command in COMMANDS:
        assert f"\n  {command[0]} " in text


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(shell: Shell, command: list[str]) -> None:
    text = shell.run(*command, "--help").stdout
    assert text.startswith("Usage: ")
    assert len(text.splitlines()[2].strip()) > 15, "a sentence of its own"
    assert not shell.config.parent.exists(), "asking for help makes nothing"


@pytest.mark.parametrize("arguments", [["nope"], ["init", "--nope"], ["explain"], ["records", "--limit", "many"]])
def test_what_is_not_understood_is_a_2(shell: Shell, arguments: list[str]) -> None:
    result = shell.run(*arguments, status=2)
    assert "Usage" in result.output


def test_serve_hands_its_options_on(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def main(arguments: list[str]) -> int:
        seen.append(arguments)
        return 3

    monkeypatch.setattr("plexus.cli.serve.main", main)
    shell.run("serve", status=3)
    shell.run("serve", "--host", "::1", "--port", "7", "--config", "x.yaml", "--reload", status=3)
    assert seen == [[], ["--host=::1", "--port=7", "--config=x.yaml", "--reload"]]


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "plexus", "version"], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("plexus ")
