from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from tests.cli.running import GOOD, Shell


def test_a_good_file(shell: Shell) -> None:
    shell.write(GOOD)
    assert shell.run("config", "check").stdout == f"{shell.config} is good: 2 provider(s), 1 model(s), 2 key(s).\n"
    found = json.loads(shell.run("config", "check", "--json").stdout)
    assert (found["providers"], found["models"], found["keys"], found["warnings"]) == (2, 1, 2, [])
    assert len(found["revision"]) == 12


def test_another_file(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("{}")
    assert "0 provider(s)" in shell.run("config", "check", "--config", str(tmp_path / "other.yaml")).stdout


def test_all_mistakes_at_once_with_line_and_column(shell: Shell) -> None:
    shell.write("providers:\n  a: {base_ulr: https://x}\nmodels:\n  m: {selector: fastest}\nkeys: {k: {secret: 5}}\n")
    lines = shell.run("config", "check", status=2).stderr.splitlines()
    assert [line.split(": ")[0].removeprefix(f"{shell.config}:") for line in lines] == ["2:7", "4:7", "5:12"]
    shell.write("models:\n  m: {provider: nobody}\nkeys:\n  k: {secret: short}\n")
    assert len(shell.run("config", "check", "--json", status=2).stderr.splitlines()) == 2


def test_what_is_not_in_effect_is_said_and_is_no_failure(shell: Shell) -> None:
    shell.write("cooldown: {}\n")
    result = shell.run("config", "check")
    assert result.stdout.splitlines()[0] == f"{shell.config}:1:1: cooldown: not in effect yet."
    assert "is good" in result.stdout
    assert json.loads(shell.run("config", "check", "--json").stdout)["warnings"] == [
        "1:1: cooldown: not in effect yet."
    ]


def test_the_schema_knows_good_from_bad(shell: Shell, tmp_path: Path) -> None:
    schema = json.loads(shell.run("config", "schema").stdout)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(YAML(typ="safe", pure=True).load(GOOD))
    assert not validator.is_valid({"providers": {"a": {"base_ulr": "x"}}})
    shell.run("config", "schema", "--output", str(tmp_path / "schema.json"))
    assert json.loads((tmp_path / "schema.json").read_text()) == schema
