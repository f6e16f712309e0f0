"""Which `file:` references are read, and that each file read is noted, so that it can be watched."""

from __future__ import annotations

from pathlib import Path

import pytest

from plexus.configuration.interpolate import Stamps, interpolate, stamp
from plexus.configuration.yaml_source import parse_yaml


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("{api_key: file:it}", True),
        ("{keys: {me: {secret: file:it}}}", True),
        ("{adminKey: file:it}", True),
        ("{headers: {x-token: file:it}}", True),
        ("{comment: file:it}", False),
    ],
)
def test_files_are_read_for_secrets_and_noted(text: str, reads: bool, tmp_path: Path) -> None:
    file = tmp_path / "it"
    file.write_text("the secret\n")
    read: Stamps = {}
    tree, found = interpolate(parse_yaml(text), {}, tmp_path, read)
    assert found == []
    assert ("'the secret'" in str(tree)) == reads
    assert read == ({file: stamp(file)} if reads else {})


def test_a_file_that_is_not_there_is_a_problem_and_noted(tmp_path: Path) -> None:
    read: Stamps = {}
    _, (problem,) = interpolate(parse_yaml("api_key: file:it"), {}, tmp_path, read)
    assert "cannot be read" in problem.message
    assert read == {tmp_path / "it": None}
