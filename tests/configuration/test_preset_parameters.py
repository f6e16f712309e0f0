"""Parts of a preset's addresses, filled in."""

from __future__ import annotations

import pytest

from plexus.configuration.preset_parameters import fill, wanted
from plexus.providers.presets import load_presets

PRESETS = load_presets()


def test_what_is_wanted() -> None:
    assert list(wanted(PRESETS["vertex"])) == ["location", "project"]
    assert list(wanted(PRESETS["azure_classic"])) == ["resource", "api_version"]
    assert wanted(PRESETS["groq"]) == {}


def test_all_are_filled_in_and_defaults_stand() -> None:
    urls, wrong = fill(PRESETS["vertex"], {"project": "p"})
    assert wrong == []
    assert urls["gemini"] == "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google"
    urls, _ = fill(PRESETS["azure_classic"], {"resource": "r", "api_version": "2025-01-01-preview"})
    assert urls["openai_chat"].endswith("/deployments/{model}?api-version=2025-01-01-preview")


def test_what_is_missing_is_named_once() -> None:
    urls, (wrong,) = fill(PRESETS["azure"], {})
    assert urls == {}
    assert wrong.startswith("parameters: resource (")
    assert wrong.count("resource (") == 1


@pytest.mark.parametrize("value", ["", "a/b", "a.b/../c", "{x}", "a b", "?q", "@evil", "-x"])
def test_a_value_leads_nowhere_else(value: str) -> None:
    urls, wrong = fill(PRESETS["bedrock"], {"region": value})
    assert urls == {}
    assert "no part of an address" in wrong[0]


def test_unknown_ones_are_refused() -> None:
    _, wrong = fill(PRESETS["groq"], {"region": "x"})
    assert wrong == ["there is no parameter 'region'. Those of groq: none."]
