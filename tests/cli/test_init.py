from __future__ import annotations

import stat

from tests.cli.running import Shell


def test_a_first_configuration_that_works_and_is_never_overwritten(shell: Shell) -> None:
    said = shell.run("init").stdout
    text = shell.config.read_text()
    secret = said.rsplit(maxsplit=1)[-1]
    assert secret.startswith("sk-")
    assert f"secret: {secret}" in text
    assert stat.S_IMODE(shell.config.stat().st_mode) == 0o600
    assert "1 key(s)" in shell.run("config", "check").stdout
    assert "exists already and stays as it is" in shell.run("init", status=1).stderr
    assert shell.config.read_text() == text


def test_a_folder_that_cannot_be_made_is_told(shell: Shell) -> None:
    shell.config.parent.write_text("a file stands here")
    assert "cannot be written" in shell.run("init", status=1).stderr
