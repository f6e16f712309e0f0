from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from tests.cli.running import GOOD, Shell

from plexus.cli.common import fail, load_configuration, print_json, settings_for


def test_failing_says_why_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        fail("It failed.", 7)
    assert left.value.exit_code == 7
    assert capsys.readouterr() == ("", "It failed.\n")


def test_the_option_wins_over_the_environment(shell: Shell, tmp_path: Path) -> None:
    assert settings_for().config == shell.config
    assert settings_for(tmp_path / "other.yaml").config == tmp_path / "other.yaml"


def test_settings_that_cannot_be_used_are_a_2(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.patch.setenv("PORT", "many")
    with pytest.raises(typer.Exit) as left:
        settings_for()
    assert left.value.exit_code == 2
    assert "PORT is 'many'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "No such file or directory. `plexus init` writes a first one."),
        ("a: [", "plexus.yaml:1:5: this is not YAML"),
        ("nope: 1", "plexus.yaml:1:1: nope: this member does not exist."),
    ],
)
def test_a_configuration_that_cannot_be_used_is_a_2(
    shell: Shell, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    if text is not None:
        shell.write(text)
    with pytest.raises(typer.Exit) as left:
        load_configuration(settings_for())
    assert left.value.exit_code == 2
    assert said in capsys.readouterr().err


def test_a_broken_root_key_is_a_2(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.write(GOOD)
    (shell.config.parent / "secret.key").write_text("x")
    with pytest.raises(typer.Exit):
        load_configuration(settings_for())
    assert "secret.key holds no key" in capsys.readouterr().err


def test_json_is_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1, None, "é"]})
    assert json.loads(capsys.readouterr().out) == {"a": [1, None, "é"]}
