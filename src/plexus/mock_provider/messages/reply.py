"""An answer as one Message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plexus.mock_provider.answer import (
    Answer,
    Finish,
    Json,
    Part,
    Refusal,
    Search,
    Source,
    Text,
    Thinking,
    ToolCall,
    Usage,
)
from plexus.mock_provider.saying import Saying
from plexus.mock_provider.signature import hide, sign

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
    body["content"] = [block for part in spoken(answer) for block in blocks(part, saying)]
    body |= ending(answer)
    body["usage"] = usage_object(saying.usage) | searches(answer)
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


def searches(answer: Answer) -> Json:
    """The member of the usage that counts web searches, where there were any."""
    made = sum(isinstance(part, Search) for part in answer.parts)
    return {"server_tool_use": {"web_search_requests": made, "web_fetch_requests": 0}} if made else {}


def blocks(part: Part, saying: Saying) -> list[Json]:
    """A part's content blocks, complete: one, but for a search, which has a result too."""
    if not isinstance(part, Search):
        return [_block(part, saying)]
    ident = saying.ids.make("srvtoolu_01", 22)
    found: Json = {
        "type": "web_search_result",
        "title": part.found.title,
        "url": part.found.url,
        "encrypted_content": hide(saying.issuer, part.found.quote),
        "page_age": None,
    }
    return [
        {"type": "server_tool_use", "id": ident, "name": "web_search", "input": {"query": part.query}},
        {"type": "web_search_tool_result", "tool_use_id": ident, "content": [found]},
    ]


def citation(source: Source, saying: Saying) -> Json:
    """A citation of a page that was found."""
    return {
        "type": "web_search_result_location",
        "cited_text": source.quote,
        "url": source.url,
        "title": source.title,
        "encrypted_index": hide(saying.issuer, source.url),
    }


def _block(part: Text | Thinking | ToolCall | Refusal, saying: Saying) -> Json:
    if isinstance(part, Text) and part.source is not None:
        return {"citations": [citation(part.source, saying)], "type": "text", "text": part.text}
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
