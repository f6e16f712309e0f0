"""Every member of all vendors' requests is carried, a declared loss, or a 400: none is dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest
from scripts.support import TITLES, translate
from scripts.support_samples import BASES, NEUTRAL, NEUTRAL_AT, SAMPLES
from tests import specs_schema
from tests.protocols.properties import without_nothing

CASES = [
    (source, other, name)
    for source, samples in SAMPLES.items()
    for other in TITLES
    if other != source
    for name in samples
]


@pytest.mark.parametrize(("source", "other", "name"), CASES)
def test_no_member_is_dropped_in_silence(source: str, other: str, name: str) -> None:
    outcome = translate(source, other, {**BASES[source], **SAMPLES[source][name]})
    if outcome.word == "kept" and name not in NEUTRAL[source] | NEUTRAL_AT.get(other, {}).get(source, set()):
        assert outcome.written != translate(source, other, BASES[source]).written
    assert outcome.word == "kept" or outcome.detail


@pytest.mark.parametrize(("source", "name"), [(source, name) for source in SAMPLES for name in SAMPLES[source]])
def test_within_its_own_protocol_every_member_stays(source: str, name: str) -> None:
    document = {**BASES[source], **SAMPLES[source][name]}
    outcome = translate(source, source, document)
    assert outcome.word == "kept"
    assert outcome.written is not None
    assert without_nothing({key: outcome.written.get(key) for key in document}) == without_nothing(document)


def sampled(source: str) -> set[str]:
    return {name.split(" ")[0].rstrip(":") for name in SAMPLES[source]}


def test_every_member_of_openais_request_has_a_sample() -> None:
    members = set(_properties(specs_schema.document("openai-core.openapi"), "CreateChatCompletionRequest"))
    assert members - sampled("openai_chat") - {"model", "messages"} == set()


def test_every_member_of_openais_other_request_has_a_sample() -> None:
    members = set(_properties(specs_schema.document("openai-core.openapi"), "CreateResponse"))
    assert members - sampled("openai_responses") - {"model"} == set()


def test_every_member_of_anthropics_request_has_a_sample() -> None:
    definitions = specs_schema.document("anthropic-messages.schema")["$defs"]
    node = definitions["root:MessageCreateParams"]
    members: set[str] = set()
    for option in node["anyOf"]:
        members |= set(definitions[option["$ref"].split("/")[-1]]["properties"])
    assert members - sampled("anthropic_messages") - {"model", "messages"} == set()


def test_every_member_of_geminis_request_has_a_sample() -> None:
    document = specs_schema.document("gemini-native.openapi")
    members = set(_properties(document, "GenerateContentRequest")) - {"generationConfig", "toolConfig"}
    members |= {f"generationConfig.{name}" for name in _properties(document, "GenerationConfig")}
    members |= {f"toolConfig.{name}" for name in _properties(document, "ToolConfig")}
    assert members - sampled("gemini") == set()
    tools = {f"tools: {name}" for name in _properties(document, "Tool")}
    parts = {f"contents: {name}" for name in _properties(document, "Part")}
    written = " ".join(SAMPLES["gemini"])
    assert [name for name in tools | parts if name not in written and name.split(": ")[1] not in written] == []


def _properties(document: dict[str, Any], name: str) -> list[str]:
    schema = document["components"]["schemas"][name]
    found = list(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found += (
            _properties(document, part["$ref"].split("/")[-1]) if "$ref" in part else list(part.get("properties", {}))
        )
    return found
