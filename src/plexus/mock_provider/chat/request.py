"""Reads a Chat Completions request as OpenAI does: refuses what it refuses, in its words, and says what is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask, Prompt, Result, ThinkingWish, Tool
from plexus.mock_provider.chat import schema as chat
from plexus.mock_provider.chat.rules import check
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.strictness import explain
from plexus.mock_provider.tokens import PER_AUDIO, PER_DOCUMENT, PER_IMAGE, PER_MESSAGE, count, count_json

_MISSING = re.compile(r"Object missing required field `(.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")


def read(body: bytes) -> Ask:
    """The ask in ``body``. Raises Refused."""
    request = _decoded(body)
    check(request)
    return _ask(request)


def _decoded(body: bytes) -> chat.Request:
    try:
        return chat.DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("We could not parse the JSON body of your request.") from None


def refusal(error: msgspec.ValidationError) -> Refused:
    """What a wrong type becomes: ``Missing required parameter: 'messages[0].role'.``"""
    what, where = explain(error)
    for pattern, verdict, code in (
        (_MISSING, "Missing required parameter", "missing_required_parameter"),
        (_UNKNOWN, "Unknown parameter", "unknown_parameter"),
    ):
        found = pattern.match(what)
        if found:
            name = f"{where}.{found[1]}" if where else found[1]
            return Refused(f"{verdict}: '{name}'.", param=name, code=code)
    code = "invalid_type" if ", got" in what else "invalid_value"
    return Refused(f"Invalid value for '{where}': {what}.", param=where or None, code=code)


def _ask(request: chat.Request) -> Ask:
    choice, named = _choice(request)
    options = request.stream_options or chat.StreamOptions()
    stops = [request.stop] if isinstance(request.stop, str) else request.stop or []
    tail = _tail(request.messages)
    limit = request.max_tokens if request.max_completion_tokens is None else request.max_completion_tokens
    return Ask(
        model=request.model,
        stream=bool(request.stream),
        prompt=_prompt(request),
        text=_last_text(request.messages),
        results=tuple(_results(tail)),
        rounds=sum(isinstance(one, chat.Assistant) and bool(one.tool_calls or one.function_call) for one in tail),
        media=tuple(_media(request.messages)),
        tools=tuple(_offered(request)),
        choice=choice,
        named=named,
        parallel=request.parallel_tool_calls is not False and request.functions is None,
        output_schema=_output_schema(request),
        thinking=_wish(request.reasoning_effort),
        stops=tuple(stops),
        max_tokens=limit,
        n=request.n or 1,
        include_usage=bool(options.include_usage),
        obfuscation=options.include_obfuscation is not False,
        logprobs=bool(request.logprobs),
        top_logprobs=request.top_logprobs or 0,
        cache_scope=request.prompt_cache_key,
        legacy_function=request.functions is not None,
        service_tier=request.service_tier,
    )


def _wish(effort: str | None) -> ThinkingWish:
    if effort is None:
        return "default"
    return "off" if effort == "none" else "hidden"


def _choice(request: chat.Request) -> tuple[Literal["auto", "none", "required"], str | None]:
    choice = request.tool_choice
    if isinstance(choice, chat.NamedFunction):
        return "required", choice.function.name
    if isinstance(choice, chat.NamedCustom):
        return "required", choice.custom.name
    if isinstance(choice, chat.AllowedChoice):
        return "required" if choice.allowed_tools.mode == "required" else "auto", None
    if isinstance(request.function_call, chat.Named):
        return "required", request.function_call.name
    return choice or request.function_call or "auto", None


def _offered(request: chat.Request) -> Iterable[Tool]:
    allowed = _allowed(request.tool_choice)
    functions = [tool.function for tool in request.tools or () if isinstance(tool, chat.FunctionTool)]
    for function in [*functions, *(request.functions or ())]:
        if allowed is None or function.name in allowed:
            yield Tool(function.name, function.parameters or {"type": "object"})


def _allowed(choice: object) -> set[object] | None:
    if not isinstance(choice, chat.AllowedChoice):
        return None
    functions = [tool.get("function") for tool in choice.allowed_tools.tools]
    return {function.get("name") for function in functions if isinstance(function, dict)}


def _output_schema(request: chat.Request) -> Json | None:
    wanted = request.response_format
    if isinstance(wanted, chat.SchemaFormat):
        return wanted.json_schema.schema
    return {"type": "object"} if isinstance(wanted, chat.ObjectFormat) else None


def _tail(messages: Sequence[chat.Message]) -> Sequence[chat.Message]:
    """What follows the last user message."""
    last = max((index for index, one in enumerate(messages) if isinstance(one, chat.User)), default=-1)
    return messages[last + 1 :]


def _results(tail: Sequence[chat.Message]) -> Iterable[Result]:
    names: dict[str, str] = {}
    for message in tail:
        if isinstance(message, chat.Assistant):
            for call in message.tool_calls or ():
                names[call.id] = call.function.name if isinstance(call, chat.FunctionCall) else call.custom.name
        elif isinstance(message, chat.ToolMessage):
            yield Result(names.get(message.tool_call_id, "tool"), _text(message.content))
        elif isinstance(message, chat.FunctionMessage):
            yield Result(message.name, message.content or "")


def _last_text(messages: Sequence[chat.Message]) -> str:
    said = [message.content for message in messages if isinstance(message, chat.User)]
    return _text(said[-1]) if said else _text(getattr(messages[-1], "content", None))


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(part.text for part in parts if isinstance(part, chat.TextPart))


_MEDIA: Final = {
    chat.ImagePart: ("image", PER_IMAGE),
    chat.FilePart: ("document", PER_DOCUMENT),
    chat.AudioPart: ("audio", PER_AUDIO),
}


def _media(messages: Sequence[chat.Message]) -> Iterable[str]:
    for message in messages:
        if isinstance(message, chat.User) and isinstance(message.content, list):
            yield from (_MEDIA[type(part)][0] for part in message.content if type(part) in _MEDIA)


def _prompt(request: chat.Request) -> Prompt:
    prompt = Prompt()
    for tool in [*(request.tools or ()), *(request.functions or ())]:
        prompt.add(tool, count_json(tool))
    for message in request.messages:
        prompt.add(message, PER_MESSAGE + _weight(message), mark=request.prompt_cache_key is not None)
    return prompt


def _weight(message: chat.Message) -> int:
    total = count(_text(message.content))
    if isinstance(message, chat.User) and isinstance(message.content, list):
        total += sum(_MEDIA[type(part)][1] for part in message.content if type(part) in _MEDIA)
    if isinstance(message, chat.Assistant):
        for call in message.tool_calls or ():
            called = (
                (call.function.name, call.function.arguments)
                if isinstance(call, chat.FunctionCall)
                else (call.custom.name, call.custom.input)
            )
            total += sum(count(one) for one in called)
    return total
