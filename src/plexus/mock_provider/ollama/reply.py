"""An answer as one body of ``/api/chat``, or as lines, the last of which has the counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from plexus.mock_provider.answer import Answer, Json, Part, Refusal, Text, Thinking, ToolCall
from plexus.mock_provider.errors import KINDS, Fault
from plexus.mock_provider.frame import Frame
from plexus.mock_provider.models import MODELS
from plexus.mock_provider.planner import tokens_of
from plexus.mock_provider.saying import Saying, grouped
from plexus.mock_provider.tokens import split_tokens

_CREATED: Final = "2026-01-01T00:00:00Z"
_NANOSECONDS: Final = 1_000_000
TOO_LONG: Final = "the input length exceeds the context length"


def response(saying: Saying) -> Json:
    """The whole reply."""
    answer = saying.answers[0]
    message: Json = {"role": "assistant", "content": _joined(answer, Text, Refusal)}
    thoughts = _joined(Answer(tuple(_shown(answer)), "stop"), Thinking)
    if thoughts:
        message["thinking"] = thoughts
    calls = [part for part in answer.parts if isinstance(part, ToolCall)]
    if calls:
        message["tool_calls"] = [_call(call, index, saying) for index, call in enumerate(calls)]
    return {**_opening(saying), "message": message, **_ending(saying)}


def events(saying: Saying) -> list[Frame]:
    """A line for each piece, a call whole; the last one has no words."""
    opened = _opening(saying)
    frames = []
    output = 0
    for message, tokens in _pieces(saying):
        output += tokens
        line = {**opened, "message": {"role": "assistant", "content": "", **message}, "done": False}
        frames.append(Frame("delta", line, output=output))
    last: Json = {**opened, "message": {"role": "assistant", "content": ""}, **_ending(saying)}
    return [*frames, replace(Frame("finish", last), output=output)]


def error(fault: Fault, _ident: str = "") -> Json:
    """The body of an error, and the line of one in a stream."""
    usual = TOO_LONG if fault.kind is KINDS["context-length"] else fault.kind.message
    return {"error": fault.message or usual}


def failing(fault: Fault, _sent: Sequence[Frame]) -> list[Frame]:
    """An error in a stream."""
    return [Frame("error", error(fault))]


def tags() -> Json:
    """The models, as ``/api/tags`` lists them."""
    return {"models": [{"name": name, "model": name, "modified_at": _CREATED, "size": 0} for name in MODELS]}


def _opening(saying: Saying) -> Json:
    made = datetime.fromtimestamp(saying.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"model": saying.ask.model, "created_at": made}


def _ending(saying: Saying) -> Json:
    usage = saying.usage
    return {
        "done": True,
        "done_reason": "length" if saying.answers[0].finish == "length" else "stop",
        "total_duration": (usage.input + usage.output + 1) * _NANOSECONDS,
        "load_duration": _NANOSECONDS,
        "prompt_eval_count": usage.input,
        "prompt_eval_duration": usage.input * _NANOSECONDS,
        "eval_count": usage.output,
        "eval_duration": usage.output * _NANOSECONDS,
    }


def _shown(answer: Answer) -> list[Part]:
    return [part for part in answer.parts if not (isinstance(part, Thinking) and part.redacted)]


def _joined(answer: Answer, *kinds: type[Text | Refusal | Thinking]) -> str:
    return "".join(
        part.text for part in answer.parts if isinstance(part, Text | Refusal | Thinking) and type(part) in kinds
    )


def _pieces(saying: Saying) -> Iterator[tuple[Json, int]]:
    """What each line says, and its tokens."""
    calls = 0
    for part in _shown(saying.answers[0]):
        if isinstance(part, ToolCall):
            yield {"tool_calls": [_call(part, calls, saying)]}, tokens_of(part)
            calls += 1
        elif isinstance(part, Text | Refusal | Thinking):
            member = "thinking" if isinstance(part, Thinking) else "content"
            for tokens in grouped(split_tokens(part.text), saying.chunk):
                yield {member: "".join(tokens)}, len(tokens)


def _call(call: ToolCall, index: int, saying: Saying) -> Json:
    ident = call.id or saying.ids.make("call_", 8).lower()
    return {"id": ident, "function": {"index": index, "name": call.name, "arguments": call.arguments}}
