"""Moderations as OpenAI answers them: a category is flagged where the text has its word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json
from plexus.mock_provider.operations.reading import read_openai
from plexus.mock_provider.operations.vectors import words
from plexus.mock_provider.stage import Desk

CATEGORIES: Final = {
    "harassment": "insult",
    "harassment/threatening": "threat",
    "sexual": "sexual",
    "hate": "hate",
    "hate/threatening": "exterminate",
    "illicit": "smuggle",
    "illicit/violent": "bomb",
    "self-harm/intent": "suicide",
    "self-harm/instructions": "overdose",
    "self-harm": "hurt",
    "sexual/minors": "minors",
    "violence": "kill",
    "violence/graphic": "gore",
}
"""Each category and the word that flags it."""
SEEN: Final = ("sexual", "self-harm", "violence")
"""How the categories begin that images are looked at for, but for ``sexual/minors``."""
_HIGH, _LOW = 0.9921875, 0.0009765625


class TextPart(Struct, forbid_unknown_fields=True, tag="text"):
    """Text."""

    text: str


class Address(Struct, forbid_unknown_fields=True):
    """Where an image is."""

    url: Annotated[str, Meta(pattern=r"^(https?://|data:image/)")]


class ImagePart(Struct, forbid_unknown_fields=True, tag="image_url"):
    """An image, in which nothing is ever found."""

    image_url: Address


class Request(Struct, forbid_unknown_fields=True):
    """The body of ``/v1/moderations``."""

    input: str | Annotated[list[str | TextPart | ImagePart], Meta(min_length=1)]
    model: str | None = None


_KINDS: Final = {"text": TextPart, "image": ImagePart}
_DECODER = msgspec.json.Decoder(Request)


def moderate(desk: Desk) -> Callable[[], Json]:
    """``POST /v1/moderations``: a result for each text, or one for parts together."""
    request = read_openai(_DECODER, desk.call.body)
    given = [request.input] if isinstance(request.input, str) else request.input
    texts = [one for one in given if isinstance(one, str)]
    parts = [one for one in given if not isinstance(one, str)]
    if parts:
        texts.append(" ".join(part.text for part in parts if isinstance(part, TextPart)))
    kinds = [kind for kind, one in _KINDS.items() if any(isinstance(part, one) for part in parts)] or ["text"]
    return lambda: {
        "id": desk.ids.make("modr-", 29),
        "model": request.model or "omni-moderation-latest",
        "results": [_result(text, kinds) for text in texts],
    }


def _result(text: str, kinds: list[str]) -> Json:
    said = set(words(text))
    found = {name: word in said for name, word in CATEGORIES.items()}
    return {
        "flagged": any(found.values()),
        "categories": found,
        "category_scores": {name: _HIGH if flagged else _LOW for name, flagged in found.items()},
        "category_applied_input_types": {
            name: [kind for kind in kinds if kind == "text" or _is_seen(name)] for name in found
        },
    }


def _is_seen(name: str) -> bool:
    return name.startswith(SEEN) and name != "sexual/minors"
