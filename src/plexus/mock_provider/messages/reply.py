"""An answer as one Message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plexus.mock_provider.answer import Answer, Finish, Json, Part, Refusal, Text, Thinking, Usage
from plexus.mock_provider.messages.signature import hide, sign
from plexus.mock_provider.saying import Saying

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
    body = opening(saying)
    body["content"] = [block(part, saying) for part in spoken(answer)]
    body |= ending(answer)
    body["usage"] = usage_object(saying.usage)
    return body


def opening(saying: Saying) -> Json:
    """The message before anything is said, in the order of its members."""
    return {
        "model": saying.ask.model,
        "id": saying.ids.make("msg_01", 22),
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
    }


def ending(answer: Answer) -> Json:
    """Why it ended."""
    word = FINISHES[answer.finish]
    details: Json | None = None
    if word == "refusal":
        told = [part.text for part in answer.parts if isinstance(part, Refusal)]
        details = {"type": "refusal", "category": "general_harms", "explanation": "".join(told) or None}
    return {"stop_reason": word, "stop_sequence": answer.stop_sequence, "stop_details": details}


def spoken(answer: Answer) -> list[Part]:
    """The parts that are blocks: a refusal's explanation stands in the details."""
    return [part for part in answer.parts if not isinstance(part, Refusal)]


def block(part: Part, saying: Saying) -> Json:
    """One content block, complete."""
    if isinstance(part, (Text, Refusal)):
        return {"type": "text", "text": part.text}
    if not isinstance(part, Thinking):
        ident = part.id or saying.ids.make("toolu_01", 22)
        return {
            "type": "tool_use",
            "id": ident,
            "name": part.name,
            "input": part.arguments,
            "caller": {"type": "direct"},
        }
    if part.redacted:
        return {"type": "redacted_thinking", "data": hide(saying.issuer, part.text)}
    text = "" if saying.ask.thinking == "omitted" else part.text
    return {"type": "thinking", "thinking": text, "signature": part.signature or sign(saying.issuer, text)}


def usage_object(usage: Usage) -> Json:
    """Anthropic's Usage: its ``input_tokens`` are those that neither came from the cache nor went into it."""
    return {
        **input_counts(usage),
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def input_counts(usage: Usage) -> Json:
    """The three counts of the input."""
    return {
        "input_tokens": max(0, usage.input - usage.cached - usage.cache_write),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
    }
