"""Commands in this process, in a folder of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from plexus.cli.commands import app

GOOD = """\
providers:
  a: {base_url: https://a.example, api_key: sk-upstream}
  b: {base_url: {messages: https://b.example}, enabled: true}
models:
  m:
    selector: in_order
    aliases: [also-m]
    targets:
      - {provider: a, model: x}
      - {provider: b, model: y}
      - {provider: a, model: z, enabled: false}
keys:
  team: {secret: sk-team-secret-1}
  guest: {secret: sk-guest-secret-1, models: [other]}
"""
OURS = ("PLEXUS_", "DATABASE_", "CONFIG_", "ADMIN_", "ENCRYPTION_", "HOST", "PORT", "LOG_", "DEBUG")


class Shell:
    """Runs commands against ``config`` (its folder holds the database, too)."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        for name in [name for name in os.environ if name.startswith(OURS)]:
            patch.delenv(name)
        self.config = folder / "config" / "plexus.yaml"
        patch.setenv("PLEXUS_CONFIG", str(self.config))
        patch.setenv("COLUMNS", "200")
        self.patch = patch

    def write(self, text: str) -> None:
        self.config.parent.mkdir(exist_ok=True)
        self.config.write_text(text)

    def run(self, *arguments: str, status: int = 0) -> Result:
        """What the command printed. Fails for another exit status than ``status``."""
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == status, f"{result.exit_code}: {result.output} {result.exception!r}"
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result
