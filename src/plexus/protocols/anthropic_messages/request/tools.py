"""Tools and the choice among them."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest, ServerTool, Tool, ToolChoice
from plexus.protocols.anthropic_messages.content import own_members
from plexus.protocols.anthropic_messages.families import Family
from plexus.protocols.anthropic_messages.members import PROTOCOL, UNREADABLE, cache_control

_NO_PARAMETERS = {"type": "object", "properties": {}}
_FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MODES = {"auto": "auto", "none": "none", "required": "any"}


def write_tools(request: GenerateRequest, family: Family, losses: Losses, *, native: bool) -> list[object]:
    """The ``tools`` member. A choice among a subset leaves the other tools out: Messages cannot say it otherwise."""
    allowed = _allowed(request.tool_choice)
    if allowed is not None:
        losses.add("tool_choice.allowed_tools", "approximated")
    written: list[object] = []
    for index, tool in enumerate(request.tools):
        if allowed is not None and tool.name not in allowed:
            continue
        wire = _write_tool(tool, f"tools[{index}]", losses, strict=native or family.structured, native=native)
        if wire is not None:
            written.append(wire)
    return written


def _allowed(choice: ToolChoice | None) -> frozenset[str] | None:
    return frozenset(choice.names) if choice is not None and choice.mode == "allowed" else None


def _write_tool(tool: Tool, path: str, losses: Losses, *, strict: bool, native: bool) -> object | None:
    if isinstance(tool, ServerTool):
        if tool.origin == PROTOCOL:
            return tool.raw
        losses.add(path, "unsupported")
        return None
    _note_foreign(tool, path, losses)
    if isinstance(tool, CustomTool):
        return _write_custom(tool, path, losses)
    wire: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.parameters if native else _schema(tool),
        "strict": tool.strict if native else tool.strict or None,
        "cache_control": cache_control(tool.cache) if tool.cache is not None else None,
        **own_members(tool.extras),
    }
    if tool.strict and not strict:
        losses.add(f"{path}.strict", "unsupported")
        wire["strict"] = None
    return {name: value for name, value in wire.items() if value is not None}


def _note_foreign(tool: FunctionTool | CustomTool, path: str, losses: Losses) -> None:
    if tool.extras is not None and tool.extras.origin != PROTOCOL:
        for name in tool.extras.members:
            losses.add(f"{path}.{name}", "foreign")


def _write_custom(tool: CustomTool, path: str, losses: Losses) -> dict[str, Any]:
    """A tool of free text becomes a function of one string, ``input``."""
    losses.add(path, "approximated")
    if tool.format is not None:
        losses.add(f"{path}.format", "unsupported")
    described = {} if tool.description is None else {"description": tool.description}
    return {"name": tool.name, **described, "input_schema": _FREE_TEXT}


def _schema(tool: FunctionTool) -> object:
    """The parameters; Messages insists on an object schema that says so."""
    if tool.parameters is None:
        return _NO_PARAMETERS
    try:
        members = _OBJECT.decode(tool.parameters)
    except UNREADABLE:
        return _NO_PARAMETERS
    return tool.parameters if "type" in members else {"type": "object", **members}


def write_tool_choice(request: GenerateRequest, tools: list[object], losses: Losses, *, native: bool) -> object | None:
    """The ``tool_choice`` member, which also says whether calls may be parallel; None where nothing is to be said."""
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    if not native:
        if not tools:
            if choice is not None and choice.mode in ("required", "named"):
                losses.add("tool_choice", "unsupported")
            return None
        parallel = None if parallel else parallel  # parallel is Anthropic's default: it needs no word
        if choice is None and parallel is None:
            return None
    if choice is None:
        return None if parallel is None else {"type": "auto", "disable_parallel_tool_use": not parallel}
    if choice.raw is not None and native:
        return choice.raw
    wire = _write_choice(choice)
    if parallel is not None and (native or wire["type"] != "none"):
        wire["disable_parallel_tool_use"] = not parallel
    return wire


def _write_choice(choice: ToolChoice) -> dict[str, Any]:
    if choice.mode == "named":
        return {"type": "tool", "name": choice.names[0] if choice.names else ""}
    if choice.mode == "allowed":
        return {"type": _MODES[choice.allowed_mode]}
    return {"type": _MODES[choice.mode]}
