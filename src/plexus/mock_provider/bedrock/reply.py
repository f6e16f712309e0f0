"""An answer as one body of Converse, or as the messages of its event stream; and errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from plexus.mock_provider.answer import Answer, Finish, Json, Part, Refusal, Search, Text, Thinking, ToolCall
from plexus.mock_provider.errors import KINDS, Fault
from plexus.mock_provider.frame import Frame
from plexus.mock_provider.framing import Framing
from plexus.mock_provider.planner import tokens_of
from plexus.mock_provider.saying import Saying, grouped
from plexus.mock_provider.signature import hide, sign
from plexus.mock_provider.tokens import compact, split_tokens
from plexus.protocols.eventstream import encode_message

FINISHES: Final[Mapping[Finish, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "stop_sequence": "stop_sequence",
    "content_filter": "guardrail_intervened",
    "refusal": "content_filtered",
}


def response(saying: Saying) -> Json:
    """The whole reply."""
    answer = saying.answers[0]
    content = [_block(part, saying) for part in _spoken(answer)]
    found: Json = {
        "metrics": {"latencyMs": 12},
        "output": {"message": {"content": content, "role": "assistant"}},
        "stopReason": FINISHES[answer.finish],
        "usage": _usage(saying),
    }
    return {**found, **_tier(saying)}


def events(saying: Saying) -> list[Frame]:
    """The messages: text and thoughts begin with their first piece, calls with a start."""
    answer = saying.answers[0]
    frames = [Frame("opening", {"role": "assistant"}, "messageStart")]
    output = 0
    for index, part in enumerate(_spoken(answer)):
        for kind, member, tokens in _pieces(part, saying):
            output += tokens
            frames.append(Frame("delta", {"contentBlockIndex": index, **member}, kind, output=output))
        frames.append(Frame("block", {"contentBlockIndex": index}, "contentBlockStop", output=output))
    frames.append(Frame("finish", {"stopReason": FINISHES[answer.finish]}, "messageStop", output=output))
    last: Json = {"metrics": {"latencyMs": 12}, "usage": _usage(saying), **_tier(saying)}
    return [*frames, Frame("usage", last, "metadata", output=output)]


def _spoken(answer: Answer) -> list[Part]:
    return [part for part in answer.parts if not isinstance(part, Search)]


def _tier(saying: Saying) -> Json:
    tier = saying.ask.service_tier
    return {"serviceTier": {"type": tier}} if tier is not None else {}


def _usage(saying: Saying) -> Json:
    """What came from the cache, or went into it, stands beside the input."""
    usage = saying.usage
    return {
        "cacheReadInputTokens": usage.cached,
        "cacheWriteInputTokens": usage.cache_write,
        "inputTokens": max(0, usage.input - usage.cached - usage.cache_write),
        "outputTokens": usage.output,
        "totalTokens": usage.input + usage.output,
    }


def _block(part: Part, saying: Saying) -> Json:
    if isinstance(part, ToolCall):
        return {"toolUse": {**_named(part, saying), "input": part.arguments}}
    if isinstance(part, Thinking):
        if part.redacted:
            return {"reasoningContent": {"redactedContent": hide(saying.issuer, part.text)}}
        signature = part.signature or sign(saying.issuer, part.text)
        return {"reasoningContent": {"reasoningText": {"text": part.text, "signature": signature}}}
    assert isinstance(part, Text | Refusal)
    return {"text": part.text}


def _named(call: ToolCall, saying: Saying) -> Json:
    return {"toolUseId": call.id or saying.ids.make("tooluse_", 22), "name": call.name}


def _pieces(part: Part, saying: Saying) -> Iterator[tuple[str, Json, int]]:
    """(event, members, tokens) of one block."""
    if isinstance(part, ToolCall):
        yield "contentBlockStart", {"start": {"toolUse": _named(part, saying)}}, 0
        text = compact(part.arguments)
        for piece in (text[: len(text) // 2], text[len(text) // 2 :]):
            yield "contentBlockDelta", {"delta": {"toolUse": {"input": piece}}}, 0
        yield "contentBlockDelta", {"delta": {"toolUse": {"input": ""}}}, tokens_of(part)
    elif isinstance(part, Thinking) and part.redacted:
        hidden = {"redactedContent": hide(saying.issuer, part.text)}
        yield "contentBlockDelta", {"delta": {"reasoningContent": hidden}}, tokens_of(part)
    elif isinstance(part, Text | Refusal | Thinking):
        for tokens in grouped(split_tokens(part.text), saying.chunk):
            said = {"text": "".join(tokens)}
            delta: Json = {"reasoningContent": said} if isinstance(part, Thinking) else {**said}
            yield "contentBlockDelta", {"delta": delta}, len(tokens)
        if isinstance(part, Thinking):
            signature = part.signature or sign(saying.issuer, part.text)
            yield "contentBlockDelta", {"delta": {"reasoningContent": {"signature": signature}}}, 0


# --- errors

BY_KIND: Final[Mapping[str, tuple[str, str | None]]] = {
    "context-length": ("ValidationException", "Input is too long for requested model."),
    "authentication": ("UnrecognizedClientException", "The security token included in the request is invalid."),
    "quota": ("ThrottlingException", "Too many tokens per day, please wait before trying again."),
    "rate-limit": ("ThrottlingException", "Too many tokens, please wait before trying again."),
    "model": ("ResourceNotFoundException", None),
}
BY_STATUS: Final[Mapping[int, str]] = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
IN_STREAMS: Final = frozenset(
    {
        "InternalServerException",
        "ModelStreamErrorException",
        "ThrottlingException",
        "ValidationException",
        "ServiceUnavailableException",
    }
)
"""The exceptions that a stream can hold."""


def _typed(fault: Fault) -> tuple[str | None, str]:
    name = next((name for name, kind in KINDS.items() if kind is fault.kind), "")
    kind, words = BY_KIND.get(name, (None, None))
    status = fault.status or fault.kind.status
    return fault.code or kind or BY_STATUS.get(status), fault.message or words or fault.kind.message


def error(fault: Fault, _ident: str = "") -> Json:
    """The body of an error."""
    return {"message": _typed(fault)[1]}


def error_fields(fault: Fault) -> Mapping[str, str]:
    """The header that says its type."""
    kind, _ = _typed(fault)
    return {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"} if kind else {}


def error_frames(fault: Fault, _sent: Sequence[Frame]) -> list[Frame]:
    """An exception in a stream."""
    kind, message = _typed(fault)
    known = kind if kind in IN_STREAMS else "InternalServerException"
    return [Frame("error", {"message": message}, known[:1].lower() + known[1:])]


def _message(frame: Frame, _first: bool) -> bytes:
    name = frame.name or "contentBlockDelta"
    if frame.kind == "error":
        headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    else:
        headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
        frame = frame.changed(p="abcdefghijklmnopqrstuvwxyz"[: 1 + frame.output % 26])
    return encode_message(headers, frame.json())


EVENTSTREAM: Final = Framing(content_type="application/vnd.amazon.eventstream", encode=_message, text=False)
"""Binary messages, padded as Bedrock pads them against the guessing of contents by size."""
