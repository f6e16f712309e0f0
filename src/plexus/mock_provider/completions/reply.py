"""An answer as one text_completion, or as chunks of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from plexus.mock_provider.answer import Answer, Json, Refusal, Text
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.chat.reply import FINISHES, usage_object
from plexus.mock_provider.frame import Frame
from plexus.mock_provider.saying import Saying, grouped
from plexus.mock_provider.tokens import split_tokens


def completion(saying: Saying) -> Json:
    """The whole reply."""
    choices = []
    for index, answer in enumerate(saying.answers):
        said = _repeated(saying.ask, index, len(saying.answers)) + _text(answer)
        choices.append(_choice(index, said, _logprobs(split_tokens(said), 0, saying.ask), FINISHES[answer.finish]))
    return {**_opening(saying), "choices": choices, "usage": usage_object(saying.usage)}


def events(saying: Saying) -> list[Frame]:
    """All chunks: the choices' in turn, the usage if it was asked for, ``[DONE]``."""
    opened = _opening(saying)
    courses = [list(_course(saying, index, answer)) for index, answer in enumerate(saying.answers)]
    frames: list[Frame] = []
    output = 0
    for turn in zip_longest(*courses):
        for one in turn:
            if one is not None:
                output += one.output
                frames.append(replace(one.changed(**opened), output=output))
    if saying.ask.include_usage:
        frames = [frame.changed(usage=None) for frame in frames]
        frames.append(Frame("usage", {**opened, "choices": [], "usage": usage_object(saying.usage)}))
    return [*frames, Frame("done", "[DONE]")]


def _opening(saying: Saying) -> Json:
    ident = saying.ids.make("cmpl-", 29)
    return {"id": ident, "object": "text_completion", "created": saying.created, "model": saying.ask.model}


def _text(answer: Answer) -> str:
    return "".join(part.text for part in answer.parts if isinstance(part, Text | Refusal))


def _repeated(ask: Ask, index: int, choices: int) -> str:
    """The prompt of this choice, where it is to be repeated."""
    prompts = ask.echo["prompts"]
    assert isinstance(prompts, list)
    return str(prompts[index * len(prompts) // choices])


def _course(saying: Saying, index: int, answer: Answer) -> Iterator[Frame]:
    at = 0
    repeated = _repeated(saying.ask, index, len(saying.answers))
    if repeated:
        yield _chunk(index, repeated, _logprobs(split_tokens(repeated), at, saying.ask))
        at += len(repeated)
    for tokens in grouped(split_tokens(_text(answer)), saying.chunk):
        text = "".join(tokens)
        yield replace(_chunk(index, text, _logprobs(tokens, at, saying.ask)), output=len(tokens))
        at += len(text)
    yield Frame("finish", {"choices": [_choice(index, "", None, FINISHES[answer.finish])]})


def _chunk(index: int, text: str, probabilities: Json | None) -> Frame:
    return Frame("delta", {"choices": [_choice(index, text, probabilities, None)]})


def _choice(index: int, text: str, probabilities: Json | None, finish: str | None) -> Json:
    return {"text": text, "index": index, "logprobs": probabilities, "finish_reason": finish}


def _logprobs(tokens: Sequence[str], start: int, ask: Ask) -> Json | None:
    """Made-up log probabilities in the old form, None unless they were asked for."""
    if not ask.logprobs:
        return None
    offsets = [start + sum(len(one) for one in tokens[:index]) for index in range(len(tokens))]
    values = [-0.03125 * (1 + len(token) % 7) for token in tokens]
    tops = [{token: value} for token, value in zip(tokens, values, strict=True)] if ask.top_logprobs else None
    return {"text_offset": offsets, "token_logprobs": values, "tokens": list(tokens), "top_logprobs": tops}
