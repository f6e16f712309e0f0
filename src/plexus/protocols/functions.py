"""Tools as functions in Chat's shape, for protocols that borrowed it and know fewer ways to choose among them."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest, Tool
from plexus.protocols.members import Object
from plexus.protocols.unreadable import UNREADABLE
from plexus.protocols.unsupported import note_extras

FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
"""The schema of the function that stands for a tool of free text."""
ANY_INPUT = {"type": "object", "properties": {}}
"""The schema of a function that says none."""

Choice: TypeAlias = Literal["auto", "none", "required"]
Function: TypeAlias = dict[str, object]


class Offer(NamedTuple):
    """The tools that are sent, and whether one of them must be called. ``strict``: what each function wished."""

    tools: list[Function]
    choice: Choice
    strict: list[bool]


def offer(request: GenerateRequest, losses: Losses) -> Offer:
    """The tools of ``request``. One that must be called, or a subset that may be, is sent alone."""
    choice = request.tool_choice
    chosen = frozenset(choice.names) if choice is not None and choice.mode in ("named", "allowed") else None
    known = {tool.name for tool in request.tools if isinstance(tool, FunctionTool | CustomTool)}
    if chosen is not None and not chosen <= known:
        losses.add("tool_choice", "approximated" if chosen & known else "unsupported")
        chosen = (chosen & known) or None
    found = Offer([], "auto", [])
    for index, tool in enumerate(request.tools):
        if chosen is None or getattr(tool, "name", None) in chosen:
            written = _encode_tool(tool, f"tools[{index}]", losses)
            if written is not None:
                found.tools.append(written)
                found.strict.append(isinstance(tool, FunctionTool) and tool.strict is True)
    if choice is None or not found.tools:
        return found
    if choice.mode in ("auto", "none", "required"):
        return found._replace(choice=choice.mode)
    forced = choice.mode == "named" or choice.allowed_mode == "required"
    return found._replace(choice="required" if forced and chosen is not None else "auto")


def _encode_tool(tool: Tool, path: str, losses: Losses) -> Function | None:
    if not isinstance(tool, FunctionTool | CustomTool):
        losses.add(path, "unsupported")
        return None
    function: Function = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if isinstance(tool, CustomTool):
        losses.add(path, "approximated")
        function["parameters"] = FREE_TEXT
    else:
        function["parameters"] = ANY_INPUT if tool.parameters is None else tool.parameters
        if tool.cache is not None:
            losses.add(f"{path}.cache_control", "unsupported")
    note_extras(tool.extras, path, losses)
    return {"type": "function", "function": function}


def arguments_object(text: str) -> msgspec.Raw | None:
    """A call's arguments as one JSON object; None where they are none."""
    written = text.strip() or "{}"
    try:
        msgspec.json.decode(written, type=Object)
    except UNREADABLE:
        return None
    return msgspec.Raw(written.encode())
