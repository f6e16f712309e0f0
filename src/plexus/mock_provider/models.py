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


def listing(protocol: Protocol) -> Json:
    """All models in the vendor's shape."""
    found = [single(model, protocol) for model in MODELS]
    if protocol == "messages":
        return {"data": found, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
    return {"object": "list", "data": found}
