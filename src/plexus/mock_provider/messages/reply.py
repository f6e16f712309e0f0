"""An answer as one message object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plexus.mock_provider.answer import Finish, Json, Part, Refusal, Text, Thinking, ToolCall, Usage
from plexus.mock_provider.messages.signature import hide, sign
from plexus.mock_provider.saying import Ids, Saying

FINISHES: Final[Mapping[Finish, str]] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "stop_sequence": "stop_sequence",
    "content_filter": "refusal",
    "refusal": "refusal",
}


def message(saying: Saying) -> Json:
    """The whole reply."""
    answer = saying.answers[0]
    body = opening(saying, saying.ids.make("msg_01", 22))
    body["content"] = [block(part, saying) for part in answer.parts]
    body["stop_reason"] = FINISHES[answer.finish]
    body["stop_sequence"] = answer.stop_sequence
    body["usage"] = usage_object(saying.usage)
    return body


def opening(saying: Saying, ident: str) -> Json:
    """The message as message_start shows it, but for its usage."""
    return {
        "model": saying.ask.model,
        "id": ident,
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
    }


def usage_object(usage: Usage, output: int | None = None) -> Json:
    """Anthropic's usage: cached input stands beside ``input_tokens``."""
    return {
        "input_tokens": usage.input - usage.cached - usage.cache_write,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": usage.output if output is None else output,
        "service_tier": "standard",
    }


def signature_of(part: Thinking, saying: Saying) -> str:
    """The signature over the text as it is shown."""
    return part.signature or sign(saying.issuer, shown(part, saying))


def shown(part: Thinking, saying: Saying) -> str:
    """The thought as the caller gets to see it."""
    return "" if saying.ask.thinking == "omitted" else part.text


def block(part: Part, saying: Saying) -> Json:
    """One content block."""
    match part:
        case Thinking(redacted=True):
            return {"type": "redacted_thinking", "data": hide(saying.issuer, part.text)}
        case Thinking():
            return {"type": "thinking", "thinking": shown(part, saying), "signature": signature_of(part, saying)}
        case ToolCall():
            return tool_use(part, saying.ids, part.arguments)
        case Text(text=text) | Refusal(text=text):
            return {"type": "text", "text": text}


def tool_use(call: ToolCall, ids: Ids, arguments: Json) -> Json:
    """A call."""
    return {"type": "tool_use", "id": call.id or ids.make("toolu_01", 22), "name": call.name, "input": arguments}
