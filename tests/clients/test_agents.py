"""The settings of coding agents, where their journeys do not show it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from plexus.clients.agents import AIDER, CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE
from plexus.clients.client import Client, Wish
from plexus.clients.write import apply_changes

WISH = Wish(url="http://gw", key="sk-1", model="big", small_model="small")


@pytest.mark.parametrize("client", [AIDER, CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE], ids=lambda client: client.name)
def test_its_files_say_all_that_it_needs(client: Client, tmp_path: Path) -> None:
    written = apply_changes(client.connect(WISH).changes, tmp_path)
    said = "\n".join(one.path.read_text() for one in written)
    for word in ("http://gw", "sk-1", "big"):
        assert word in said


def test_aider_is_told_the_protocol_by_a_prefix(tmp_path: Path) -> None:
    (written,) = apply_changes(AIDER.connect(WISH).changes, tmp_path)
    read = YAML(typ="safe").load(written.path.read_text())
    assert read["model"] == "openai/big"
    assert read["weak-model"] == "openai/small"
    assert read["openai-api-base"] == "http://gw/v1"
