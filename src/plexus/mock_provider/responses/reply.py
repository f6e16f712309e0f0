"""An answer as one Response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from plexus.mock_provider.answer import Answer, Finish, Json, Part, Refusal, Search, Text, Thinking, ToolCall, Usage
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.chat.reply import logprobs, tier
from plexus.mock_provider.responses.items import seal
from plexus.mock_provider.saying import Saying
from plexus.mock_provider.tokens import compact, split_tokens

INCOMPLETE: Final[Mapping[Finish, str]] = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Why a response is incomplete, by how the answer ended; after any other end it is complete."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One item of the output, complete, with the parts that it is made of."""

    parts: tuple[Part, ...]
    item: Json


def response(saying: Saying) -> Json:
    """The whole reply."""
    opened = opening(saying)
    return finished(saying, opened, pieces_of(saying))


def opening(saying: Saying) -> Json:
    """The response before anything is said, in the order of its members: the request's, or the vendor's defaults."""
    echo = saying.ask.echo
    return {
        "id": saying.ids.make("resp_", 50).lower(),
        "object": "response",
        "created_at": saying.created,
        "status": "in_progress",
        "background": bool(echo.get("background")),
        "completed_at": None,
        "error": None,
        "frequency_penalty": 0.0,
        "incomplete_details": None,
        "instructions": echo.get("instructions"),
        "max_output_tokens": echo.get("max_output_tokens"),
        "max_tool_calls": echo.get("max_tool_calls"),
        "model": saying.ask.model,
        "moderation": None,
        "output": [],
        "parallel_tool_calls": saying.ask.parallel,
        "presence_penalty": 0.0,
        "previous_response_id": echo.get("previous_response_id"),
        "prompt_cache_key": echo.get("prompt_cache_key"),
        "prompt_cache_retention": echo.get("prompt_cache_retention") or "in_memory",
        "reasoning": _reasoning(echo),
        "safety_identifier": echo.get("safety_identifier"),
        "service_tier": echo.get("service_tier") or "auto",
        "store": echo.get("store") is not False,
        "temperature": _or(echo.get("temperature"), 1.0),
        "text": _text_options(echo),
        "tool_choice": echo.get("tool_choice") or "auto",
        "tools": [_tool(tool) for tool in _list(echo.get("tools"))],
        "top_logprobs": saying.ask.top_logprobs,
        "top_p": _or(echo.get("top_p"), 1.0),
        "truncation": echo.get("truncation") or "disabled",
        "usage": None,
        "user": echo.get("user"),
        "metadata": echo.get("metadata") or {},
    }


def finished(saying: Saying, opened: Json, pieces: Sequence[Piece]) -> Json:
    """The opened response with all that was said."""
    answer = saying.answers[0]
    reason = INCOMPLETE.get(answer.finish)
    changes: Json = {
        "status": "incomplete" if reason else "completed",
        "completed_at": None if reason else saying.created,
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [piece.item for piece in pieces],
        "service_tier": tier(saying.ask),
        "usage": usage_object(saying.usage),
    }
    return {**opened, **changes}


def usage_object(usage: Usage) -> Json:
    """OpenAI's ResponseUsage."""
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }


def _or(value: object, default: object) -> object:
    return default if value is None else value


def _list(value: object) -> list[Json]:
    return value if isinstance(value, list) else []


def _reasoning(echo: Mapping[str, object]) -> Json:
    asked = echo.get("reasoning")
    wanted: Json = asked if isinstance(asked, dict) else {}
    summary = wanted.get("summary") or wanted.get("generate_summary")
    return {"effort": wanted.get("effort"), "summary": "detailed" if summary == "auto" else summary}


def _text_options(echo: Mapping[str, object]) -> Json:
    asked = echo.get("text")
    wanted: Json = asked if isinstance(asked, dict) else {}
    shape = wanted.get("format")
    if isinstance(shape, dict) and shape.get("type") == "json_schema":
        shape = {
            "type": "json_schema",
            "description": shape.get("description"),
            "name": shape["name"],
            "schema": shape["schema"],
            "strict": shape.get("strict") is not False,
        }
    return {"format": shape or {"type": "text"}, "verbosity": wanted.get("verbosity") or "medium"}


def _tool(tool: Json) -> Json:
    if tool.get("type") != "function":
        return tool
    return {"description": None, "parameters": None, **tool, "strict": tool.get("strict") is not False}


def pieces_of(saying: Saying) -> list[Piece]:
    """The output: words side by side are one message, every other part is an item of its own."""
    answer = saying.answers[0]
    groups: list[tuple[Part, ...]] = []
    for spoken, group in groupby(answer.parts, lambda part: isinstance(part, Text | Refusal)):
        parts = tuple(group)
        groups += [parts] if spoken else [(part,) for part in parts]
    cut = answer.finish in INCOMPLETE
    return [
        Piece(parts, _item(parts, saying, status="incomplete" if cut and index == len(groups) - 1 else "completed"))
        for index, parts in enumerate(groups)
    ]


def _item(parts: Sequence[Part], saying: Saying, status: str) -> Json:
    part = parts[0]
    if isinstance(part, Thinking):
        return _thought(part, saying)
    if isinstance(part, ToolCall):
        return _call(part, saying, status)
    if isinstance(part, Search):
        return {
            "id": saying.ids.make("ws_", 50).lower(),
            "type": "web_search_call",
            "status": status,
            "action": {"type": "search", "queries": [part.query], "query": part.query},
        }
    return {
        "id": saying.ids.make("msg_", 50).lower(),
        "type": "message",
        "status": status,
        "content": [_content(group, saying.ask) for group in contents_of(parts)],
        "role": "assistant",
    }


def contents_of(parts: Sequence[Part]) -> list[tuple[Part, ...]]:
    """The parts of a message by content part: texts side by side are one, a refusal is one of its own."""
    found: list[tuple[Part, ...]] = []
    for refused, group in groupby(parts, lambda part: isinstance(part, Refusal)):
        said = tuple(group)
        found += [(part,) for part in said] if refused else [said]
    return found


def _content(parts: Sequence[Part], ask: Ask) -> Json:
    text = "".join(part.text for part in parts if isinstance(part, Text | Refusal))
    if isinstance(parts[0], Refusal):
        return {"type": "refusal", "refusal": text}
    found: Json = {"type": "output_text", "annotations": citations(parts)}
    found["logprobs"] = token_logprobs(split_tokens(text), ask)
    return {**found, "text": text}


def token_logprobs(tokens: Sequence[str], ask: Ask) -> list[Json]:
    """Made-up log probabilities, where they were asked for."""
    found = logprobs(tokens, ask)
    return _list(found["content"]) if found is not None else []


def citations(parts: Sequence[Part]) -> list[Json]:
    """What a text cites, by characters."""
    said = Answer(tuple(parts), "stop")
    found: list[Json] = []
    at = 0
    for part in said.parts:
        if isinstance(part, Text):
            end = at + len(part.text)
            if part.source is not None:
                place = {"end_index": end, "start_index": at}
                found.append({"type": "url_citation", **place, "title": part.source.title, "url": part.source.url})
            at = end
    return found


def _thought(part: Thinking, saying: Saying) -> Json:
    ask = saying.ask
    found: Json = {"id": saying.ids.make("rs_", 50).lower(), "type": "reasoning", "content": []}
    include = ask.echo.get("include")
    if isinstance(include, list) and "reasoning.encrypted_content" in include:
        found["encrypted_content"] = part.signature or seal(saying.issuer, part.text)
    shown = ask.thinking == "shown" and not part.redacted
    return {**found, "summary": [{"type": "summary_text", "text": part.text}] if shown else []}


def _call(part: ToolCall, saying: Saying, status: str) -> Json:
    custom = part.input is not None
    return {
        "id": saying.ids.make("ctc_" if custom else "fc_", 50).lower(),
        "type": "custom_tool_call" if custom else "function_call",
        "status": status,
        **({} if custom else {"arguments": compact(part.arguments)}),
        "call_id": part.id or saying.ids.make("call_", 24),
        **({"input": part.input} if custom else {}),
        "name": part.name,
    }
