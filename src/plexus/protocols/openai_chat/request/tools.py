"""Tools and the choice among them, both ways."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest, ServerTool, Tool, ToolChoice
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.members import (
    OBJECT,
    PROTOCOL,
    Members,
    Misfit,
    cache_control,
    foreign_names,
    own_members,
)

_MODES: dict[str, Literal["auto", "none", "required"]] = {"auto": "auto", "none": "none", "required": "required"}

# --- a client's


def read_tools(members: Members) -> tuple[Tool, ...]:
    """``tools``, then the older ``functions``. Raises Misfit."""
    tools = [_tool(raw, f"tools[{index}]") for index, raw in enumerate(members.take_list("tools") or ())]
    older = members.take_list("functions") or ()
    tools += [_function(Members(raw, f"functions[{index}]"), legacy=True) for index, raw in enumerate(older)]
    return tuple(tools)


def _tool(raw: msgspec.Raw, path: str) -> Tool:
    tool = Members(raw, path)
    kind = tool.need("type", str)
    if kind == "function":
        inner = tool.take_members("function")
        if inner is None:
            raise Misfit(tool.at("function"), "the member is missing")
        function = _function(inner)
        tool.put_back("function", inner)
        return msgspec.structs.replace(function, cache=tool.take_cache(), extras=tool.extras())
    if kind == "custom":
        inner = tool.take_members("custom")
        if inner is None:
            raise Misfit(tool.at("custom"), "the member is missing")
        name, description = inner.need("name", str), inner.take("description", str)
        grammar = inner.take_raw("format")
        tool.put_back("custom", inner)
        return CustomTool(name=name, description=description, format=grammar, extras=tool.extras())
    return ServerTool(origin=PROTOCOL, kind=kind, name=tool.take_text("name"), raw=msgspec.Raw(bytes(raw)))


def _function(function: Members, *, legacy: bool = False) -> FunctionTool:
    return FunctionTool(
        name=function.need("name", str),
        description=function.take("description", str),
        parameters=function.take_raw("parameters"),
        strict=function.take("strict", bool),
        legacy=legacy,
        extras=function.extras() if legacy else None,
    )


class _Named(msgspec.Struct):
    name: str


class _Choice(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["function", "custom"]
    function: _Named | None = None
    custom: _Named | None = None


class _Allowed(msgspec.Struct, forbid_unknown_fields=True):
    mode: Literal["auto", "required"]
    tools: list[_Choice]


class _AllowedTools(msgspec.Struct, forbid_unknown_fields=True, tag="allowed_tools"):
    allowed_tools: _Allowed


def read_tool_choice(members: Members) -> ToolChoice | None:
    """``tool_choice``, or the older ``function_call``. Raises Misfit."""
    older = members.take_raw("function_call")
    raw = members.take_raw("tool_choice")
    if raw is not None:
        return _choice(raw)
    return None if older is None else _older_choice(older)


def _choice(raw: msgspec.Raw) -> ToolChoice:
    word = _word(raw)
    if word is not None:
        mode = _MODES.get(word)
        if mode is not None:
            return ToolChoice(mode=mode)
        if word == "any":  # Mistral's word for required
            return ToolChoice(mode="required", raw=raw)
        raise Misfit("tool_choice", f"{word!r} is none of auto, none and required")
    try:
        wire = msgspec.json.decode(raw, type=_Choice)
    except msgspec.MsgspecError:
        return _allowed(raw)
    named = wire.function if wire.type == "function" else wire.custom
    if named is None:
        raise Misfit(f"tool_choice.{wire.type}", "the member is missing")
    return ToolChoice(mode="named", names=(named.name,))


def _allowed(raw: msgspec.Raw) -> ToolChoice:
    """A subset of the tools; one that names other things than functions is kept in its own words, too."""
    try:
        allowed = msgspec.json.decode(raw, type=_AllowedTools).allowed_tools
    except msgspec.MsgspecError:
        return ToolChoice(mode="auto", raw=raw)
    names = tuple(named.name for one in allowed.tools if (named := one.function or one.custom) is not None)
    return ToolChoice(mode="allowed", names=names, allowed_mode=allowed.mode)


def _older_choice(raw: msgspec.Raw) -> ToolChoice:
    word = _word(raw)
    if word is None:
        return ToolChoice(mode="named", names=(Members(raw, "function_call").need("name", str),))
    if word not in ("auto", "none"):
        raise Misfit("function_call", f"{word!r} is none of auto and none")
    return ToolChoice(mode=_MODES[word])


def _word(raw: msgspec.Raw) -> str | None:
    return msgspec.json.decode(raw, type=str) if memoryview(raw)[0] == 0x22 else None


# --- a provider's


def write_tools(request: GenerateRequest, dialect: ChatDialect, losses: Losses) -> dict[str, Any]:
    """``tools`` and ``functions``; {} where there are none. Server tools of other protocols are losses."""
    tools: list[object] = []
    functions: list[object] = []
    for index, tool in enumerate(request.tools):
        path = f"tools[{index}]"
        if isinstance(tool, ServerTool):
            if tool.origin == PROTOCOL:
                tools.append(tool.raw)
            else:
                losses.add(path, "unsupported")
            continue
        for name in foreign_names(tool.extras):
            losses.add(f"{path}.{name}", "foreign")
        if isinstance(tool, CustomTool):
            tools.append(_write_custom(tool))
        elif tool.legacy:
            functions.append({**_write_function(tool, path, dialect, losses), **own_members(tool.extras)})
        else:
            tools.append(_write_tool(tool, path, dialect, losses))
    written = {"tools": tools, "functions": functions}
    return {name: value for name, value in written.items() if value}


def _write_tool(tool: FunctionTool, path: str, dialect: ChatDialect, losses: Losses) -> dict[str, Any]:
    own = dict(own_members(tool.extras))
    function = _write_function(tool, path, dialect, losses)
    rest = own.pop("function", None)
    if rest is not None:
        function.update(OBJECT.decode(rest))
    wire: dict[str, Any] = {"type": "function", "function": function, **own}
    if tool.cache is not None:
        if dialect.supports_cache_marks:
            wire["cache_control"] = cache_control(tool.cache)
        else:
            losses.add(f"{path}.cache", "unsupported")
    return wire


def _write_function(tool: FunctionTool, path: str, dialect: ChatDialect, losses: Losses) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    if tool.parameters is not None:
        wire["parameters"] = tool.parameters
    if tool.strict is not None:
        if dialect.supports_strict:
            wire["strict"] = tool.strict
        elif tool.strict:
            losses.add(f"{path}.strict", "refused")
    return wire


def _write_custom(tool: CustomTool) -> dict[str, Any]:
    own = dict(own_members(tool.extras))
    inner: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        inner["description"] = tool.description
    if tool.format is not None:
        inner["format"] = tool.format
    rest = own.pop("custom", None)
    if rest is not None:
        inner.update(OBJECT.decode(rest))
    return {"type": "custom", "custom": inner, **own}


def write_tool_choice(request: GenerateRequest, written: dict[str, Any], losses: Losses) -> dict[str, Any]:
    """``tool_choice`` or ``function_call``; {} where nothing is chosen, or where no tool is left to choose (a loss)."""
    choice = request.tool_choice
    if choice is None:
        return {}
    native = request.origin == PROTOCOL
    if native and choice.raw is not None:
        return {"tool_choice": choice.raw}
    if not native and not written:
        if choice.mode in ("required", "named"):
            losses.add("tool_choice", "unsupported")
        return {}
    if "functions" in written and "tools" not in written:
        return {"function_call": _write_older(choice)}
    return {"tool_choice": _write_choice(choice, request.tools)}


def _write_older(choice: ToolChoice) -> object:
    return {"name": choice.names[0]} if choice.mode == "named" else choice.mode


def _write_choice(choice: ToolChoice, tools: tuple[Tool, ...]) -> object:
    custom = frozenset(tool.name for tool in tools if isinstance(tool, CustomTool))
    if choice.mode == "named":
        return _named(choice.names[0], custom)
    if choice.mode == "allowed":
        allowed = [_named(name, custom) for name in choice.names]
        return {"type": "allowed_tools", "allowed_tools": {"mode": choice.allowed_mode, "tools": allowed}}
    return choice.mode


def _named(name: str, custom: frozenset[str]) -> dict[str, Any]:
    kind = "custom" if name in custom else "function"
    return {"type": kind, kind: {"name": name}}
