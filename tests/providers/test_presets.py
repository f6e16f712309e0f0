"""The presets: each one can be used, and says nothing that recorded traffic disproves."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from tests.configuration.loading import load
from tests.recordings import Recording, recordings

from plexus.configuration.document import PROTOCOL_NAMES
from plexus.configuration.preset_urls import is_template
from plexus.configuration.urls import parse_endpoint
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.registry import DIALECTS, PROTOCOLS
from plexus.providers.presets import Preset, load_presets

PRESETS = load_presets()
ROOT = Path(__file__).parents[2]
EACH = pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)


@EACH
def test_a_preset_answers_questions_that_exist(preset: Preset) -> None:
    for answers in (preset.dialects, *(model.dialects for model in preset.models)):
        assert set(answers) <= set(preset.endpoints)
        for protocol, given in answers.items():
            msgspec.convert(given, DIALECTS[protocol])


@EACH
def test_its_addresses_are_usable_and_safe(preset: Preset) -> None:
    assert preset.endpoints
    for protocol, endpoint in preset.endpoints.items():
        assert protocol in PROTOCOL_NAMES.values()
        parse_endpoint(protocol, re.sub(r"\{\w+\}", "mine", endpoint.url), None, whole=True)
        assert not endpoint.url.endswith("/")
        parts = urlsplit(endpoint.url)
        assert parts.scheme == "https" or parts.hostname == "127.0.0.1"
        assert (endpoint.auth == "none") <= (not preset.credential)


@EACH
def test_it_says_where_its_facts_are_from(preset: Preset) -> None:
    assert preset.display_name
    assert preset.docs.startswith("https://") or (ROOT / preset.docs).is_file()


@EACH
def test_its_answers_agree_with_each_other(preset: Preset) -> None:
    """What is refused is not asked for either, and a pattern of models changes something."""
    for each in preset.models:
        for protocol, given in each.dialects.items():
            general = preset.dialects.get(protocol, {})
            record = DIALECTS[protocol]
            assert msgspec.convert({**general, **given}, record) != msgspec.convert(general, record)
    for answers in [chat_answers(preset), *(chat_answers(preset, each.match) for each in preset.models)]:
        assert answers.max_tokens_field not in answers.refused_members
        assert "stream_options" not in answers.refused_members or answers.usage_in_stream != "when_asked"
        assert answers.reasoning_field is not None or not answers.reasoning_required
        assert answers.reasoning_setting not in answers.refused_members
        assert not answers.refused_members & {"model", "messages", "stream", "tools", "max_tokens"}


@EACH
def test_a_credential_is_all_that_it_needs(preset: Preset) -> None:
    """But for an address with a part of one's own, and for protocols that are not spoken yet."""
    credential = "api_key: sk-provider-secret, " if preset.credential else ""
    url = next(iter(preset.endpoints.values())).url
    address = re.sub(r"\{\w+\}", "mine", f'base_url: "{url}", ') if is_template(url) else ""
    loaded = load(
        f"""
        providers: {{ {preset.name}: {{ {credential}{address}models: ["*"] }} }}
        models: {{ any: {{ provider: {preset.name}, model_id: some-model }} }}
        keys: {{ me: {{ secret: sk-a-client-secret }} }}
        """
    )
    spoken = set(preset.endpoints) & PROTOCOLS
    assert len(loaded.warnings) == (not spoken)
    provider = loaded.snapshot.providers[preset.name]
    wanted = [name for name, endpoint in preset.endpoints.items() if not address or endpoint.url == url]
    assert list(provider.endpoints) == wanted
    for protocol, endpoint in provider.endpoints.items():
        whole = re.sub(r"\{\w+\}", "mine", preset.endpoints[protocol].url)
        scheme = "https" if endpoint.origin.tls is not None else "http"
        query = f"?{endpoint.query.decode()}" if endpoint.query else ""
        assert f"{scheme}://{endpoint.origin.authority}{endpoint.prefix}{query}" == whole


WELL_KNOWN = """
    ai21 anthropic azure baseten bedrock cerebras chutes cloudflare cohere dashscope deepinfra deepseek featherless fireworks
    friendli google groq huggingface hyperbolic inference_net jina litellm llamacpp lmstudio minimax mistral mock moonshot
    nanogpt nebius novita nvidia ollama openai openrouter ovhcloud perplexity poe sambanova scaleway sglang siliconflow stepfun
    synthetic together upstage venice vercel vertex vllm volcengine xai zai
"""


def test_there_are_many_and_the_well_known_ones_among_them() -> None:
    known = set(re.findall(r"\w+", WELL_KNOWN))
    assert known - set(PRESETS) == set()
    assert list(PRESETS) == sorted(PRESETS)
    names = [preset.display_name for preset in PRESETS.values()]
    assert len(set(names)) == len(names)


# --- against recorded traffic

NAMES = {"gemini": "google", "alibaba": "dashscope", "vercel-gateway": "vercel", "bedrock-mantle": "bedrock_mantle"}
"""Providers that the recordings call otherwise."""

ACCEPTED = [
    (recording, name)
    for recording in recordings("openai.chat")
    if recording.status == 200
    and recording.request is not None
    and recording.fidelity in ("recorded", "reserialised")
    and (name := NAMES.get(recording.provider, recording.provider)) in PRESETS
]


def chat_answers(preset: Preset, model: str = "") -> ChatDialect:
    given: dict[str, Any] = dict(preset.dialects.get("openai_chat", {}))
    for answers in preset.models:
        if answers.match == model or fnmatchcase(model, answers.match):
            given.update(answers.dialects.get("openai_chat", {}))
            break
    return msgspec.convert(given, ChatDialect)


@pytest.mark.parametrize(("recording", "name"), ACCEPTED, ids=[recording.id for recording, _ in ACCEPTED])
def test_what_a_provider_accepted_is_not_said_to_be_refused(recording: Recording, name: str) -> None:
    body = recording.request
    assert body is not None
    answers = chat_answers(PRESETS[name], body["model"])
    assert set(body) & answers.refused_members == set()
    kind = (body.get("response_format") or {}).get("type", "text")
    assert kind in answers.response_formats
    choice = body.get("tool_choice", "auto")
    assert (choice if isinstance(choice, str) else "named") in answers.tool_choices
    effort = body.get("reasoning_effort")
    assert effort is None or name == "zai" or effort in answers.efforts  # Z.ai takes any word, and heeds none
    for turn in body["messages"]:
        assert "name" not in turn or answers.message_names
        for part in turn["content"] if isinstance(turn.get("content"), list) else ():
            url = (part.get("image_url") or {}).get("url", "data:")
            assert url.startswith("data:") or answers.image_urls


def test_plain_thoughts_go_back_to_responses_providers_that_took_them() -> None:
    took = [
        NAMES.get(each.provider, each.provider)
        for each in recordings("openai.responses")
        if each.status == 200
        and any(item.get("type") == "reasoning" and item.get("content") for item in _items(each.request))
    ]
    assert "deepseek" in took
    for name in {name for name in took if name in PRESETS}:
        answers = msgspec.convert(PRESETS[name].dialects.get("openai_responses", {}), ResponsesDialect)
        assert answers.reasoning_text, name


def _items(body: dict[str, Any] | None) -> list[dict[str, Any]]:
    given = (body or {}).get("input")
    return [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []


THINKING = [
    (recording, name)
    for recording, name in ACCEPTED
    if {"thinking", "reasoning_content", "reasoning"} & recording.features
]


def thoughts_field(recording: Recording) -> str | None:
    said = recording.sse or recording.body or b""
    return next(
        (
            name
            for name in ("reasoning_content", "reasoning")
            if f'"{name}":"'.encode() in said.replace(b'": "', b'":"')
        ),
        None,
    )


@pytest.mark.parametrize(("recording", "name"), THINKING, ids=[recording.id for recording, _ in THINKING])
def test_thoughts_go_back_in_the_member_in_which_they_came(recording: Recording, name: str) -> None:
    assert recording.request is not None
    field = thoughts_field(recording)
    answers = chat_answers(PRESETS[name], recording.request["model"])
    assert field is None or answers.reasoning_field is None or answers.reasoning_field == field
