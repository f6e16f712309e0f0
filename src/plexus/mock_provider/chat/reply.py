"""Answers as one chat.completion object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from plexus.mock_provider.answer import Answer, Finish, Json, Refusal, Text, Thinking, ToolCall, Usage
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.saying import Ids, Saying
from plexus.mock_provider.tokens import compact, split_tokens

FINISHES: Final[Mapping[Finish, str]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "stop_sequence": "stop",
    "content_filter": "content_filter",
    "refusal": "stop",
}
FINGERPRINT: Final = "fp_mock000001"


def completion(saying: Saying) -> Json:
    """The whole reply."""
    ask = saying.ask
    body = opening(saying, "chat.completion", saying.ids.make("chatcmpl-", 29))
    body["choices"] = [_choice(index, answer, saying) for index, answer in enumerate(saying.answers)]
    body["usage"] = usage_object(saying.usage)
    body["service_tier"] = tier(ask)
    body["system_fingerprint"] = FINGERPRINT
    return body


def opening(saying: Saying, kind: str, ident: str) -> Json:
    """The members that begin a reply and each of its chunks."""
    return {"id": ident, "object": kind, "created": saying.created, "model": saying.ask.model}


def tier(ask: Ask) -> str:
    """The tier that served the call."""
    return ask.service_tier if ask.service_tier in ("flex", "priority") else "default"


def usage_object(usage: Usage) -> Json:
    """OpenAI's CompletionUsage."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def finish_word(answer: Answer, ask: Ask) -> str:
    """The finish reason in OpenAI's words."""
    return "function_call" if ask.legacy_function and answer.finish == "tool_calls" else FINISHES[answer.finish]


def logprobs(tokens: Sequence[str], ask: Ask, *, refusal: bool = False) -> Json | None:
    """Made-up log probabilities of ``tokens``, None unless they were asked for."""
    if not ask.logprobs:
        return None
    found = [_logprob(token, ask.top_logprobs) for token in tokens]
    return {"content": None, "refusal": found} if refusal else {"content": found, "refusal": None}


def tool_call(call: ToolCall, ids: Ids, arguments: str | None = None) -> Json:
    """One entry of ``tool_calls``; ``arguments`` are the call's own unless given."""
    written = compact(call.arguments) if arguments is None else arguments
    ident = call.id or ids.make("call_", 24)
    return {"id": ident, "type": "function", "function": {"name": call.name, "arguments": written}}


def _logprob(token: str, top: int) -> Json:
    value = -0.03125 * (1 + len(token.encode()) % 7)
    found: Json = {"token": token, "logprob": value, "bytes": list(token.encode())}
    others = [token, *(f"{token}{number}" for number in range(1, top))][:top]
    found["top_logprobs"] = [
        {"token": other, "logprob": value - rank, "bytes": list(other.encode())} for rank, other in enumerate(others)
    ]
    return found


def citations(answer: Answer) -> list[Json]:
    """What the text cites, by characters of the whole text."""
    found: list[Json] = []
    at = 0
    for part in answer.parts:
        if isinstance(part, Text):
            end = at + len(part.text)
            if part.source is not None:
                where: Json = {"end_index": end, "start_index": at, "title": part.source.title, "url": part.source.url}
                found.append({"type": "url_citation", "url_citation": where})
            at = end
    return found


def _choice(index: int, answer: Answer, saying: Saying) -> Json:
    ask = saying.ask
    texts = [part.text for part in answer.parts if isinstance(part, Text)]
    thoughts = [part.text for part in answer.parts if isinstance(part, Thinking) and not part.redacted]
    refusals = [part.text for part in answer.parts if isinstance(part, Refusal)]
    calls = [part for part in answer.parts if isinstance(part, ToolCall)]
    message: Json = {"role": "assistant"}
    message["content"] = "".join(texts) if texts or not (calls or refusals) else None
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    if calls and ask.legacy_function:
        message["function_call"] = {"name": calls[0].name, "arguments": compact(calls[0].arguments)}
    elif calls:
        message["tool_calls"] = [tool_call(call, saying.ids) for call in calls]
    message["refusal"] = "".join(refusals) if refusals else None
    message["annotations"] = citations(answer)
    said = refusals or texts
    return {
        "index": index,
        "message": message,
        "logprobs": logprobs(split_tokens("".join(said)), ask, refusal=bool(refusals)),
        "finish_reason": finish_word(answer, ask),
    }
