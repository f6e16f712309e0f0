from __future__ import annotations

import msgspec
import pytest

from plexus.configuration.urls import parse_endpoint
from plexus.protocols.registry import DIALECTS
from plexus.providers.presets import Preset, load_presets

PRESETS = load_presets()


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_a_preset_answers_questions_that_exist_and_has_usable_urls(preset: Preset) -> None:
    assert preset.docs
    for protocol, endpoint in preset.endpoints.items():
        parse_endpoint(protocol, endpoint.url, None)
    for answers in (preset.dialects, *(model.dialects for model in preset.models)):
        for protocol, given in answers.items():
            assert protocol in preset.endpoints
            msgspec.convert(given, DIALECTS[protocol])


def test_the_well_known_ones_are_there() -> None:
    assert {
        "openai",
        "anthropic",
        "google",
        "openrouter",
        "groq",
        "mistral",
        "deepseek",
        "xai",
        "ollama",
        "mock",
    } <= set(PRESETS)
