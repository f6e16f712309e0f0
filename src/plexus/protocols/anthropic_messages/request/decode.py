"""A client's Messages body -> GenerateRequest."""

from __future__ import annotations

from typing import Literal

import msgspec

from plexus.canonical.content import Block, Extras, Text
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
from plexus.protocols.anthropic_messages.content import decode_blocks
from plexus.protocols.anthropic_messages.members import PROTOCOL, UNREADABLE, Members, Misfit, check_utf8
from plexus.protocols.codec import Inbound

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_CHOICES: dict[str, Literal["auto", "none", "required"]] = {"auto": "auto", "none": "none", "any": "required"}


def decode_request(inbound: Inbound) -> GenerateRequest:
    """What the client asks for. Raises ClientError for a body that Messages does not allow."""
    try:
        check_utf8(inbound.envelope.raw)
        members = Members(inbound.envelope.raw, "")
        return _decode(members, inbound.path.get("model"))
    except Misfit as wrong:
        raise bad_request(str(wrong), param=wrong.path or None) from None


def _decode(members: Members, model: str | None) -> GenerateRequest:
    named = members.take("model", str)
    system, system_plain = _content(members, "system")
    turns = members.take_list("messages")
    if turns is None:
        raise Misfit("messages", "the member is missing")
    tools = tuple(_tool(raw, f"tools.{index}") for index, raw in enumerate(members.take_list("tools") or ()))
    choice, parallel = _tool_choice(members, tools)
    reasoning, output = _reasoning_and_output(members)
    return GenerateRequest(
        origin=PROTOCOL,
        model=model or named or "",
        stream=members.take("stream", bool) or False,
        system=system,
        system_plain=system_plain,
        messages=tuple(_message(raw, f"messages.{index}") for index, raw in enumerate(turns)),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=parallel,
        max_output_tokens=members.take("max_tokens", int),
        temperature=members.take("temperature", float),
        top_p=members.take("top_p", float),
        top_k=members.take("top_k", int),
        stop=tuple(members.take("stop_sequences", list[str]) or ()),
        reasoning=reasoning,
        output=output,
        service_tier=members.take("service_tier", str),
        user=_user(members),
        cache=members.take_cache(),
        extras=members.extras(),
    )


def _content(members: Members, name: str) -> tuple[tuple[Block, ...], bool]:
    """(blocks, plain) of a member that is a string or a list of blocks."""
    if members.is_string(name):
        return (Text(text=members.need(name, str)),), True
    return decode_blocks(members.take_list(name) or (), members.at(name)), False


def _message(raw: msgspec.Raw, path: str) -> Message:
    members = Members(raw, path)
    written = members.need("role", str)
    role = _ROLES.get(written)
    if role is None:
        raise Misfit(members.at("role"), f"{written!r} is none of user, assistant and system")
    if "content" not in members.values:
        raise Misfit(members.at("content"), "the member is missing")
    content, plain = _content(members, "content")
    return Message(role=role, content=content, plain=plain, extras=members.extras())


def _tool(raw: msgspec.Raw, path: str) -> Tool:
    members = Members(raw, path)
    kind = members.take("type", str)
    if kind not in (None, "custom"):
        name = members.take("name", str)
        return ServerTool(origin=PROTOCOL, kind=kind or "", name=name, raw=msgspec.Raw(bytes(raw)))
    return FunctionTool(
        name=members.need("name", str),
        description=members.take("description", str),
        parameters=members.take_raw("input_schema"),
        strict=members.take("strict", bool),
        cache=members.take_cache(),
        extras=members.extras(),
    )


def _tool_choice(members: Members, tools: tuple[Tool, ...]) -> tuple[ToolChoice | None, bool | None]:
    """(choice, parallel calls allowed?)"""
    raw = members.take_raw("tool_choice")
    if raw is None:
        return None, None
    choice = Members(raw, "tool_choice")
    kind = choice.need("type", str)
    alone = choice.take("disable_parallel_tool_use", bool)
    parallel = None if alone is None else not alone
    if kind in _CHOICES:
        return ToolChoice(mode=_CHOICES[kind]), parallel
    if kind != "tool":
        raise Misfit("tool_choice.type", f"{kind!r} is none of auto, any, tool and none")
    name = choice.need("name", str)
    on_server = any(isinstance(tool, ServerTool) and tool.name == name for tool in tools)
    return ToolChoice(mode="named", names=(name,), raw=raw if on_server else None), parallel


def _reasoning_and_output(members: Members) -> tuple[ReasoningSettings | None, OutputFormat | None]:
    """``thinking`` and ``output_config``; what is unknown in either stays, whole or as the rest, among the extras."""
    effort = None
    output = None
    config = members.take_raw("output_config")
    if config is not None:
        inside = Members(config, "output_config")
        effort = inside.take("effort", str)
        output = _output_format(inside, "format")
        rest = inside.extras()
        if rest is not None:
            members.values["output_config"] = msgspec.Raw(msgspec.json.encode(rest.members))
    if output is None:
        output = _output_format(members, "output_format", legacy=True)
    return _reasoning(members, effort), output


class _Format(msgspec.Struct, tag="json_schema", forbid_unknown_fields=True):
    schema: msgspec.Raw


def _output_format(members: Members, name: str, *, legacy: bool = False) -> OutputFormat | None:
    raw = members.values.get(name)
    if raw is None:
        return None
    try:
        wire = msgspec.json.decode(raw, type=_Format | None)
    except UNREADABLE:
        return None
    del members.values[name]
    return None if wire is None else OutputFormat(kind="json_schema", schema=wire.schema, legacy=legacy)


class _Thinking(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int | None = None
    display: str | None = None


def _reasoning(members: Members, effort: str | None) -> ReasoningSettings | None:
    raw = members.take_raw("thinking")
    if raw is None:
        return ReasoningSettings(effort=effort) if effort is not None else None
    try:
        wire = msgspec.json.decode(raw, type=_Thinking)
    except UNREADABLE:
        return ReasoningSettings(effort=effort, extras=Extras(PROTOCOL, {"thinking": raw}))
    return ReasoningSettings(mode=wire.type, effort=effort, budget_tokens=wire.budget_tokens, summary=wire.display)


def _user(members: Members) -> str | None:
    """``metadata.user_id``; other metadata stay among the extras."""
    raw = members.take_raw("metadata")
    if raw is None:
        return None
    inside = Members(raw, "metadata")
    user = inside.take("user_id", str)
    rest = inside.extras()
    if rest is not None:
        members.values["metadata"] = msgspec.Raw(msgspec.json.encode(rest.members))
    return user
