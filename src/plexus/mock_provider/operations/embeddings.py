"""Embeddings as OpenAI, Gemini and Cohere answer them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.gemini import schema as gemini
from plexus.mock_provider.gemini.rules import refusal as gemini_refusal
from plexus.mock_provider.operations.reading import check_model, read_openai, read_plainly
from plexus.mock_provider.operations.vectors import packed, vector
from plexus.mock_provider.stage import Desk
from plexus.mock_provider.tokens import compact, count

SIZES: Final = {"openai": 1536, "gemini": 3072, "cohere": 1024}
"""How many numbers an embedding has unless asked otherwise."""
COHERE_TYPES: Final = ("float", "int8", "uint8", "binary", "ubinary", "base64")

Text = Annotated[str, Meta(min_length=1)]
Tokens = Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1, max_length=8192)]


class OpenAiRequest(Struct, forbid_unknown_fields=True):
    """The body of ``/v1/embeddings``; ``input_type`` is what Voyage adds."""

    model: Text
    input: str | list[str | int | Tokens]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1, le=4096)] | None = None
    user: str | None = None
    input_type: str | None = None
    output_dimension: Annotated[int, Meta(ge=1, le=4096)] | None = None
    output_dtype: str | None = None
    truncation: bool | None = None


_OPENAI = msgspec.json.Decoder(OpenAiRequest)


def openai(desk: Desk) -> Callable[[], Json]:
    """``POST /v1/embeddings``."""
    request = read_openai(_OPENAI, desk.call.body)
    check_model(request.model, "The model `{model}` does not exist or you do not have access to it.")
    texts = _inputs(request.input)
    tokens = sum(count(text) if isinstance(text, str) else len(text) for text in texts)
    size = request.dimensions or request.output_dimension or SIZES["openai"]

    def answer() -> Json:
        vectors = [vector(text if isinstance(text, str) else compact(text), size) for text in texts]
        as_text = request.encoding_format == "base64"
        data = [
            {"object": "embedding", "index": index, "embedding": packed(one) if as_text else one}
            for index, one in enumerate(vectors)
        ]
        used = desk.input_tokens(tokens)
        usage = {"prompt_tokens": used, "total_tokens": used}
        return {"object": "list", "data": data, "model": request.model, "usage": usage}

    return answer


def _inputs(given: str | list[str | int | list[int]]) -> list[str | list[int]]:
    """Texts or tokens, each an input of its own. Raises Refused."""
    if isinstance(given, str):
        given = [given]
    numbers = [one for one in given if isinstance(one, int)]
    if numbers and len(numbers) == len(given):
        return [numbers]
    found = [one for one in given if not isinstance(one, int)]
    if not found or len(found) < len(given) or any(one == "" for one in found) or len(found) > 2048:
        raise Refused("'$.input' is invalid. Please check the API reference.", param=None)
    return found


class GeminiRequest(gemini.Strict):
    """The body of embedContent."""

    content: gemini.Content
    model: str | None = None
    task_type: str | None = None
    title: str | None = None
    output_dimensionality: Annotated[int, Meta(ge=1, le=3072)] | None = None
    auto_truncate: bool | None = None
    embed_content_config: Json | None = None


class GeminiBatch(gemini.Strict):
    """The body of batchEmbedContents."""

    requests: list[GeminiRequest]


Kind = TypeVar("Kind", GeminiRequest, GeminiBatch)


def _read_gemini(kind: type[Kind], desk: Desk) -> Kind:
    check_model(
        desk.call.model,
        "models/{model} is not found for API version v1beta, or is not supported for embedContent. Call ListModels to see"
        " the list of available models and their supported methods.",
    )
    try:
        return msgspec.convert(gemini.decode(desk.call.body), kind)
    except msgspec.ValidationError as error:
        raise gemini_refusal(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("Invalid JSON payload received. Unexpected token.") from None


def gemini_one(desk: Desk) -> Callable[[], Json]:
    """``models/<model>:embedContent``."""
    request = _read_gemini(GeminiRequest, desk)
    text = _gemini_text(request)
    return lambda: {"embedding": _values(request, text), "usageMetadata": _gemini_usage(desk, [text])}


def gemini_many(desk: Desk) -> Callable[[], Json]:
    """``models/<model>:batchEmbedContents``."""
    batch = _read_gemini(GeminiBatch, desk)
    if not 1 <= len(batch.requests) <= 100:
        raise Refused("* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch")
    for index, one in enumerate(batch.requests):
        if (one.model or "").removeprefix("models/") != desk.call.model:
            raise Refused(f"* BatchEmbedContentsRequest.requests[{index}].model: must match the batch's model")
    texts = [_gemini_text(one) for one in batch.requests]
    return lambda: {
        "embeddings": [_values(one, text) for one, text in zip(batch.requests, texts, strict=True)],
        "usageMetadata": _gemini_usage(desk, texts),
    }


def _gemini_text(request: GeminiRequest) -> str:
    parts = request.content.parts or []
    if not parts or any(part.text is None for part in parts):
        raise Refused("* EmbedContentRequest.content: content contains an empty Part.")
    return "".join(part.text or "" for part in parts)


def _values(request: GeminiRequest, text: str) -> Json:
    return {"values": vector(text, request.output_dimensionality or SIZES["gemini"])}


def _gemini_usage(desk: Desk, texts: Sequence[str]) -> Json:
    used = desk.input_tokens(sum(count(text) for text in texts))
    return {"promptTokenCount": used, "promptTokenDetails": [{"modality": "TEXT", "tokenCount": used}]}


class CohereRequest(Struct, forbid_unknown_fields=True):
    """The body of ``/v2/embed``."""

    model: Text
    input_type: Literal["search_document", "search_query", "classification", "clustering", "image"]
    texts: Annotated[list[str], Meta(max_length=96)] | None = None
    images: Annotated[list[str], Meta(max_length=1)] | None = None
    inputs: Annotated[list[Json], Meta(max_length=96)] | None = None
    max_tokens: int | None = None
    output_dimension: Literal[256, 512, 1024, 1536] | None = None
    embedding_types: list[Literal["float", "int8", "uint8", "binary", "ubinary", "base64"]] | None = None
    truncate: Literal["NONE", "START", "END"] | None = None
    priority: int | None = None


_COHERE = msgspec.json.Decoder(CohereRequest)


def cohere(desk: Desk) -> Callable[[], Json]:
    """``POST /v2/embed``. https://docs.cohere.com/reference/embed"""
    request = read_plainly(_COHERE, desk.call.body)
    check_model(
        request.model, "model '{model}' not found, make sure the correct model ID was used and that you have access"
    )
    given = [one for one in (request.texts, request.images, request.inputs) if one]
    if len(given) != 1:
        raise Refused("invalid request: exactly one of texts, images or inputs must be given")
    inputs = [one if isinstance(one, str) else compact(one) for one in given[0]]
    used = desk.input_tokens(sum(count(text) for text in request.texts or ()))

    def answer() -> Json:
        vectors = [vector(text, request.output_dimension or SIZES["cohere"]) for text in inputs]
        kinds = request.embedding_types or ["float"]
        billed = {"input_tokens": used, "image_tokens": 50 * len(request.images or ())}
        return {
            "id": desk.ids.make("", 32).lower(),
            "texts": request.texts or [],
            "embeddings": {kind: [_typed(one, kind) for one in vectors] for kind in kinds},
            "meta": {"api_version": {"version": "2"}, "billed_units": billed},
            "response_type": "embeddings_by_type",
        }

    return answer


def _typed(numbers: Sequence[float], kind: str) -> object:
    """A vector in one of Cohere's number types; bits are packed eight to a number."""
    if kind == "base64":
        return packed(numbers)
    if kind in ("int8", "uint8"):
        shift = 128 if kind == "uint8" else 0
        return [max(-128, min(127, round(one * 127))) + shift for one in numbers]
    if kind in ("binary", "ubinary"):
        groups = [numbers[start : start + 8] for start in range(0, len(numbers), 8)]
        whole = [sum((one > 0) << (7 - bit) for bit, one in enumerate(group)) for group in groups]
        return whole if kind == "ubinary" else [one - 128 for one in whole]
    return list(numbers)
