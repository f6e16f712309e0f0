"""Reads a Gemini request as Google does: refuses what it refuses, in its words, and says what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, TypeVar

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask, Prompt, Result, ThinkingWish, Tool
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.gemini import schema as gemini
from plexus.mock_provider.gemini.rules import check, refusal
from plexus.mock_provider.stage import Desk, Stage
from plexus.mock_provider.tokens import PER_AUDIO, PER_DOCUMENT, PER_IMAGE, PER_MESSAGE, PER_REPLY, compact
from plexus.mock_provider.tokens import count as count_text

Body = TypeVar("Body", gemini.Request, gemini.CountRequest)
NUMBERS: Final = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")


def read(call: MockCall, stage: Stage) -> Ask:
    """The ask in a call of generateContent or streamGenerateContent. Raises Refused."""
    request = decoded(gemini.Request, call.body)
    check(request, call.model, stage.issuer)
    return _ask(request, call)


def decoded(kind: type[Body], body: bytes) -> Body:
    """The body, if its types are right. Raises Refused."""
    try:
        return msgspec.convert(gemini.decode(body), kind)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("Invalid JSON payload received. Unexpected token.") from None


def count(desk: Desk) -> Callable[[], Json]:
    """``models/<model>:countTokens``."""
    body = decoded(gemini.CountRequest, desk.call.body)
    request = body.generate_content_request or gemini.Request(
        contents=body.contents, system_instruction=body.system_instruction, tools=body.tools
    )
    check(request, desk.call.model, desk.stage.issuer)
    tokens = desk.input_tokens(_prompt(request).tokens - PER_REPLY)
    return lambda: {"totalTokens": tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}]}


def _ask(request: gemini.Request, call: MockCall) -> Ask:
    contents = request.contents or []
    config = request.generation_config or gemini.GenerationConfig()
    choice, allowed = _choice(request)
    tail = _tail(contents)
    offered = [tool for tool in _offered(request) if allowed is None or tool.name in allowed]
    return Ask(
        model=call.model,
        stream=call.path.endswith(":streamGenerateContent"),
        prompt=_prompt(request),
        text=_last_text(contents),
        results=tuple(_results(tail)),
        rounds=sum(any(part.function_call is not None for part in one.parts or ()) for one in tail),
        media=tuple(_media(contents)),
        tools=tuple(offered),
        choice=choice,
        output_schema=_output_schema(config),
        thinking=_wish(config.thinking_config),
        stops=tuple(config.stop_sequences or ()),
        max_tokens=config.max_output_tokens,
        n=config.candidate_count or 1,
        logprobs=bool(config.response_logprobs),
        top_logprobs=config.logprobs or 0,
        cache_scope=request.cached_content or "implicit",
        service_tier=request.service_tier,
    )


def _wish(config: gemini.ThinkingConfig | None) -> ThinkingWish:
    if config is None:
        return "default"
    if config.thinking_budget == 0:
        return "off"
    if config.include_thoughts:
        return "shown"
    return "default" if config.thinking_budget is None and config.thinking_level is None else "hidden"


def _choice(request: gemini.Request) -> tuple[Literal["auto", "none", "required"], set[str] | None]:
    config = request.tool_config.function_calling_config if request.tool_config is not None else None
    if config is None:
        return "auto", None
    allowed = set(config.allowed_function_names) if config.allowed_function_names else None
    if config.mode == "ANY":
        return "required", allowed
    return "none" if config.mode == "NONE" else "auto", allowed


def _offered(request: gemini.Request) -> Iterable[Tool]:
    for tool in request.tools or ():
        for function in tool.function_declarations or ():
            free = function.parameters_json_schema
            given = free if isinstance(free, dict) else json_schema(function.parameters)
            yield Tool(function.name, given)


def json_schema(schema: gemini.Schema | None) -> Json:
    """Google's schema as a JSON Schema."""
    if schema is None:
        return {"type": "object"}
    found = _lowered(msgspec.to_builtins(schema))
    return found if isinstance(found, dict) else {}


def _lowered(value: object) -> object:
    if isinstance(value, list):
        return [_lowered(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: _lowered(one) for name, one in value.items() if one is not None}
    if isinstance(found.get("type"), str):
        found["type"] = str(found["type"]).lower()
    for name in NUMBERS:
        if isinstance(found.get(name), str):
            found[name] = int(str(found[name]))
    return found


def _output_schema(config: gemini.GenerationConfig) -> Json | None:
    if config.response_json_schema is not None:
        return config.response_json_schema
    if config.response_schema is not None:
        return json_schema(config.response_schema)
    return {"type": "object"} if config.response_mime_type == "application/json" else None


def _parts(content: gemini.Content) -> Sequence[gemini.Part]:
    return content.parts or ()


def _speaks(content: gemini.Content) -> bool:
    return content.role != "model" and any(part.function_response is None for part in _parts(content))


def _tail(contents: Sequence[gemini.Content]) -> Sequence[gemini.Content]:
    """What follows the last turn of the user; that turn too where functions answered in it as well."""
    last = max((index for index, one in enumerate(contents) if _speaks(one)), default=-1)
    mixed = last >= 0 and any(part.function_response is not None for part in _parts(contents[last]))
    return contents[last if mixed else last + 1 :]


def _results(tail: Sequence[gemini.Content]) -> Iterable[Result]:
    for content in tail:
        for part in _parts(content):
            answer = part.function_response
            if answer is not None:
                yield Result(answer.name, _told(answer.response), "error" in answer.response)


def _told(response: Json) -> str:
    """What a function said: the usual single member, or all of it."""
    for name in ("result", "output", "content", "error"):
        if list(response) == [name]:
            value = response[name]
            return value if isinstance(value, str) else compact(value)
    return compact(response)


def _last_text(contents: Sequence[gemini.Content]) -> str:
    spoken = [one for one in contents if _speaks(one)] or contents[-1:]
    return "".join(part.text or "" for part in _parts(spoken[-1]))


_WEIGHTS: Final = {"image": PER_IMAGE, "audio": PER_AUDIO}


def _kind(mime: str | None) -> str:
    kind = (mime or "").partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "document"


def _media(contents: Sequence[gemini.Content]) -> Iterable[str]:
    for content in contents:
        for part in _parts(content):
            data = part.inline_data or part.file_data
            if data is not None:
                yield _kind(data.mime_type)


def _prompt(request: gemini.Request) -> Prompt:
    prompt = Prompt()
    for tool in request.tools or ():
        value = {name: one for name, one in msgspec.to_builtins(tool).items() if one is not None}
        prompt.add(value, count_text(compact(_lowered(value))), mark=True)
    if request.system_instruction is not None:
        _add(prompt, request.system_instruction)
    for content in request.contents or ():
        _add(prompt, content)
    return prompt


def _add(prompt: Prompt, content: gemini.Content) -> None:
    prompt.add(msgspec.to_builtins(content), PER_MESSAGE + sum(_weight(part) for part in _parts(content)), mark=True)


def _weight(part: gemini.Part) -> int:
    data = part.inline_data or part.file_data
    if data is not None:
        return _WEIGHTS.get(_kind(data.mime_type), PER_DOCUMENT)
    if part.function_call is not None:
        return count_text(part.function_call.name) + count_text(compact(part.function_call.args or {}))
    if part.function_response is not None:
        return count_text(_told(part.function_response.response))
    return count_text(part.text or "")
