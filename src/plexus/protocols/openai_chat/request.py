"""Reading a Chat Completions request (https://platform.openai.com/docs/api-reference/chat/create)."""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from plexus.canonical.content import Block, ToolCall, ToolResult
from plexus.canonical.errors import bad_request
from plexus.canonical.request import (
    AudioOutput,
    CustomTool,
    FunctionTool,
    GenerateRequest,
    Message,
    OutputFormat,
    ReasoningSettings,
    Role,
    ServerTool,
    Tool,
    ToolChoice,
)
from plexus.protocols.codec import Inbound
from plexus.protocols.members import ABSENT, Members, Object, decode_as, is_string, present, raw_json, with_twins
from plexus.protocols.openai_chat import tool_call_id
from plexus.protocols.openai_chat.content import PROTOCOL, decode_assistant, decode_cache, decode_content
from plexus.protocols.unreadable import UNREADABLE


def decode_request(inbound: Inbound) -> GenerateRequest:
    """The canonical request. Raises ClientError for a body that the protocol does not allow."""
    body = Members(inbound.envelope.members)
    kept: Object = {}
    messages = tuple(_decode_message(message) for message in body.take_list("messages"))
    if not messages:
        raise bad_request("messages is missing or empty.", param="messages")
    max_tokens = _max_tokens(body, kept)
    tools = _decode_tools(body, kept)
    audio = body.take_members("audio")
    stream, written = body.take("stream", bool), inbound.envelope.members.get("stream")
    if stream is False and written is not None:
        kept["stream"] = written
    request = GenerateRequest(
        origin=PROTOCOL,
        model=body.require("model", str),
        stream=bool(stream),
        stream_usage=_stream_usage(body, kept),
        messages=messages,
        tools=tools,
        tool_choice=_decode_tool_choice(body),
        parallel_tool_calls=body.take("parallel_tool_calls", bool),
        max_output_tokens=max_tokens,
        temperature=body.take("temperature", float),
        top_p=body.take("top_p", float),
        top_k=body.take("top_k", int),
        seed=body.take("seed", int),
        frequency_penalty=body.take("frequency_penalty", float),
        presence_penalty=body.take("presence_penalty", float),
        logit_bias=body.take_raw("logit_bias"),
        stop=_decode_stop(body, kept),
        candidates=body.take("n", int),
        logprobs=body.take("logprobs", bool),
        top_logprobs=body.take("top_logprobs", int),
        reasoning=_decode_reasoning(body, kept),
        output=_decode_output(body),
        verbosity=body.take("verbosity", str),
        modalities=tuple(body.take("modalities", list[str]) or ()),
        audio=None if audio is None else AudioOutput(voice=audio.take_raw("voice"), format=audio.take("format", str)),
        prediction=body.take_raw("prediction"),
        service_tier=body.take("service_tier", str),
        user=body.take("user", str),
        safety_identifier=body.take("safety_identifier", str),
        metadata=body.take_raw("metadata"),
        store=body.take("store", bool),
        prompt_cache_key=body.take("prompt_cache_key", str),
        prompt_cache_retention=body.take("prompt_cache_retention", str),
        prompt_cache_options=body.take_raw("prompt_cache_options"),
        moderation=body.take_raw("moderation"),
    )
    return msgspec.structs.replace(request, extras=with_twins(body.rest(PROTOCOL), PROTOCOL, kept))


ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})


def _decode_message(message: Members) -> Message:
    role = message.require("role", str)
    name = message.take("name", str)
    if role == "function":
        return _decode_function_message(message, name)
    if role not in ROLES:
        raise bad_request(
            f"{message.where('role')} is {role!r}; it must be one of {', '.join(sorted(ROLES))}.",
            param=message.where("role"),
        )
    kept: Object = {}
    if role == "assistant":
        content, plain, kept = decode_assistant(message)
        _check_calls(content, message.where("tool_calls"))
    elif role == "tool":
        call_id, _ = tool_call_id.detach(message.require("tool_call_id", str))
        cache = decode_cache(message)
        parts, plain = decode_content(message)
        content = (ToolResult(call_id=call_id, content=parts, name=name, plain=plain, cache=cache),)
        name = None
    else:
        content, plain = decode_content(message)
    return Message(
        role=cast("Role", role),
        content=content,
        plain=plain,
        name=name,
        extras=with_twins(message.rest(PROTOCOL), PROTOCOL, kept),
    )


def _check_calls(blocks: tuple[Block, ...], path: str) -> None:
    """A reply may be odd, but what a client sends back must name the function."""
    for index, call in enumerate(block for block in blocks if isinstance(block, ToolCall)):
        if not call.name:
            where = f"{path}[{index}].{'custom' if call.custom else 'function'}.name"
            raise bad_request(f"{where} is missing.", param=where)


def _decode_function_message(message: Members, name: str | None) -> Message:
    """The deprecated role of a function's answer, matched by name."""
    if name is None:
        raise bad_request(f"{message.where('name')} is missing.", param=message.where("name"))
    parts, plain = decode_content(message)
    result = ToolResult(call_id=f"call_{name}", content=parts, name=name, plain=plain)
    return Message(
        role="tool",
        content=(result,),
        extras=with_twins(message.rest(PROTOCOL), PROTOCOL, {"role": raw_json("function")}),
    )


def _max_tokens(body: Members, kept: Object) -> int | None:
    """``max_completion_tokens``, or the deprecated ``max_tokens``, which is written back under its own name."""
    legacy = body.peek("max_tokens")
    old, new = body.take("max_tokens", int), body.take("max_completion_tokens", int)
    if old is not None and legacy is not None:
        kept["max_tokens"] = legacy
    return new if new is not None else old


def _stream_usage(body: Members, kept: Object) -> bool:
    options = body.take_members("stream_options")
    if options is None:
        return False
    asked = bool(options.take("include_usage", bool))
    if options.raw:
        kept["stream_options"] = options.whole()
    return asked


def _decode_stop(body: Members, kept: Object) -> tuple[str, ...]:
    value = body.peek("stop")
    if value is not None and is_string(value):
        kept["stop"] = value
        return (body.require("stop", str),)
    return tuple(body.take("stop", list[str]) or ())


def _decode_tools(body: Members, kept: Object) -> tuple[Tool, ...]:
    tools = _decode_plain_tools(body) or [_decode_tool(tool) for tool in body.take_list("tools")]
    legacy, choice = body.peek("functions"), body.peek("function_call")
    if legacy is not None and present(legacy):
        kept["functions"] = legacy
        tools += [_decode_function(function, None) for function in body.take_list("functions")]
    if choice is not None and present(choice):
        kept["function_call"] = choice
    return tuple(tools)


class _PlainFunction(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    description: str | None = None
    parameters: msgspec.Raw = ABSENT
    strict: bool | None = None


class _PlainTool(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["function"]
    function: _PlainFunction


_PLAIN_TOOLS = msgspec.json.Decoder(list[_PlainTool])


def _decode_plain_tools(body: Members) -> list[Tool]:
    """Tools that are functions with nothing unusual about them, as agents send by the dozen; [] for any other list."""
    raw = body.peek("tools")
    if raw is None:
        return []
    try:
        plain = _PLAIN_TOOLS.decode(raw)
    except UNREADABLE:
        return []
    body.take_raw("tools")
    return [
        FunctionTool(
            name=function.name,
            description=function.description,
            parameters=function.parameters if present(function.parameters) else None,
            strict=function.strict,
        )
        for function in (tool.function for tool in plain)
    ]


def _decode_tool(tool: Members) -> Tool:
    kind = tool.take("type", str) or "function"
    if kind == "function":
        function = tool.take_members("function")
        if function is None:
            raise bad_request(f"{tool.where('function')} is missing.", param=tool.where("function"))
        return _decode_function(function, tool)
    if kind == "custom":
        custom = tool.take_members("custom") or Members({}, tool.path)
        return CustomTool(
            name=custom.require("name", str),
            description=custom.take("description", str),
            format=custom.take_raw("format"),
            extras=tool.rest(PROTOCOL),
        )
    tool.raw["type"] = raw_json(kind)
    return ServerTool(origin=PROTOCOL, kind=kind, raw=tool.whole())


def _decode_function(function: Members, tool: Members | None) -> FunctionTool:
    cache = decode_cache(tool) if tool is not None else None
    return FunctionTool(
        name=function.require("name", str),
        description=function.take("description", str),
        parameters=function.take_raw("parameters"),
        strict=function.take("strict", bool),
        cache=cache,
        extras=tool.rest(PROTOCOL) if tool is not None else None,
    )


WORDS: dict[str, Literal["auto", "none", "required"]] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
    "any": "required",
}


def _decode_tool_choice(body: Members) -> ToolChoice | None:
    value = body.peek("tool_choice")
    legacy = body.take_raw("function_call")
    if value is None or not present(value):
        return _legacy_choice(legacy)
    if is_string(value):
        word = body.require("tool_choice", str)
        if word not in WORDS:
            raise bad_request(f"tool_choice is {word!r}; it must be auto, none or required.", param="tool_choice")
        return ToolChoice(mode=WORDS[word])
    choice = Members(decode_as(value, Object, "tool_choice"), "tool_choice")
    del body.raw["tool_choice"]
    kind = choice.require("type", str)
    if kind == "allowed_tools":
        allowed = choice.take_members("allowed_tools") or choice
        names = tuple(_tool_name(tool) for tool in allowed.take_list("tools"))
        mode = allowed.require("mode", str)
        if mode not in ("auto", "required"):
            raise bad_request(
                f"{allowed.where('mode')} is {mode!r}; it must be auto or required.", param=allowed.where("mode")
            )
        return ToolChoice(
            mode="allowed", names=names, allowed_mode="required" if mode == "required" else "auto", raw=value
        )
    choice.raw["type"] = raw_json(kind)
    return ToolChoice(mode="named", names=(_tool_name(choice),), raw=None if kind == "function" else value)


def _tool_name(choice: Members) -> str:
    """The name in Chat's nested form or in the flat one; a server tool's is its type."""
    kind = choice.take("type", str) or "function"
    named = choice.take_members(kind) or choice
    if kind in ("function", "custom"):
        return named.require("name", str)
    return named.take("name", str) or kind


def _legacy_choice(raw: msgspec.Raw | None) -> ToolChoice | None:
    if raw is None:
        return None
    if is_string(raw):
        word = decode_as(raw, str, "function_call")
        if word not in ("auto", "none"):
            raise bad_request(f"function_call is {word!r}; it must be auto or none.", param="function_call")
        return ToolChoice(mode=WORDS[word])
    choice = Members(decode_as(raw, Object, "function_call"), "function_call")
    return ToolChoice(mode="named", names=(choice.require("name", str),))


def _decode_reasoning(body: Members, kept: Object) -> ReasoningSettings | None:
    """``reasoning_effort``; also OpenRouter's ``reasoning`` and the ``thinking`` switch of Z.ai and others."""
    written = body.peek("reasoning_effort")
    effort = body.take("reasoning_effort", str)
    budget: int | None = None
    mode: Literal["enabled", "disabled", "adaptive"] | None = None
    for name in ("reasoning", "thinking"):
        raw = body.peek(name)
        if raw is None or not bytes(raw).startswith(b"{"):
            continue
        kept[name] = raw
        settings = body.take_members(name)
        if settings is None:
            continue
        effort = effort or settings.take("effort", str)
        budget = budget or settings.take("max_tokens", int) or settings.take("budget_tokens", int)
        switch = settings.take("type", str)
        enabled = settings.take("enabled", bool)
        if switch in ("enabled", "disabled", "adaptive"):
            mode = cast('Literal["enabled", "disabled", "adaptive"]', switch)
        elif enabled is not None:
            mode = "enabled" if enabled else "disabled"
    if effort is None and budget is None and mode is None:
        return None
    if kept.keys() & {"reasoning", "thinking"} and written is not None:
        kept["reasoning_effort"] = written
    return ReasoningSettings(mode=mode, effort=effort, budget_tokens=budget)


def _decode_output(body: Members) -> OutputFormat | None:
    wire = body.take_members("response_format")
    if wire is None:
        return None
    kind = wire.require("type", str)
    if kind in {"text", "json_object"}:
        return OutputFormat(kind="text" if kind == "text" else "json_object", extras=wire.rest(PROTOCOL))
    if kind != "json_schema":
        raise bad_request(
            f"response_format.type is {kind!r}; it must be text, json_object or json_schema.",
            param="response_format.type",
        )
    schema = wire.take_members("json_schema")
    if schema is None:
        raise bad_request("response_format.json_schema is missing.", param="response_format.json_schema")
    return OutputFormat(
        kind="json_schema",
        name=schema.take("name", str),
        description=schema.take("description", str),
        schema=schema.take_raw("schema"),
        strict=schema.take("strict", bool),
        extras=schema.rest(PROTOCOL),
    )
