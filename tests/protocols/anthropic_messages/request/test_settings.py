from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.anthropic_messages.making import FOREIGN, encode, foreign, pairs, raw
from tests.specs_schema import anthropic

from plexus.canonical.content import Extras, Text
from plexus.canonical.errors import ClientError
from plexus.canonical.request import AudioOutput, OutputFormat, ReasoningSettings

FREE, ONE, NONE = "claude-sonnet-4-0", "claude-sonnet-4-5", "claude-opus-4-8"


@pytest.mark.parametrize(
    ("model", "members", "wire", "expected"),
    [
        (FREE, {"temperature": 0.2, "top_p": 0.5, "top_k": 4}, {"temperature": 0.2, "top_p": 0.5, "top_k": 4}, set()),
        (FREE, {"temperature": 1.7}, {"temperature": 1.0}, {("temperature", "clamped")}),
        (ONE, {"temperature": 0.2, "top_p": 1.0}, {"temperature": 0.2}, set()),
        (ONE, {"temperature": 0.2, "top_p": 0.5}, {"temperature": 0.2}, {("top_p", "unsupported")}),
        (ONE, {"top_p": 0.5}, {"top_p": 0.5}, set()),
        (NONE, {"temperature": 1.0, "top_p": 1.0}, {}, set()),
        (
            NONE,
            {"temperature": 0.0, "top_p": 0.5, "top_k": 4},
            {},
            {("temperature", "unsupported"), ("top_p", "unsupported"), ("top_k", "unsupported")},
        ),
    ],
)
def test_sampling_within_what_the_model_takes(
    model: str, members: dict[str, Any], wire: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    body, losses = encode(foreign(model=model, **members))
    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == wire
    assert pairs(losses) == expected


def test_thinking_forbids_most_sampling() -> None:
    settings = ReasoningSettings(effort="low")
    body, losses = encode(foreign(model=FREE, reasoning=settings, temperature=0.2, top_k=4, top_p=0.5))
    assert not {"temperature", "top_p", "top_k"} & body.keys()
    assert pairs(losses) == {(name, "unsupported") for name in ("temperature", "top_k", "top_p")}
    body, losses = encode(foreign(model=FREE, reasoning=settings, temperature=1.0, top_p=0.97))
    assert body["top_p"] == 0.97
    assert not losses


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", 1),
        ("frequency_penalty", 0.1),
        ("presence_penalty", 0.1),
        ("logit_bias", raw({"1": 2})),
        ("logprobs", True),
        ("top_logprobs", 2),
        ("verbosity", "low"),
        ("prediction", raw({})),
        ("prompt_cache_key", "k"),
        ("prompt_cache_retention", "24h"),
        ("metadata", raw({"a": "b"})),
        ("store", True),
        ("audio", AudioOutput(format="wav")),
        ("service_tier", "flex"),
        ("stop", ("  ",)),
    ],
)
def test_settings_without_a_place_are_losses(name: str, value: object) -> None:
    body, losses = encode(foreign(**{name: value}))
    anthropic("MessageCreateParams").validate(body)
    assert pairs(losses) == {(name, "unsupported")}


@pytest.mark.parametrize(
    "members", [{"logprobs": False}, {"store": False}, {"candidates": 1}, {"modalities": ("text",)}, {"user": "u"}]
)
def test_settings_that_ask_for_what_is_so_anyway_are_none(members: dict[str, Any]) -> None:
    assert not encode(foreign(**members))[1]


def test_unknown_members_of_others_are_losses() -> None:
    assert pairs(encode(foreign(extras=Extras(FOREIGN, {"web_search_options": raw({})})))[1]) == {
        ("web_search_options", "foreign")
    }


@pytest.mark.parametrize(
    ("members", "param"), [({"candidates": 2}, "n"), ({"modalities": ("text", "audio")}, "modalities")]
)
def test_what_no_reply_could_hold_is_a_400(members: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientError) as refused:
        encode(foreign(**members))
    assert refused.value.param == param


@pytest.mark.parametrize(("tier", "word"), [("auto", "auto"), ("default", "standard_only")])
def test_tiers_have_their_words(tier: str, word: str) -> None:
    body, losses = encode(foreign(service_tier=tier))
    assert body["service_tier"] == word
    assert not losses


@pytest.mark.parametrize(
    ("members", "user", "lost"),
    [
        ({"user": "u"}, "u", False),
        ({"safety_identifier": "s"}, "s", False),
        ({"user": "u", "safety_identifier": "s"}, "u", True),
    ],
)
def test_who_asks(members: dict[str, Any], user: str, lost: bool) -> None:
    body, losses = encode(foreign(**members))
    assert body["metadata"] == {"user_id": user}
    assert bool(losses) is lost


SCHEMA = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object"}}, "enum": {"enum": [{}]}}}
CLOSED = {
    "type": "object",
    "properties": {
        "a": {"type": "array", "items": {"type": "object", "additionalProperties": False}},
        "enum": {"enum": [{}]},
    },
    "additionalProperties": False,
}


def test_a_schema_becomes_the_output_format_with_closed_objects() -> None:
    body, losses = encode(foreign(output=OutputFormat(kind="json_schema", name="n", schema=raw(SCHEMA), strict=True)))
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": CLOSED}}
    assert not losses


def test_an_open_object_stays_open() -> None:
    schema = {"type": "object", "additionalProperties": True}
    body, _ = encode(foreign(output=OutputFormat(kind="json_schema", schema=raw(schema))))
    assert body["output_config"]["format"]["schema"] == schema


@pytest.mark.parametrize(
    ("output", "model"),
    [
        (OutputFormat(kind="json_object"), ONE),
        (OutputFormat(kind="json_schema", schema=raw(SCHEMA)), FREE),
        (OutputFormat(kind="json_schema"), ONE),
    ],
)
def test_other_formats_become_an_instruction(output: OutputFormat, model: str) -> None:
    body, losses = encode(foreign(output=output, model=model, system=(Text(text="S"),)))
    assert body["system"][0] == {"type": "text", "text": "S"}
    instruction = body["system"][1]["text"]
    assert "JSON" in instruction
    assert ('"properties"' in instruction) is (output.schema is not None)
    assert "output_config" not in body
    assert pairs(losses) == {("response_format", "approximated")}


def test_text_is_no_format_and_hangers_on_are_losses() -> None:
    assert "output_config" not in encode(foreign(output=OutputFormat(kind="text")))[0]
    output = OutputFormat(
        kind="json_schema", schema=raw(SCHEMA), description="d", extras=Extras(FOREIGN, {"x": raw(1)})
    )
    assert pairs(encode(foreign(output=output))[1]) == {
        ("response_format.description", "unsupported"),
        ("response_format.x", "foreign"),
    }
