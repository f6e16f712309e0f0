"""The answer of a chat, written as a completion."""

from __future__ import annotations

import time

import msgspec

from plexus.canonical.content import Block, Reasoning, Refusal, Text
from plexus.canonical.events import (
    BlockStart,
    FinishSeen,
    ReplyEnd,
    ReplyStart,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.canonical.usage import Usage
from plexus.protocols.openai_chat.response import word_of
from plexus.protocols.openai_chat.stream_encode import END
from plexus.protocols.openai_chat.usage import encode_usage
from plexus.protocols.sse import encode_event


def encode_response(response: GenerateResponse, request: GenerateRequest) -> tuple[bytes, Losses]:
    """The client's reply. Thoughts have no place in it."""
    del request
    losses = Losses()
    choices = []
    for candidate in response.candidates:
        text = []
        for block in candidate.blocks:
            if isinstance(block, Text | Refusal):
                text.append(block.text)
            else:
                _lose(block, candidate.index, losses)
        choices.append(_choice(candidate.index, "".join(text), word_of(candidate.finish)))
    head = _head(response.id, response.model, response.created)
    usage = {} if response.usage is None else {"usage": encode_usage(response.usage)}
    return msgspec.json.encode({**head, "choices": choices, **usage}), losses


def _lose(block: Block, index: int, losses: Losses) -> None:
    name = "reasoning" if isinstance(block, Reasoning) else "content"
    losses.add(f"choices[{index}].{name}", "unsupported")


def _choice(index: int, text: str, finish: str | None) -> dict[str, object]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


def _head(ident: str, model: str, created: int | None) -> dict[str, object]:
    return {"id": ident, "object": "text_completion", "created": created or int(time.time()), "model": model}


def stream_encoder(request: GenerateRequest) -> CompletionStreamEncoder:
    """An encoder for one reply to ``request``."""
    return CompletionStreamEncoder(with_usage=request.stream_usage)


class CompletionStreamEncoder:
    """See ``protocols.codec.StreamEncoder``."""

    def __init__(self, *, with_usage: bool) -> None:
        self.losses = Losses()
        self._with_usage = with_usage
        self._head: dict[str, object] = {}
        self._said: set[tuple[int, int]] = set()
        """(candidate, block) of those that are text."""
        self._usage: Usage | None = None

    def encode(self, event: StreamEvent) -> bytes:
        """The chunk of one event; b"" where a completion says nothing."""
        match event:
            case TextDelta(index, text, candidate) if (candidate, index) in self._said:
                return self._chunk(_choice(candidate, text, None))
            case BlockStart(index, block, candidate):
                return self._start(index, block, candidate)
            case FinishSeen(finish, candidate):
                return self._chunk(_choice(candidate, "", word_of(finish)))
            case ReplyStart():
                self._head = _head(event.id, event.model, event.created)
                self._usage = event.usage
            case UsageSeen(usage):
                self._usage = usage
            case ReplyEnd():
                return self._end()
        return b""

    def _start(self, index: int, block: Block, candidate: int) -> bytes:
        if not isinstance(block, Text | Refusal):
            _lose(block, candidate, self.losses)
            return b""
        self._said.add((candidate, index))
        return self._chunk(_choice(candidate, block.text, None)) if block.text else b""

    def _end(self) -> bytes:
        if not self._with_usage or self._usage is None:
            return END
        counted = {**self._head, "choices": [], "usage": encode_usage(self._usage)}
        return encode_event(msgspec.json.encode(counted)) + END

    def _chunk(self, choice: dict[str, object]) -> bytes:
        return encode_event(msgspec.json.encode({**self._head, "choices": [choice]}))
