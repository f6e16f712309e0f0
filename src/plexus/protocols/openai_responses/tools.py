"""Tools and the choice among them, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from plexus.canonical.content import Extras
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest, ServerTool, Tool, ToolChoice
from plexus.protocols.members import Members, Object, decode_as, is_string, own_members, raw_json
from plexus.protocols.openai_responses.content import PROTOCOL
from plexus.protocols.openai_responses.names import flat_name

NAMESPACE = "namespace"
"""The extra of a tool that stood in a namespace: the namespace without its tools. It is a loss elsewhere, since its
description is."""


# --- reading


def decode_tools(body: Members) -> tuple[Tool, ...]:
    """All tools; those of a namespace under flat names (``names``)."""
    return tuple(found for tool in body.take_list("tools") for found in _decode_tool(tool))


def _decode_tool(tool: Members) -> list[Tool]:
    kind = tool.require("type", str)
    if kind == "function":
        return [_decode_function(tool)]
    if kind == "custom":
        return [_decode_custom(tool)]
    tool.raw["type"] = raw_json(kind)
    if kind == "namespace":
        found = _decode_namespace(Members(tool.raw, tool.path))
        if found:
            return found
    raw = tool.whole()
    return [ServerTool(origin=PROTOCOL, kind=kind, name=tool.take("name", str), raw=raw)]


def _decode_namespace(space: Members) -> list[Tool]:
    tools = space.take_list("tools")
    named, raw = space.peek("name"), space.whole()
    name = decode_as(named, str, space.where("name")) if named is not None else ""
    found: list[Tool] = []
    for tool in tools:
        kind = tool.take("type", str) or "function"
        if kind not in ("function", "custom"):
            return []  # a kind of tool that only Responses knows: the namespace stays whole
        inner = _decode_function(tool) if kind == "function" else _decode_custom(tool)
        own = inner.extras
        extras = Extras(PROTOCOL, {**(own.members if own else {}), NAMESPACE: raw}, {"name": raw_json(inner.name)})
        flat = flat_name(name, inner.name)
        found.append(msgspec.structs.replace(inner, name=flat, extras=extras))
    return found


def _decode_function(tool: Members) -> FunctionTool:
    return FunctionTool(
        name=tool.require("name", str),
        description=tool.take("description", str),
        parameters=tool.take_raw("parameters"),
        strict=tool.take("strict", bool),
        extras=tool.rest(PROTOCOL),
    )


def _decode_custom(tool: Members) -> CustomTool:
    return CustomTool(
        name=tool.require("name", str),
        description=tool.take("description", str),
        format=tool.take_raw("format"),
        extras=tool.rest(PROTOCOL),
    )


WORDS: dict[str, Literal["auto", "none", "required"]] = {"auto": "auto", "none": "none", "required": "required"}


def decode_tool_choice(body: Members) -> ToolChoice | None:
    """``tool_choice`` in all its forms."""
    raw = body.peek("tool_choice")
    if raw is None:
        return None
    if is_string(raw):
        word = body.require("tool_choice", str)
        if word not in WORDS:
            raise bad_request(f"tool_choice is {word!r}; it must be auto, none or required.", param="tool_choice")
        return ToolChoice(mode=WORDS[word])
    choice = body.take_members("tool_choice")
    if choice is None:
        return None
    kind = choice.require("type", str)
    if kind == "allowed_tools":
        mode = choice.take("mode", str)
        names = tuple(_chosen(tool) for tool in choice.take_list("tools"))
        return ToolChoice(
            mode="allowed", names=names, allowed_mode="required" if mode == "required" else "auto", raw=raw
        )
    name = choice.take("name", str) or kind
    return ToolChoice(mode="named", names=(name,), raw=None if kind == "function" else raw)


def _chosen(tool: Members) -> str:
    kind = tool.take("type", str) or "function"
    name = tool.take("name", str) or kind
    namespace = tool.take("namespace", str)
    return name if namespace is None else flat_name(namespace, name)


# --- writing


def encode_tools(request: GenerateRequest, losses: Losses) -> list[object]:
    """The wire's tools; neighbours that stood in one namespace stand in it again."""
    written: list[object] = []
    open_space: bytes | None = None
    inside: list[object] = []
    for index, tool in enumerate(request.tools):
        wire = _encode_tool(tool, f"tools[{index}]", losses, own=request.origin == PROTOCOL)
        if wire is None:
            continue
        space = own_members(getattr(tool, "extras", None), PROTOCOL).get(NAMESPACE)
        if space is None:
            open_space = None
            written.append(wire)
        elif bytes(space) == open_space:
            inside.append(wire)
        else:
            open_space, inside = bytes(space), [wire]
            written.append({**msgspec.json.decode(space, type=Object), "tools": inside})
    return written


ANY_INPUT = raw_json({"type": "object", "properties": {}})


def _encode_tool(tool: Tool, path: str, losses: Losses, *, own: bool) -> object | None:
    match tool:
        case FunctionTool():
            if not own:
                tool = _adopt(tool, path, losses)
            members = {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                "strict": tool.strict,
            }
            wire: dict[str, object] = {name: value for name, value in members.items() if value is not None}
            return {"type": "function", **wire, **_own(tool, path, losses)}
        case CustomTool():
            form = {"name": tool.name, "description": tool.description, "format": tool.format}
            wire = {name: value for name, value in form.items() if value is not None}
            return {"type": "custom", **wire, **_own(tool, path, losses)}
        case _:
            if tool.origin == PROTOCOL:
                return tool.raw
            losses.add(path, "unsupported")
            return None


def _adopt(tool: FunctionTool, path: str, losses: Losses) -> FunctionTool:
    """Another protocol's function. Unlike there ``strict`` is on here unless it is switched off, and a schema must stand."""
    if tool.cache is not None:
        losses.add(f"{path}.cache_control", "unsupported")
    return msgspec.structs.replace(
        tool,
        strict=bool(tool.strict),
        parameters=tool.parameters if tool.parameters is not None else ANY_INPUT,
    )


def _own(tool: FunctionTool | CustomTool, path: str, losses: Losses) -> dict[str, object]:
    own = own_members(tool.extras, PROTOCOL)
    if tool.extras is not None and not own:
        for name in tool.extras.members:
            losses.add(f"{path}.{name}", "foreign")
    return {name: value for name, value in own.items() if name != NAMESPACE}


def encode_tool_choice(choice: ToolChoice, tools: Sequence[Tool], losses: Losses, *, own: bool) -> object | None:
    """The wire's tool_choice; None, a loss, where it names nothing that is sent."""
    if choice.mode in WORDS:
        return choice.mode
    if own and choice.raw is not None:
        return choice.raw
    if own:
        return {"type": "function", "name": choice.names[0]}
    kinds = {tool.name: "custom" for tool in tools if isinstance(tool, CustomTool)}
    kinds |= {tool.name: "function" for tool in tools if isinstance(tool, FunctionTool)}
    named = [{"type": kinds[name], "name": name} for name in choice.names if name in kinds]
    if len(named) < len(choice.names):
        losses.add("tool_choice", "approximated" if named else "unsupported")
    if choice.mode == "named" or not named:
        return named[0] if named else None
    return {"type": "allowed_tools", "mode": choice.allowed_mode, "tools": named}
