"""Answers as chat.completion.chunk events, in the order in which OpenAI sends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from plexus.mock_provider.answer import Answer, Json, Part, Refusal, Search, Text, Thinking, ToolCall
from plexus.mock_provider.chat.reply import (
    FINGERPRINT,
    citations,
    finish_word,
    logprobs,
    opening,
    tier,
    tool_call,
    usage_object,
)
from plexus.mock_provider.frame import Frame, FrameKind
from plexus.mock_provider.saying import Ids, Saying, grouped
from plexus.mock_provider.tokens import compact, split_tokens

_MIN_PADDING, _PADDING_STEP = 4, 13


def events(saying: Saying) -> list[Frame]:
    """All events: the choices' chunks in turn, the usage if it was asked for, ``[DONE]``."""
    writer = _Writer(saying)
    choices = [list(writer.choice(index, answer)) for index, answer in enumerate(saying.answers)]
    frames: list[Frame] = []
    output = 0
    for turn in zip_longest(*choices):
        for one in turn:
            if one is not None:
                output += one.output
                frames.append(replace(one, output=output))
    if saying.ask.include_usage:
        frames.append(writer.chunk("usage", [], usage_object(saying.usage)))
    frames.append(Frame("done", "[DONE]"))
    return frames


class _Writer:
    """Makes chunks with the members that all chunks of a reply share."""

    def __init__(self, saying: Saying) -> None:
        self.saying = saying
        self.ask = saying.ask
        self.head = opening(saying, "chat.completion.chunk", saying.ids.make("chatcmpl-", 29))
        self.head["service_tier"] = tier(saying.ask)
        self.head["system_fingerprint"] = FINGERPRINT
        self.padding = Ids(str(self.head["id"]))
        self.index = 0

    def chunk(self, kind: FrameKind, choices: list[Json], usage: Json | None = None, output: int = 0) -> Frame:
        """One chunk. ``usage`` stands in it, as null, as soon as it was asked for."""
        body: Json = {**self.head, "choices": choices}
        if self.ask.include_usage:
            body["usage"] = usage
        if self.ask.obfuscation:
            size = _MIN_PADDING + (self.padding.made * _PADDING_STEP + len(compact(choices))) % _PADDING_STEP
            body["obfuscation"] = self.padding.make("", size)
        return Frame(kind, body, output=output)

    def delta(self, kind: FrameKind, delta: Json, probabilities: Json | None = None, output: int = 0) -> Frame:
        """A chunk with one delta of the current choice."""
        choice: Json = {"index": self.index, "delta": delta, "logprobs": probabilities, "finish_reason": None}
        return self.chunk(kind, [choice], output=output)

    def choice(self, index: int, answer: Answer) -> Iterator[Frame]:
        """All chunks of one choice."""
        self.index = index
        parts = [part for part in answer.parts if not (isinstance(part, Thinking) and part.redacted)]
        hidden = sum(
            len(split_tokens(part.text)) for part in answer.parts if isinstance(part, Thinking) and part.redacted
        )
        frames = [self._first(parts, hidden)]
        calls = 0
        for part in parts:
            if isinstance(part, ToolCall):
                frames += self._call(part, calls)
                calls += 1
            elif not isinstance(part, Search):
                frames += self._words(part)
        cited = citations(answer)
        if cited:
            frames.append(self.delta("delta", {"annotations": cited}))
        last: Json = {"index": index, "delta": {}, "logprobs": None, "finish_reason": finish_word(answer, self.ask)}
        frames.append(self.chunk("finish", [last]))
        yield from frames

    def _first(self, parts: list[Part], output: int) -> Frame:
        """The chunk with the role. What else it holds depends on what follows, as recorded."""
        delta: Json = {"role": "assistant", "content": ""}
        if parts and isinstance(parts[0], ToolCall):
            delta["content"] = None
        elif parts and isinstance(parts[0], Thinking):
            delta |= {"content": None, "reasoning_content": ""}
        else:
            delta["refusal"] = None
        probabilities: Json | None = {"content": [], "refusal": None} if self.ask.logprobs else None
        return self.delta("opening", delta, probabilities, output)

    def _words(self, part: Text | Thinking | Refusal) -> Iterator[Frame]:
        member = {Text: "content", Thinking: "reasoning_content", Refusal: "refusal"}[type(part)]
        for tokens in grouped(split_tokens(part.text), self.saying.chunk):
            probabilities = None
            if not isinstance(part, Thinking):
                probabilities = logprobs(tokens, self.ask, refusal=isinstance(part, Refusal))
            yield self.delta("delta", {member: "".join(tokens)}, probabilities, len(tokens))

    def _call(self, call: ToolCall, number: int) -> Iterator[Frame]:
        """A call: its name, then its arguments in pieces."""
        begun: Json = {"index": number, **tool_call(call, self.saying.ids, "")}
        legacy = self.ask.legacy_function
        named = len(split_tokens(call.name))
        delta: Json = {"function_call": {"name": call.name, "arguments": ""}} if legacy else {"tool_calls": [begun]}
        yield self.delta("delta", delta, None, named)
        for tokens in grouped(split_tokens(compact(call.arguments)), self.saying.chunk):
            piece: Json = {"arguments": "".join(tokens)}
            more: Json = {"function_call": piece} if legacy else {"tool_calls": [{"index": number, "function": piece}]}
            yield self.delta("delta", more, None, len(tokens))
