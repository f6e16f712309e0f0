"""Writing tools, and the choice among them, for a provider."""

from __future__ import annotations

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest, Tool, ToolChoice
from plexus.protocols.members import own_members
from plexus.protocols.openai_chat.content import PROTOCOL, encode_cache
from plexus.protocols.openai_chat.dialect import ChatDialect

FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
"""The schema of the function that stands for a tool of free text."""


def encode_tools(request: GenerateRequest, dialect: ChatDialect, body: dict[str, object], losses: Losses) -> None:
    """Add ``tools``, ``tool_choice`` and ``parallel_tool_calls`` to ``body``, without tools none of them: a choice alone is
    refused. The older ``functions`` come back from the extras."""
    own = own_members(request.extras, PROTOCOL)
    choice = request.tool_choice
    chosen = _only_allowed(choice, dialect)
    tools = [
        written
        for index, tool in enumerate(request.tools)
        if (chosen is None or getattr(tool, "name", None) in chosen)
        and (written := _tool(tool, f"tools[{index}]", dialect, losses)) is not None
    ]
    if tools and "functions" not in own:
        body["tools"] = tools
    if not tools and not own.get("functions"):
        return
    if choice is not None and "function_call" not in own:
        written = encode_tool_choice(choice, request, dialect, losses)
        if written is not None:
            body["tool_choice"] = written
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _only_allowed(choice: ToolChoice | None, dialect: ChatDialect) -> tuple[str, ...] | None:
    """The names of the only tools to send, where a subset can be said in no other way."""
    if choice is None or choice.mode != "allowed" or "allowed" in dialect.tool_choices:
        return None
    return choice.names


def encode_tool_choice(
    choice: ToolChoice, request: GenerateRequest, dialect: ChatDialect, losses: Losses
) -> object | None:
    """The wire's tool_choice, in its own words where it came in them; another protocol's keeps the names that are tools here.
    None where the provider leaves it to the model, or where no such tool is left."""
    if choice.mode == "allowed" and "allowed" not in dialect.tool_choices:
        choice = ToolChoice(mode=choice.allowed_mode)
    if choice.mode not in dialect.tool_choices:
        if choice.mode != "auto":
            losses.add("tool_choice", "unsupported")
        return None
    if choice.mode in ("auto", "none", "required"):
        return choice.mode
    if choice.raw is not None and request.origin == PROTOCOL and (dialect.custom_tools or choice.mode == "allowed"):
        return choice.raw
    kinds = _kinds(request, dialect)
    if request.origin == PROTOCOL:
        kinds = {name: kinds.get(name, "function") for name in choice.names}
    named = [{"type": kinds[name], kinds[name]: {"name": name}} for name in choice.names if name in kinds]
    if len(named) < len(choice.names):
        losses.add("tool_choice", "approximated" if named else "unsupported")
    if choice.mode == "named" or not named:
        return named[0] if named else None
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice.allowed_mode, "tools": named}}


def _kinds(request: GenerateRequest, dialect: ChatDialect) -> dict[str, str]:
    """The type of each tool that is sent, by name."""
    custom = "custom" if dialect.custom_tools else "function"
    kinds = {tool.name: custom for tool in request.tools if isinstance(tool, CustomTool)}
    return kinds | {tool.name: "function" for tool in request.tools if isinstance(tool, FunctionTool)}


def _tool(tool: Tool, path: str, dialect: ChatDialect, losses: Losses) -> object | None:
    match tool:
        case FunctionTool():
            return _function(tool, path, dialect, losses)
        case CustomTool():
            return _custom(tool, path, dialect, losses)
        case _:
            if tool.origin == PROTOCOL:
                return tool.raw
            losses.add(path, "unsupported")
            return None


def _custom(tool: CustomTool, path: str, dialect: ChatDialect, losses: Losses) -> dict[str, object]:
    named: dict[str, object] = {"name": tool.name}
    if tool.description is not None:
        named["description"] = tool.description
    if not dialect.custom_tools:
        losses.add(path, "approximated")
        return {"type": "function", "function": {**named, "parameters": FREE_TEXT}}
    if tool.format is not None:
        named["format"] = tool.format
    return {"type": "custom", "custom": named, **own_members(tool.extras, PROTOCOL)}


def _function(tool: FunctionTool, path: str, dialect: ChatDialect, losses: Losses) -> dict[str, object]:
    members = {"description": tool.description, "parameters": tool.parameters, "strict": tool.strict}
    if tool.strict is not None and not dialect.strict_tools:
        members["strict"] = None
        if tool.strict:
            losses.add(f"{path}.strict", "unsupported")
    function = {"name": tool.name, **{name: value for name, value in members.items() if value is not None}}
    own = own_members(tool.extras, PROTOCOL)
    if tool.extras is not None and not own:
        for name in tool.extras.members:
            losses.add(f"{path}.{name}", "foreign")
    written: dict[str, object] = {"type": "function", "function": function, **own}
    if tool.cache is not None:
        if dialect.cache_control:
            written["cache_control"] = encode_cache(tool.cache)
        else:
            losses.add(f"{path}.cache_control", "unsupported")
    return written


def free_text(text: str) -> str:
    """The arguments of a function that stands for a tool of free text."""
    return msgspec.json.encode({"input": text}).decode()
