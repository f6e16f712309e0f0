from __future__ import annotations

import json

import pytest
from tests.cli.running import GOOD, Shell


@pytest.fixture(autouse=True)
def good(shell: Shell) -> None:
    shell.write(GOOD)


@pytest.mark.parametrize("key", ["team", "sk-team-secret-1"], ids=["by name", "by secret"])
def test_the_plan_and_its_reason(shell: Shell, key: str) -> None:
    plan = json.loads(shell.run("explain", "--model", "also-m", "--key", key, "--json").stdout)
    assert (plan["model"], plan["reason"]) == ("m", "in_order")
    assert [(each["place"], each["name"], each["protocol"], each["lane"]) for each in plan["targets"]] == [
        (1, "a/x", "openai_chat", "pass or edit"),
        (2, "b/y", "anthropic_messages", "translate"),
        (None, "a/z", "openai_chat", "pass or edit"),
    ]
    assert plan["targets"][2]["left_out"] == "the target is disabled"


def test_the_same_for_people(shell: Shell) -> None:
    lines = shell.run("explain", "--model", "m", "--key", "team", "--protocol", "messages").stdout.splitlines()
    assert lines[0] == "m -> m, order: in_order"
    assert lines[1] == "   1  a/x  openai_chat (translate)"
    assert lines[2] == "   2  b/y  anthropic_messages (pass or edit)"
    assert lines[3].endswith("left out: the target is disabled")


def test_a_disabled_provider(shell: Shell) -> None:
    shell.write(GOOD.replace("enabled: true", "enabled: false"))
    plan = json.loads(shell.run("explain", "--model", "m", "--key", "team", "--json").stdout)
    assert {each["name"]: each["left_out"] for each in plan["targets"]}["b/y"] == "the provider is disabled"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--model", "nope", "--key", "team"], 1, "nope"),
        (["--model", "m", "--key", "guest"], 1, "m"),
        (["--model", "m", "--key", "nobody"], 1, "there is no key 'nobody'. Known: team, guest."),
        (["--model", "m", "--key", "team", "--protocol", "gopher"], 2, "--protocol is 'gopher'"),
    ],
)
def test_what_cannot_be_planned(shell: Shell, arguments: list[str], status: int, said: str) -> None:
    result = shell.run("explain", *arguments, status=status)
    assert said in result.stderr
    assert result.stdout == ""
    assert "sk-" not in result.stderr
