from __future__ import annotations

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from plexus.cli.commands import app
from plexus.providers.presets import load_presets


def run(folder: Path, text: str, *arguments: str) -> tuple[int, str]:
    path = folder / "plexus.yaml"
    path.write_text(text, encoding="utf-8")
    result = CliRunner(env={"PLEXUS_CONFIG": str(path)}).invoke(app, ["config", *arguments])
    return result.exit_code, result.output


def test_check_accepts_every_preset_with_a_credential_only(tmp_path: Path) -> None:
    lines = ["keys: { me: { secret: sk-a-client-secret } }", "providers:"]
    for preset in load_presets().values():
        url = next(iter(preset.endpoints.values())).url
        address = re.sub(r"\{\w+\}", "mine", f', base_url: "{url}"') if "{" in url else ""
        credential = "api_key: sk-provider-secret" if preset.credential else "enabled: true"
        lines.append(f"  {preset.name}: {{ {credential}{address} }}")
    status, output = run(tmp_path, "\n".join(lines), "check", "--json")
    assert status == 0, output
    assert json.loads(output)["providers"] == len(load_presets())


def test_check_says_what_a_provider_lacks(tmp_path: Path) -> None:
    status, output = run(tmp_path, "providers: { groq: {}, unheard_of: { api_key: sk-1234 } }", "check")
    assert status == 2
    assert "api_key is missing" in output
    assert "base_url is missing" in output


def test_schema_is_json(tmp_path: Path) -> None:
    status, output = run(tmp_path, "", "schema", f"--output={tmp_path / 'schema.json'}")
    assert (status, output) == (0, "")
    assert "providers" in json.loads((tmp_path / "schema.json").read_text(encoding="utf-8"))["properties"]
