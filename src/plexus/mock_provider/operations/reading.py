"""How a body becomes a typed request, or a refusal in its owner's words."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from plexus.mock_provider.chat.request import refusal
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.strictness import explain

Body = TypeVar("Body")


def read_openai(decoder: msgspec.json.Decoder[Body], body: bytes) -> Body:
    """The body, or what OpenAI says of it. Raises Refused."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("We could not parse the JSON body of your request.") from None


def read_plainly(decoder: msgspec.json.Decoder[Body], body: bytes) -> Body:
    """The body, or in a sentence what is wrong with it, as Cohere, Jina and Voyage answer. Raises Refused."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        what, where = explain(error)
        raise Refused(f"invalid request: {what}{f' at {where}' if where else ''}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("invalid request: the body is not valid JSON") from None


def check_model(model: str, message: str) -> None:
    """Raises Refused for a model that says of itself that it is not there (``nonexistent…``)."""
    if model.startswith("nonexistent"):
        raise Refused(message.format(model=model), kind="model", code="model_not_found", status=404)
