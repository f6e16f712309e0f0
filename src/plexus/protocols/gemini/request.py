"""Reading a generateContent request (https://ai.google.dev/api/generate-content). The model stands in the path."""

from __future__ import annotations

from typing import Literal

import msgspec

from plexus.canonical.content import Block, Extras
from plexus.canonical.errors import bad_request
from plexus.canonical.request import (
    AudioOutput,
    Bound,
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
from plexus.protocols.gemini.calls import Calls
from plexus.protocols.gemini.content import decode_parts
from plexus.protocols.gemini.names import camel, take_node, take_nodes
from plexus.protocols.gemini.schema import from_openapi
from plexus.protocols.gemini.signature import PROTOCOL
from plexus.protocols.members import NULL, Members, Object, is_string, raw_json

ROLES: dict[str, Role] = {"user": "user", "model": "assistant", "function": "user", "tool": "user"}
RAW_SETTINGS = ("generationConfig", "toolConfig", "tools", "systemInstruction", "store")
"""Written back to Gemini as they came: their members are taken apart only for other protocols."""


def decode_request(inbound: Inbound) -> GenerateRequest:
    """The canonical request. Raises ClientError for a body that the protocol does not allow."""
    return decode_body(Members(inbound.envelope.members), inbound)


def decode_body(body: Members, inbound: Inbound) -> GenerateRequest:
    """A request that stands at ``body``, which is taken apart."""
    camel(body)
    kept: Object = {name: body.raw[name] for name in RAW_SETTINGS if name in body.raw}
    calls, lost = Calls(), dict[str, msgspec.Raw]()
    messages = tuple(_decode_content(content, calls) for content in take_nodes(body, "contents"))
    if not messages:
        raise bad_request("contents is missing or empty.", param="contents")
    body.raw.pop("model", None)
    config = take_node(body, "generationConfig") or Members({}, "generationConfig")
    cached = body.peek("cachedContent")
    tools = _decode_tools(body)
    request = GenerateRequest(
        origin=PROTOCOL,
        model=inbound.path.get("model", ""),
        stream=inbound.path.get("action") == "streamGenerateContent",
        system=_decode_system(body),
        messages=messages,
        tools=tools,
        tool_choice=_decode_tool_choice(body, lost),
        max_output_tokens=config.take("maxOutputTokens", int),
        temperature=config.take("temperature", float),
        top_p=config.take("topP", float),
        top_k=_decode_top_k(config),
        seed=config.take("seed", int),
        frequency_penalty=config.take("frequencyPenalty", float),
        presence_penalty=config.take("presencePenalty", float),
        stop=tuple(config.take("stopSequences", list[str]) or ()),
        candidates=config.take("candidateCount", int),
        logprobs=config.take("responseLogprobs", bool),
        top_logprobs=config.take("logprobs", int),
        reasoning=_decode_thinking(config),
        output=_decode_output(config),
        modalities=tuple(word.lower() for word in config.take("responseModalities", list[str]) or ()),
        audio=_decode_speech(config, lost),
        store=body.take("store", bool),
        bound=() if cached is None or cached == NULL else (CACHED,),
    )
    lost.update({f"generationConfig.{name}": raw for name, raw in config.raw.items() if raw != NULL})
    rest = body.rest(PROTOCOL)
    members = {**(rest.members if rest is not None else {}), **lost}
    return msgspec.structs.replace(request, extras=Extras(PROTOCOL, members, kept) if members or kept else None)


CACHED = Bound(
    "cachedContent",
    "cachedContent names something that Google keeps, and this model is served by another protocol. Send the contents "
    "themselves.",
)


def _decode_content(content: Members, calls: Calls) -> Message:
    written = content.peek("role")
    word = content.take("role", str) or "user"
    role = ROLES.get(word)
    if role is None:
        raise bad_request(
            f"{content.where('role')} is {word!r}; it must be user or model.", param=content.where("role")
        )
    kept: Object = {}
    if written is None or word not in ("user", "model"):
        kept["role"] = NULL if written is None else written
    blocks = decode_parts(content, calls)
    rest = content.rest(PROTOCOL)
    extras = Extras(PROTOCOL, rest.members if rest is not None else {}, kept) if rest or kept else None
    return Message(role=role, content=blocks, extras=extras)


def _decode_system(body: Members) -> tuple[Block, ...]:
    value = body.peek("systemInstruction")
    if value is not None and is_string(value):
        text = body.require("systemInstruction", str)
        return decode_parts(Members({"parts": raw_json([{"text": text}])}), Calls())
    content = take_node(body, "systemInstruction")
    return () if content is None else decode_parts(content, Calls())


def _decode_top_k(config: Members) -> int | None:
    value = config.take("topK", float)
    return None if value is None else int(value)


# --- tools


def _decode_tools(body: Members) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for group in take_nodes(body, "tools"):
        tools += [_decode_function(function) for function in take_nodes(group, "functionDeclarations")]
        tools += [
            ServerTool(origin=PROTOCOL, kind=kind, name=kind, raw=msgspec.Raw(msgspec.json.encode({kind: raw})))
            for kind, raw in group.raw.items()
        ]
    return tuple(tools)


def _decode_function(function: Members) -> FunctionTool:
    old, new = function.take_raw("parameters"), function.take_raw("parametersJsonSchema")
    return FunctionTool(
        name=function.require("name", str),
        description=function.take("description", str),
        parameters=new if new is not None else None if old is None else from_openapi(old),
        extras=function.rest(PROTOCOL),
    )


MODES: dict[str, Literal["auto", "none", "required"]] = {
    "AUTO": "auto", "MODE_UNSPECIFIED": "auto", "ANY": "required", "NONE": "none", "VALIDATED": "auto",
}  # fmt: skip


def _decode_tool_choice(body: Members, lost: Object) -> ToolChoice | None:
    config = take_node(body, "toolConfig")
    if config is None:
        return None
    calling = take_node(config, "functionCallingConfig")
    lost.update({f"toolConfig.{name}": raw for name, raw in config.raw.items() if raw != NULL})
    if calling is None:
        return None
    word = (calling.take("mode", str) or "AUTO").upper()
    if word not in MODES:
        where = "toolConfig.functionCallingConfig.mode"
        raise bad_request(f"{where} is {word!r}; it must be AUTO, ANY, NONE or VALIDATED.", param=where)
    if word == "VALIDATED":
        lost["toolConfig.functionCallingConfig.mode"] = raw_json(word)
    names = tuple(calling.take("allowedFunctionNames", list[str]) or ())
    path = "toolConfig.functionCallingConfig"
    lost.update({f"{path}.{name}": raw for name, raw in calling.raw.items() if raw != NULL})
    mode = MODES[word]
    if not names or mode == "none":
        return ToolChoice(mode=mode)
    if mode == "required" and len(names) == 1:
        return ToolChoice(mode="named", names=names)
    return ToolChoice(mode="allowed", names=names, allowed_mode="required" if mode == "required" else "auto")


# --- thinking, output, speech


def _decode_thinking(config: Members) -> ReasoningSettings | None:
    thinking = take_node(config, "thinkingConfig")
    if thinking is None:
        return None
    shown, budget = thinking.take("includeThoughts", bool), thinking.take("thinkingBudget", int)
    level = thinking.take("thinkingLevel", str)
    effort = level.lower() if level is not None and level != "THINKING_LEVEL_UNSPECIFIED" else None
    summary = "auto" if shown else None
    if budget == 0:
        return ReasoningSettings(mode="disabled")
    if budget is not None and budget > 0:
        return ReasoningSettings(mode="enabled", budget_tokens=budget, effort=effort, summary=summary)
    if budget is None and effort is None and not shown:
        return None
    return ReasoningSettings(mode="adaptive", effort=effort, summary=summary)


def _decode_output(config: Members) -> OutputFormat | None:
    media_type = config.take("responseMimeType", str)
    old, new = config.take_raw("responseSchema"), config.take_raw("responseJsonSchema")
    underscored = config.take_raw("_responseJsonSchema")
    schema = new or underscored or (from_openapi(old) if old is not None else None)
    if schema is not None:
        return OutputFormat(kind="json_schema", schema=schema)
    if media_type == "application/json":
        return OutputFormat(kind="json_object")
    if media_type is not None and media_type != "text/plain":
        config.raw["responseMimeType"] = raw_json(media_type)
    return None


def _decode_speech(config: Members, lost: Object) -> AudioOutput | None:
    speech = take_node(config, "speechConfig")
    if speech is None:
        return None
    voice = take_node(speech, "voiceConfig")
    prebuilt = take_node(voice, "prebuiltVoiceConfig") if voice is not None else None
    name = prebuilt.take_raw("voiceName") if prebuilt is not None else None
    lost.update({f"generationConfig.speechConfig.{key}": raw for key, raw in speech.raw.items() if raw != NULL})
    return AudioOutput(voice=name)
