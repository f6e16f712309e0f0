"""Reads a Completions request as OpenAI does: refuses what it refuses, in its words, and says what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.ask import Ask, Prompt
from plexus.mock_provider.chat.request import refusal
from plexus.mock_provider.chat.schema import StreamOptions
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.tokens import PER_REPLY, compact, count

DEFAULT_TOKENS: Final = 16
"""The most tokens of a completion that says nothing."""
Tokens = Annotated[list[int], Meta(min_length=1)]


class Request(Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of ``/v1/completions``."""

    model: Annotated[str, Meta(min_length=1)]
    prompt: str | Annotated[list[str | int | Tokens], Meta(min_length=1)]
    best_of: Annotated[int, Meta(ge=1, le=20)] | None = None
    echo: bool | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    seed: int | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    suffix: str | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None


_DECODER = msgspec.json.Decoder(Request)


def read(body: bytes) -> Ask:
    """The ask in ``body``. Raises Refused."""
    try:
        request = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("We could not parse the JSON body of your request.") from None
    _check(request)
    return _ask(request, _prompts(request.prompt))


def _check(request: Request) -> None:
    if request.stream_options is not None and not request.stream:
        raise Refused(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )
    if request.best_of is not None and request.best_of < (request.n or 1):
        raise Refused("Invalid argument: 'best_of' must be at least 'n'.", param="best_of")
    if request.best_of is not None and request.best_of > 1 and request.stream:
        raise Refused("Cannot stream results with best_of > 1.", param="best_of")


def _prompts(given: str | Sequence[str | int | list[int]]) -> list[str | list[int]]:
    """Texts or tokens, each a prompt of its own. Raises Refused."""
    if isinstance(given, str):
        return [given]
    numbers = [one for one in given if isinstance(one, int)]
    rest = [one for one in given if not isinstance(one, int)]
    if numbers and rest:
        raise Refused("Invalid type for 'prompt': expected a string or an array of one kind.", param="prompt")
    return [numbers] if numbers else rest


def _ask(request: Request, prompts: Sequence[str | list[int]]) -> Ask:
    texts = [one if isinstance(one, str) else compact(one) for one in prompts]
    prompt = Prompt()
    for one, text in zip(prompts, texts, strict=True):
        prompt.add(one, count(text) if isinstance(one, str) else len(one))
    prompt.add(None, -PER_REPLY)  # a completion has no start of its own
    stops = [request.stop] if isinstance(request.stop, str) else request.stop or []
    options = request.stream_options or StreamOptions()
    return Ask(
        model=request.model,
        stream=bool(request.stream),
        prompt=prompt,
        text="\n".join(texts),
        thinking="off",
        stops=tuple(stops),
        max_tokens=DEFAULT_TOKENS if request.max_tokens is None else request.max_tokens,
        n=(request.n or 1) * len(prompts),
        include_usage=bool(options.include_usage),
        logprobs=request.logprobs is not None,
        top_logprobs=request.logprobs or 0,
        echo={"prompts": texts if request.echo else [""] * len(texts)},
    )
