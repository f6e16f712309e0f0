"""Reading a Messages request."""

from __future__ import annotations

from typing import Literal, cast

from plexus.canonical.errors import bad_request
from plexus.canonical.request import (
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
from plexus.protocols.anthropic_messages.content import PROTOCOL, decode_cache, decode_content
from plexus.protocols.codec import Inbound
from plexus.protocols.members import Members, Object, decode_as, present, raw_json, with_twins

ROLES = frozenset({"user", "assistant", "system"})


def decode_request(inbound: Inbound) -> GenerateRequest:
    """The canonical request. Raises ClientError for a body that the protocol does not allow."""
    body = Members(inbound.envelope.members)
    kept: Object = {}
    messages = tuple(_decode_message(message) for message in body.take_list("messages"))
    if not messages:
        raise bad_request("messages is missing or empty.", param="messages")
    system, system_plain = decode_content(body, "system")
    choice, parallel = _decode_tool_choice(body)
    stream, written = body.take("stream", bool), inbound.envelope.members.get("stream")
    if stream is False and written is not None:
        kept["stream"] = written
    reasoning, output = _decode_reasoning(body, kept)
    return GenerateRequest(
        origin=PROTOCOL,
        model=body.take("model", str) or "",
        stream=bool(stream),
        system=system,
        system_plain=system_plain,
        messages=messages,
        tools=tuple(_decode_tool(tool) for tool in body.take_list("tools")),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        max_output_tokens=body.take("max_tokens", int),
        temperature=body.take("temperature", float),
        top_p=body.take("top_p", float),
        top_k=body.take("top_k", int),
        stop=tuple(body.take("stop_sequences", list[str]) or ()),
        reasoning=reasoning,
        output=output,
        service_tier=body.take("service_tier", str),
        user=_decode_user(body, kept),
        cache=decode_cache(body),
        extras=with_twins(body.rest(PROTOCOL), PROTOCOL, kept),
    )


def _decode_message(message: Members) -> Message:
    role = message.require("role", str)
    if role not in ROLES:
        raise bad_request(
            f"{message.where('role')} is {role!r}; it must be user or assistant. A tool's answer is a tool_result block "
            "of a user turn.",
            param=message.where("role"),
        )
    content, plain = decode_content(message)
    return Message(role=cast("Role", role), content=content, plain=plain, extras=message.rest(PROTOCOL))


def _decode_tool(tool: Members) -> Tool:
    kind = tool.peek("type")
    word = tool.take("type", str)
    if word is not None and word != "custom":
        tool.raw["type"] = raw_json(word)
        name = tool.peek("name")
        return ServerTool(
            origin=PROTOCOL,
            kind=word,
            name=decode_as(name, str, tool.where("name")) if name is not None and present(name) else None,
            raw=tool.whole(),
        )
    cache = decode_cache(tool)
    return FunctionTool(
        name=tool.require("name", str),
        description=tool.take("description", str),
        parameters=tool.take_raw("input_schema"),
        strict=tool.take("strict", bool),
        cache=cache,
        extras=with_twins(tool.rest(PROTOCOL), PROTOCOL, {} if kind is None or word is None else {"type": kind}),
    )


MODES: dict[str, Literal["auto", "none", "required", "named"]] = {
    "auto": "auto", "any": "required", "none": "none", "tool": "named",
}  # fmt: skip


def _decode_tool_choice(body: Members) -> tuple[ToolChoice | None, bool | None]:
    choice = body.take_members("tool_choice")
    if choice is None:
        return None, None
    kind = choice.require("type", str)
    if kind not in MODES:
        raise bad_request(
            f"tool_choice.type is {kind!r}; it must be auto, any, tool or none.", param="tool_choice.type"
        )
    names = (choice.require("name", str),) if kind == "tool" else ()
    disabled = choice.take("disable_parallel_tool_use", bool)
    return ToolChoice(mode=MODES[kind], names=names), None if disabled is None else not disabled


def _decode_user(body: Members, kept: Object) -> str | None:
    raw = body.peek("metadata")
    metadata = body.take_members("metadata")
    if metadata is None or raw is None:
        return None
    kept["metadata"] = raw
    return metadata.take("user_id", str)


RAW_SETTINGS = ("thinking", "output_config", "output_format")
"""Written back as they came: their members are taken apart only for other protocols."""


def _decode_reasoning(body: Members, kept: Object) -> tuple[ReasoningSettings | None, OutputFormat | None]:
    for name in RAW_SETTINGS:
        raw = body.peek(name)
        if raw is not None:
            kept[name] = raw
    thinking, config = body.take_members("thinking"), body.take_members("output_config")
    old_format = body.take_members("output_format")
    effort = config.take("effort", str) if config is not None else None
    schema = (config.take_members("format") if config is not None else None) or old_format
    output = None
    if schema is not None:
        output = OutputFormat(kind="json_schema", schema=schema.take_raw("schema"), name=schema.take("name", str))
    if thinking is None:
        return (ReasoningSettings(effort=effort) if effort is not None else None), output
    mode = thinking.require("type", str)
    if mode not in ("enabled", "disabled", "adaptive"):
        raise bad_request(
            f"thinking.type is {mode!r}; it must be enabled, disabled or adaptive.", param="thinking.type"
        )
    settings = ReasoningSettings(
        mode=cast('Literal["enabled", "disabled", "adaptive"]', mode),
        effort=effort,
        budget_tokens=thinking.take("budget_tokens", int),
        summary=thinking.take("display", str),
    )
    return settings, output
