"""The models that the mock lists. It answers to any other name too, like ``mock-chat``."""

from __future__ import annotations

from typing import Final

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Protocol
from plexus.mock_provider.faults import FAULTS, PREFIX

MODELS: Final = (
    "mock-chat",
    "mock-echo",
    "mock-tools",
    "mock-agent",
    "mock-thinking",
    "mock-thinking-tools",
    "mock-redacted",
    "mock-json",
    "mock-refusal",
    "mock-search",
    "mock-words-100",
    *(f"{PREFIX}{name}" for name in FAULTS),
)
"""The first one answers anything with usage."""

_CREATED, _CREATED_AT = 1_767_225_600, "2026-01-01T00:00:00Z"


def is_known(model: str) -> bool:
    """Whether the model is listed."""
    return model in MODELS


def single(model: str, protocol: Protocol) -> Json:
    """One model in the vendor's shape."""
    if protocol == "gemini":
        return gemini(model)
    if protocol == "messages":
        return {
            "type": "model",
            "id": model,
            "display_name": model,
            "created_at": _CREATED_AT,
            "lifecycle": "active",
            "max_input_tokens": 200_000,
            "max_tokens": 64_000,
        }
    return {"id": model, "object": "model", "created": _CREATED, "owned_by": "mock"}


def gemini(model: str) -> Json:
    """One model as Gemini lists it."""
    return {
        "name": f"models/{model}",
        "version": "001",
        "displayName": model,
        "description": f"The mock provider's {model}",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens", "embedContent", "batchEmbedContents"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
        "thinking": model.startswith(("mock-thinking", "mock-redacted")),
    }


def listing(protocol: Protocol) -> Json:
    """All models in the vendor's shape."""
    if protocol == "gemini":
        return {"models": [gemini(model) for model in MODELS]}
    found = [single(model, protocol) for model in MODELS]
    if protocol == "messages":
        return {"data": found, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
    return {"object": "list", "data": found}
