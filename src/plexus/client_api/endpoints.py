"""Where clients send what: path -> protocol and operation. What is not in the table is no endpoint of the data plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote


class Endpoint(NamedTuple):
    """One operation of one protocol."""

    protocol: str
    operation: str


ENDPOINTS: dict[bytes, Endpoint] = {
    b"/v1/chat/completions": Endpoint("openai_chat", "generate"),
    b"/v1/responses": Endpoint("openai_responses", "generate"),
    b"/v1/responses/input_tokens": Endpoint("openai_responses", "count_tokens"),
    b"/v1/responses/compact": Endpoint("openai_responses", "compact"),
    b"/v1/messages": Endpoint("anthropic_messages", "generate"),
    b"/v1/messages/count_tokens": Endpoint("anthropic_messages", "count_tokens"),
    b"/v1/completions": Endpoint("openai_chat", "complete"),
    b"/v1/embeddings": Endpoint("openai_chat", "embed"),
    b"/v2/embed": Endpoint("cohere", "embed"),
    b"/v1/rerank": Endpoint("openai_chat", "rerank"),
    b"/v2/rerank": Endpoint("cohere", "rerank"),
    b"/v1/moderations": Endpoint("openai_chat", "moderate"),
    b"/v1/images/generations": Endpoint("openai_chat", "image"),
    b"/v1/images/edits": Endpoint("openai_chat", "image_edit"),
    b"/v1/images/variations": Endpoint("openai_chat", "image_variation"),
    b"/v1/audio/speech": Endpoint("openai_chat", "speech"),
    b"/v1/audio/transcriptions": Endpoint("openai_chat", "transcribe"),
    b"/v1/audio/translations": Endpoint("openai_chat", "translate_speech"),
}
"""Paths as they are; looked up first, since nearly all calls go there."""

RESPONSES = b"/v1/responses"
"""Which may become a WebSocket, too."""
MODELS = b"/v1/models"
"""The list, and below it each model."""
GEMINI_MODELS = b"/v1beta/models"
"""The same in Gemini's shape alone."""

RAW = b"/raw/"
"""And below it a provider's name, then a path of its own: a call that passes through."""

HEALTH = frozenset({b"/health", b"/healthz"})
READY = b"/readyz"


class Action(NamedTuple):
    """What stands behind the colon of ``models/{model}:{action}``. ``stream``: the reply is one."""

    endpoint: Endpoint
    stream: bool


ACTIONS: Mapping[str, Action] = {
    "generateContent": Action(Endpoint("gemini", "generate"), stream=False),
    "streamGenerateContent": Action(Endpoint("gemini", "generate"), stream=True),
    "countTokens": Action(Endpoint("gemini", "count_tokens"), stream=False),
    "embedContent": Action(Endpoint("gemini", "embed"), stream=False),
    "batchEmbedContents": Action(Endpoint("gemini", "embed"), stream=False),
}
"""Actions that are served. Any other is a 404, never a call to a model."""


class Place(NamedTuple):
    """A path that names its model and its action."""

    model: str
    action: str


class RawPlace(NamedTuple):
    """Where a raw call goes: ``path`` as it came, from the root of the provider's host."""

    provider: str
    path: bytes


def find_raw(path: bytes) -> RawPlace:
    """Provider and path of ``/raw/{provider}/{path}``."""
    name, slash, rest = path[len(RAW) :].partition(b"/")
    return RawPlace(unquote(name.decode("latin-1")), slash + rest)


def find_place(path: bytes) -> Place | None:
    """Model and action of ``/v1beta/models/{model}:{action}`` or ``/v1/models/…``; None for another path.

    A model's name may hold ``/`` and ``:``, percent-encoded or not; the action stands behind the last colon.
    """
    for prefix in (GEMINI_MODELS, MODELS):
        if path.startswith(prefix + b"/"):
            model, colon, action = path[len(prefix) + 1 :].rpartition(b":")
            if not colon or not model or b"/" in action:
                return None
            return Place(unquote(model.decode("latin-1")), action.decode("latin-1"))
    return None
