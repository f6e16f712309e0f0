from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from tests.configuration.test_load import FULLER, MISSION

from plexus.configuration.schema import json_schema

SCHEMA = Draft202012Validator(json.loads(json_schema()))


@pytest.mark.parametrize("text", [MISSION, FULLER, Path("config/plexus.example.yaml").read_text()])
def test_what_loads_fits_the_schema(text: str) -> None:
    problems = [problem.message for problem in SCHEMA.iter_errors(YAML(typ="safe", pure=True).load(text))]
    assert problems == []


@pytest.mark.parametrize("text", ["providrs: {}", "models: {m: {selector: fastest}}", "keys: {k: {secret: 1}}"])
def test_what_does_not_load_does_not_fit(text: str) -> None:
    assert list(SCHEMA.iter_errors(YAML(typ="safe", pure=True).load(text)))
