"""``plexus connect`` prints or writes what a program needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from plexus.cli.commands import app
from plexus.clients.registry import CLIENTS

ARGUMENTS = ["--url", "http://gw:4000/v1/", "--key", "sk-mine", "--model", "big", "--small-model", "small"]
ROOT = Path(__file__).parents[2]


def run(*arguments: str, home: Path | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["connect", *arguments], env={"HOME": str(home)} if home else {})
    return done.exit_code, done.output


BASES = {
    "claude-code": "http://gw:4000",
    "anthropic": "http://gw:4000",
    "gemini-cli": "http://gw:4000",
    "google-genai": "http://gw:4000",
}
"""Who adds the version to the path itself; all others want /v1."""


@pytest.mark.parametrize("name", list(CLIENTS))
def test_each_client_is_told_address_key_and_model(name: str) -> None:
    status, said = run(name, *ARGUMENTS)
    assert status == 0
    assert "sk-mine" in said
    assert "big" in said or name in ("openai", "anthropic", "google-genai")
    addresses = {word.strip("\"',})") for word in said.replace("=", " ").split() if "//gw:4000" in word}
    assert addresses == {BASES.get(name, "http://gw:4000/v1")}


@pytest.mark.parametrize("name", list(CLIENTS))
def test_each_client_has_a_page(name: str) -> None:
    assert f"plexus connect {name}" in (ROOT / "docs" / "clients" / f"{name}.md").read_text(encoding="utf-8")


def test_json_for_scripts() -> None:
    _, said = run("opencode", *ARGUMENTS, "--json")
    read: Any = json.loads(said)
    (change,) = read["changes"]
    assert change["members"]["model"] == "plexus/big"
    assert change["members"]["small_model"] == "plexus/small"


def test_write_changes_the_tools_own_file(tmp_path: Path) -> None:
    path = tmp_path / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_text('{"theme": "dark"}')
    status, said = run("claude-code", *ARGUMENTS, "--write", home=tmp_path)
    assert status == 0, said
    assert "plexus-backup-1" in said
    read = json.loads(path.read_text())
    assert read["theme"] == "dark"
    assert read["env"]["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "small"


def test_the_first_model_and_our_own_address_are_the_defaults(tmp_path: Path) -> None:
    config = tmp_path / "plexus.yaml"
    CliRunner().invoke(app, ["init", "--config", str(config)])
    _, said = run("claude-code", "--key", "sk-mine", "--config", str(config), "--json")
    environment = json.loads(said)["environment"]
    assert environment["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:4000"
    assert environment["ANTHROPIC_MODEL"] == "mock-chat"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nothing", "--model", "m"], "there is no client 'nothing'"),
        (["codex", "--config", "/nowhere/plexus.yaml"], "--model NAME"),
        (["codex", "--model", "m", "--url", "gw:4000"], "http://"),
        (["codex", "--model", "m", "--write"], "--key KEY"),
        (["cursor", "--model", "m", "--key", "k", "--write"], "no file"),
    ],
)
def test_what_is_missing_is_said(arguments: list[str], expected: str, tmp_path: Path) -> None:
    status, said = run(*arguments, home=tmp_path)
    assert status != 0
    assert expected in said
    assert list(tmp_path.iterdir()) == []


def test_without_a_name_they_are_listed() -> None:
    _, said = run()
    assert [line.split()[0] for line in said.splitlines()] == list(CLIENTS)
