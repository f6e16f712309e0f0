"""Where clients send what: path -> protocol and operation. What is not in the table is no endpoint of the data plane."""

from __future__ import annotations

from typing import NamedTuple


class Endpoint(NamedTuple):
    """One operation of one protocol."""

    protocol: str
    operation: str


ENDPOINTS: dict[bytes, Endpoint] = {
    b"/v1/chat/completions": Endpoint("openai_chat", "generate"),
    b"/v1/responses": Endpoint("openai_responses", "generate"),
    b"/v1/messages": Endpoint("anthropic_messages", "generate"),
    b"/v1/messages/count_tokens": Endpoint("anthropic_messages", "count_tokens"),
}

MODELS = b"/v1/models"
"""The list, and below it each model."""

HEALTH = frozenset({b"/health", b"/healthz"})
READY = b"/readyz"
