"""An answer as one body of ``/v2/chat``, or as its events; Cohere's error bodies.
https://docs.cohere.com/reference/chat-stream"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from plexus.mock_provider.answer import Answer, Finish, Json, Refusal, Text, Thinking, ToolCall
from plexus.mock_provider.errors import KINDS, Fault
from plexus.mock_provider.frame import Frame, FrameKind
from plexus.mock_provider.planner import tokens_of
from plexus.mock_provider.saying import Saying, grouped
from plexus.mock_provider.tokens import compact, split_tokens

FINISHES: Final[Mapping[Finish, str]] = {
    "stop": "COMPLETE",
    "length": "MAX_TOKENS",
    "tool_calls": "TOOL_CALL",
    "stop_sequence": "STOP_SEQUENCE",
    "content_filter": "ERROR",
    "refusal": "COMPLETE",
}
PREAMBLE: Final = 500
"""Tokens that Cohere puts ahead of a prompt and does not bill."""
TOO_LONG: Final = (
    "too many tokens: size limit exceeded by 25836 tokens. Try using shorter or fewer inputs. The limit for this model is "
    "288000 tokens."
)


def error(fault: Fault, ident: str = "") -> Json:
    """The body of an error."""
    if fault.kind is KINDS["context-length"]:
        return {"error_type": "TOO_MANY_TOKENS", "id": ident, "message": fault.message or TOO_LONG}
    return {"id": ident, "message": fault.message or fault.kind.message}


def failing(fault: Fault, _sent: Sequence[Frame]) -> list[Frame]:
    """An error in a stream: the last event says it."""
    delta = {"error": fault.message or fault.kind.message, "finish_reason": "ERROR"}
    return [_event("error", "message-end", delta=delta)]


def response(saying: Saying) -> Json:
    """The whole reply."""
    writer = _Writer(saying)
    message: Json = {"role": "assistant"}
    if writer.plan:
        message["tool_plan"] = writer.plan
    content = [{"type": kind, kind: text} for kind, text in writer.contents]
    calls = [_call(call, ident) for call, ident in writer.calls]
    for name, values in (("content", content), ("tool_calls", calls), ("citations", writer.citations)):
        if values:
            message[name] = values
    return {"id": writer.ident, "message": message, "finish_reason": writer.finish, "usage": writer.usage}


def events(saying: Saying) -> list[Frame]:
    """``message-start``, the plan, each content and each call with its start, deltas and end, ``message-end``, ``[DONE]``."""
    writer = _Writer(saying)
    frames = []
    output = 0
    for frame in writer.frames():
        output += frame.output
        frames.append(replace(frame, output=output))
    return frames


class _Writer:
    """One answer, sorted into the members of a message."""

    def __init__(self, saying: Saying) -> None:
        answer = saying.answers[0]
        self.ident = saying.ids.make("", 32).lower()
        self.finish = FINISHES[answer.finish]
        self.usage = _usage(saying)
        self._chunk = saying.chunk
        self.calls = [
            (part, part.id or saying.ids.make(f"{part.name}_", 12).lower())
            for part in answer.parts
            if isinstance(part, ToolCall)
        ]
        thoughts = _joined(answer, Thinking)
        said = _joined(answer, Text, Refusal)
        self.plan = said if self.calls else ""
        """What is said ahead of calls is a plan, and no content."""
        self.contents = [
            (kind, text) for kind, text in (("thinking", thoughts), ("text", "" if self.calls else said)) if text
        ]
        self.citations = [] if self.calls else list(_citations(answer, len(self.contents) - 1))

    def frames(self) -> Iterator[Frame]:
        """All events; ``output`` of each is its own tokens."""
        started: Json = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        yield _event("opening", "message-start", id=self.ident, delta={"message": started})
        for tokens in self._pieces(self.plan):
            yield _said("delta", "tool-plan-delta", None, {"tool_plan": "".join(tokens)}, len(tokens))
        for index, (kind, text) in enumerate(self.contents):
            first: FrameKind = "block" if index else "opening"
            yield _said(first, "content-start", index, {"content": {"type": kind, kind: ""}})
            for tokens in self._pieces(text):
                yield _said("delta", "content-delta", index, {"content": {kind: "".join(tokens)}}, len(tokens))
            if kind == "text":
                yield from self._cited()
            yield _event("block", "content-end", index=index)
        for index, (call, ident) in enumerate(self.calls):
            yield from self._called(index, call, ident)
        yield _event("finish", "message-end", delta={"finish_reason": self.finish, "usage": self.usage})
        yield Frame("done", "[DONE]")

    def _pieces(self, text: str) -> list[list[str]]:
        return grouped(split_tokens(text), self._chunk)

    def _cited(self) -> Iterator[Frame]:
        for number, citation in enumerate(self.citations):
            yield _said("block", "citation-start", number, {"citations": citation})
            yield _event("block", "citation-end", index=number)

    def _called(self, index: int, call: ToolCall, ident: str) -> Iterator[Frame]:
        arguments = compact(call.arguments) if call.arguments else ""
        begun = _call(call, ident)
        begun["function"] = {"name": call.name, "arguments": ""}
        named = tokens_of(replace(call, arguments={}))
        yield _said("delta", "tool-call-start", index, {"tool_calls": begun}, named)
        for tokens in self._pieces(arguments):
            piece: Json = {"tool_calls": {"function": {"arguments": "".join(tokens)}}}
            yield _said("delta", "tool-call-delta", index, piece, len(tokens))
        yield _event("block", "tool-call-end", index=index)


def _event(kind: FrameKind, name: str, /, **members: object) -> Frame:
    return Frame(kind, {"type": name, **members}, name)


def _said(kind: FrameKind, name: str, index: int | None, message: Json, output: int = 0) -> Frame:
    place: Json = {} if index is None else {"index": index}
    return replace(_event(kind, name, **place, delta={"message": message}), output=output)


def _joined(answer: Answer, *kinds: type[Text | Refusal | Thinking]) -> str:
    shown = [part for part in answer.parts if not (isinstance(part, Thinking) and part.redacted)]
    return "".join(part.text for part in shown if isinstance(part, Text | Refusal | Thinking) and type(part) in kinds)


def _citations(answer: Answer, index: int) -> Iterator[Json]:
    at = 0
    for number, part in enumerate(part for part in answer.parts if isinstance(part, Text)):
        end = at + len(part.text)
        if part.source is not None:
            found = {
                "id": f"doc:{number}",
                "title": part.source.title,
                "url": part.source.url,
                "text": part.source.quote,
            }
            source = {"type": "document", "id": f"doc:{number}", "document": found}
            span: Json = {"start": at, "end": end, "text": part.text, "sources": [source]}
            yield {**span, "type": "TEXT_CONTENT", "content_index": index}
        at = end


def _call(call: ToolCall, ident: str) -> Json:
    return {"id": ident, "type": "function", "function": {"name": call.name, "arguments": compact(call.arguments)}}


def _usage(saying: Saying) -> Json:
    usage = saying.usage
    tokens: Json = {"input_tokens": usage.input + PREAMBLE, "output_tokens": usage.output}
    if usage.reasoning:
        tokens["reasoning_tokens"] = usage.reasoning
    return {
        "billed_units": {"input_tokens": usage.input, "output_tokens": usage.output - usage.reasoning},
        "tokens": tokens,
        "cached_tokens": usage.cached,
    }
