"""Which path is which operation of which vendor."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from plexus.mock_provider.answer import Json
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.clouds import give_token
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.frame import Frame
from plexus.mock_provider.gemini.request import count as count_gemini
from plexus.mock_provider.messages.request import read_count
from plexus.mock_provider.models import is_known, listing, single
from plexus.mock_provider.ollama.reply import tags
from plexus.mock_provider.operations import audio, embeddings, images, moderations, rerank
from plexus.mock_provider.responses import stored
from plexus.mock_provider.stage import Desk
from plexus.mock_provider.vendors import (
    AZURE,
    BEDROCK,
    CHAT,
    COHERE,
    COMPLETIONS,
    GEMINI,
    MESSAGES,
    OLLAMA,
    RESPONSES,
    TOKENS,
    VERTEX_CLAUDE,
    Vendor,
)

Answer = Json | tuple[str, bytes] | list[Frame]
"""A JSON body, another one with its content type, or the events of a stream."""
Operation = Callable[[Desk], Callable[[], Answer]]
"""Checks the call (raises Refused); what it gives makes the answer."""


@dataclass(frozen=True, slots=True)
class Route:
    """One path. ``operation`` is None where something is generated."""

    method: str
    pattern: re.Pattern[str]
    vendor: Vendor
    operation: Operation | None = None
    scripted: bool = True
    """Whether a call takes the next step of the transcript."""


def _count_messages(desk: Desk) -> Callable[[], Answer]:
    counted = read_count(desk.call.body, desk.call.headers, desk.stage.issuer)
    return lambda: {"input_tokens": desk.input_tokens(counted)}


def _models(desk: Desk, vendor: Vendor) -> Callable[[], Answer]:
    model = desk.match["model"]
    if model is None:
        return lambda: listing(vendor.protocol)
    if not is_known(model):
        raise Refused(f"The model '{model}' does not exist", kind="model", status=404)
    return lambda: single(model, vendor.protocol)


def _openai_models(desk: Desk) -> Callable[[], Answer]:
    return _models(desk, guess(desk.call))


def _gemini_models(desk: Desk) -> Callable[[], Answer]:
    return _models(desk, GEMINI)


def _tags(_desk: Desk) -> Callable[[], Answer]:
    return tags


def _route(
    method: str, pattern: str, vendor: Vendor, operation: Operation | None = None, *, scripted: bool = True
) -> Route:
    return Route(method, re.compile(pattern), vendor, operation, scripted)


_RESPONSE = r"/v1/responses/(?P<id>[^/]+)"
_GEMINI = r"/(?:v1|v1beta|v1beta1)/(?:[^:]*/)?models/(?P<model>[^/:]+)"

_VERTEX = r"/v1/projects/[^/]+/locations/[^/]+/publishers/"

ROUTES: Final = (
    _route("GET", r"/v1/models(?:/(?P<model>.+))?", CHAT, _openai_models, scripted=False),
    _route("POST", r"/v1/chat/completions", CHAT),
    _route("POST", r"/v1/completions", COMPLETIONS),
    _route("POST", r"/v1/messages", MESSAGES),
    _route("POST", r"/v1/messages/count_tokens", MESSAGES, _count_messages),
    _route("POST", r"/v1/responses", RESPONSES),
    _route("POST", r"/v1/responses/input_tokens", RESPONSES, stored.count),
    _route("POST", r"/v1/responses/compact", RESPONSES, stored.compact),
    _route("GET", _RESPONSE, RESPONSES, stored.get),
    _route("DELETE", _RESPONSE, RESPONSES, stored.remove),
    _route("GET", _RESPONSE + "/input_items", RESPONSES, stored.list_items),
    _route("POST", _RESPONSE + "/cancel", RESPONSES, stored.cancel),
    _route("GET", r"/(?:v1beta|v1beta1)/models(?:/(?P<model>[^/:]+))?", GEMINI, _gemini_models, scripted=False),
    _route("POST", _GEMINI + r":(?:g|streamG)enerateContent", GEMINI),
    _route("POST", _GEMINI + r":countTokens", GEMINI, count_gemini),
    _route("POST", _GEMINI + r":embedContent", GEMINI, embeddings.gemini_one),
    _route("POST", _GEMINI + r":batchEmbedContents", GEMINI, embeddings.gemini_many),
    _route("POST", r"/model/(?P<model>[^/]+)/converse(?:-stream)?", BEDROCK),
    _route("POST", _VERTEX + r"anthropic/models/(?P<model>[^/:]+):(?:r|streamR)awPredict", VERTEX_CLAUDE),
    _route("POST", r"/openai/v1/chat/completions", CHAT),
    _route("POST", r"/openai/v1/responses", RESPONSES),
    _route("POST", r"/openai/deployments/(?P<model>[^/]+)/chat/completions", AZURE),
    _route("POST", r"/token|/[^/]+/oauth2/v2\.0/token", TOKENS, give_token, scripted=False),
    _route("POST", r"/api/chat", OLLAMA),
    _route("GET", r"/api/tags", OLLAMA, _tags, scripted=False),
    _route("POST", r"/v1/embeddings", CHAT, embeddings.openai),
    _route("POST", r"/v2/chat", COHERE),
    _route("POST", r"/v2/embed", COHERE, embeddings.cohere),
    _route("POST", r"/v2/rerank", COHERE, rerank.cohere),
    _route("POST", r"/v1/rerank", CHAT, rerank.jina_voyage),
    _route("POST", r"/v1/moderations", CHAT, moderations.moderate),
    _route("POST", r"/v1/images/generations", CHAT, images.generate),
    _route("POST", r"/v1/images/edits", CHAT, images.edit),
    _route("POST", r"/v1/images/variations", CHAT, images.vary),
    _route("POST", r"/v1/audio/speech", CHAT, audio.speak),
    _route("POST", r"/v1/audio/transcriptions", CHAT, audio.transcribe),
    _route("POST", r"/v1/audio/translations", CHAT, audio.translate),
)


def guess(call: MockCall) -> Vendor:
    """Whose words to use where the path alone does not say."""
    if call.headers.get(b"anthropic-version") is not None:
        return MESSAGES
    owners = {"v1beta": GEMINI, "v1beta1": GEMINI, "v2": COHERE, "api": OLLAMA, "model": BEDROCK}
    return owners.get(call.path.split("/")[1] if "/" in call.path else "", CHAT)


def find(call: MockCall) -> tuple[Vendor, Route | None, re.Match[str] | None]:
    """The vendor and, where there is one, the route of a call and how its path matches. ``check`` tells why not."""
    for route in ROUTES:
        match = route.pattern.fullmatch(call.path)
        if match is not None and route.method == call.method:
            return guess(call) if route.operation is _openai_models else route.vendor, route, match
    other = next((route.vendor for route in ROUTES if route.pattern.fullmatch(call.path)), None)
    return other or guess(call), None, None


def refusal(call: MockCall) -> Refused:
    """Why a call has no route."""
    if any(route.pattern.fullmatch(call.path) for route in ROUTES):
        return Refused(f"Not allowed to {call.method} on {call.path}", kind="method", status=405)
    return Refused(f"Invalid URL ({call.method} {call.path})", kind="not-found", status=404)
