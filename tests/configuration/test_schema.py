from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from scripts.generate import SCHEMA, schema_text
from tests.configuration.test_load import FULL, MISSION

from plexus.configuration.document import ProviderPart
from plexus.configuration.part import all_parts, names_of
from plexus.configuration.schema import descriptions, json_schema

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "config" / "plexus.example.yaml").read_text(encoding="utf-8")


def errors(text: str) -> list[str]:
    document: Any = YAML(typ="safe", pure=True).load(text)
    return [error.message for error in Draft202012Validator(json_schema()).iter_errors(document)]


def test_the_committed_schema_is_fresh() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run scripts/generate"


def test_it_is_a_schema() -> None:
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("text", [MISSION, FULL, EXAMPLE, "{}", "x-anything: [1]\nproviders: { ollama: }"])
def test_good_files_fit(text: str) -> None:
    assert errors(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "provider: {}",
        "providers: { a: { base_ur: x } }",
        "providers: { a: { enabled: 5 } }",
        "providers: { a: { base_url: { chatt: x } } }",
        "models: { a: { targets: [{ provider: a }] } }",
        "models: { a: { selector: fastest } }",
        "user_quotas: { a: { type: daily, limit: 5 } }",
        "keys: { a: { secret: 5 } }",
    ],
)
def test_bad_files_do_not(text: str) -> None:
    assert errors(text) != []


@pytest.mark.parametrize(
    "text",
    [
        'providers: { a: { enabled: "${ON}", timeouts: { connect: "${S:-5}" } } }',
        "user_quotas: { a: { type: daily, limitType: tokens, limit: 5 } }",
        "user_quotas: { a: { type: daily, limit_type: tokens, limit: 5 } }",
    ],
)
def test_references_and_both_spellings_fit(text: str) -> None:
    assert errors(text) == []


def test_every_member_is_described_under_all_its_names() -> None:
    definitions = {**json_schema()["$defs"], "Document": json_schema()}
    for part in all_parts():
        texts = descriptions(part)
        members = definitions[part.__name__]["properties"]
        for member, names in names_of(part).items():
            assert len(texts[member]) > 5, (part, member)
            assert [members[name]["description"].startswith(texts[member]) for name in names] == [True] * len(names)


def test_descriptions_stand_on_one_line() -> None:
    assert descriptions(ProviderPart)["api_key"] == (
        "The credential. Write `${NAME}` for an environment variable, `file:PATH` for a file."
    )
