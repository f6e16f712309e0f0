"""What Anthropic refuses beyond the types: rules between members, in its words. ``turns`` has those between messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.messages import schema as messages
from plexus.mock_provider.strictness import explain, open_objects

MAX_MARKERS: Final = 4
"""Cache markers in one request."""
_FORMAT = "output_config.format.schema"


def refusal(error: msgspec.ValidationError, prefix: str = "") -> Refused:
    """What a wrong type becomes: ``messages.0.role: Input should be ...``."""
    what, where = explain(error)
    path = ".".join(one for one in (prefix, where.replace("[", ".").replace("]", "").lstrip(".")) if one)
    missing, unknown = "Object missing required field `", "Object contains unknown field `"
    for start, verdict in ((missing, "Field required"), (unknown, "Extra inputs are not permitted")):
        if what.startswith(start):
            name = what.removeprefix(start).rstrip("`")
            return Refused(f"{path}.{name}: {verdict}" if path else f"{name}: {verdict}")
    return Refused(f"{path}: {what}" if path else what)


def check_options(request: messages.Prompted) -> None:
    """Raises Refused for the first rule that the members beside ``messages`` break."""
    if isinstance(request, messages.Request):
        _check_thinking(request)
        for stop in request.stop_sequences or ():
            if not stop.strip():
                raise Refused("stop_sequences: each stop sequence must contain non-whitespace")
    _check_system(request.system)
    _check_choice(request)
    wanted = output_format(request)
    if wanted is not None and next(open_objects(wanted), None) is not None:
        raise Refused(f"{_FORMAT}: For 'object' type, 'additionalProperties' must be explicitly set to false")
    _check_markers(request)


def output_format(request: messages.Prompted) -> Json | None:
    """The schema asked for, in either place."""
    if request.output_config is not None and request.output_config.format is not None:
        return request.output_config.format.schema
    return request.output_format.schema if request.output_format is not None else None


def custom_tools(request: messages.Prompted) -> list[messages.CustomTool]:
    """The caller's own tools. Raises Refused for a tool that is none, and for a name used twice."""
    found = []
    names: set[object] = set()
    for index, tool in enumerate(request.tools or ()):
        if tool.get("type") in (None, "custom"):
            found.append(_custom(tool, index))
        elif not isinstance(tool.get("name", tool.get("mcp_server_name")), str):
            raise Refused(
                f"tools.{index}: Input tag '{tool.get('type')}' found using 'type' does not match any expected tag"
            )
        if tool.get("name") in names:
            raise Refused("tools: Tool names must be unique.")
        names.add(tool.get("name"))
    return found


def _custom(tool: Json, index: int) -> messages.CustomTool:
    try:
        read = msgspec.convert(tool, messages.CustomTool)
    except msgspec.ValidationError as error:
        raise refusal(error, f"tools.{index}.custom") from None
    kind = read.input_schema.get("type")
    if kind != "object":
        verdict = "Field required" if kind is None else "Input should be 'object'"
        raise Refused(f"tools.{index}.custom.input_schema.type: {verdict}")
    if read.strict and next(open_objects(read.input_schema), None) is not None:
        raise Refused(
            f"tools.{index}.custom: For 'object' type, 'additionalProperties' must be explicitly set to false"
        )
    return read


def _check_thinking(request: messages.Request) -> None:
    """https://platform.claude.com/docs/en/build-with-claude/extended-thinking, the feature's limits."""
    thinking = request.thinking
    if not isinstance(thinking, (messages.Enabled, messages.Adaptive)):
        return
    if isinstance(thinking, messages.Enabled) and thinking.budget_tokens >= request.max_tokens:
        raise Refused("`max_tokens` must be greater than `thinking.budget_tokens`.")
    rules = (
        (request.temperature not in (None, 1), "`temperature` may only be set to 1 when thinking is enabled."),
        (request.top_k is not None, "`top_k` must be unset when thinking is enabled."),
        (request.top_p is not None and request.top_p < 0.95, "`top_p` must be at least 0.95 when thinking is enabled."),
        (
            isinstance(thinking, messages.Enabled)
            and isinstance(request.tool_choice, (messages.AnyChoice, messages.ToolChoice)),
            "Thinking may not be enabled when tool_choice forces tool use.",
        ),
    )
    for broken, message in rules:
        if broken:
            raise Refused(message)


def _check_system(system: str | Sequence[messages.TextBlock] | None) -> None:
    for block in system if isinstance(system, list) else ():
        if not block.text:
            raise Refused("system: text content blocks must be non-empty")
        if not block.text.strip():
            raise Refused("system: text content blocks must contain non-whitespace text")


def _check_choice(request: messages.Prompted) -> None:
    choice = request.tool_choice
    names = [tool.get("name") for tool in request.tools or ()]
    if choice is not None and not names and not isinstance(choice, messages.NoChoice):
        raise Refused("tool_choice: tool_choice may only be specified while providing tools.")
    if isinstance(choice, messages.ToolChoice) and choice.name not in names:
        raise Refused(f"Tool '{choice.name}' not found in provided tools")


def _check_markers(request: messages.Prompted) -> None:
    system = request.system if isinstance(request.system, list) else []
    blocks = [block for turn in request.messages if isinstance(turn.content, list) for block in turn.content]
    found = sum(block.cache_control is not None for block in system) + (request.cache_control is not None)
    found += sum(1 for one in (*(request.tools or ()), *blocks) for _ in _markers(one))
    if found > MAX_MARKERS:
        raise Refused(f"A maximum of {MAX_MARKERS} blocks with cache_control may be provided. Found {found}.")


def _markers(block: Json) -> Iterator[object]:
    if block.get("cache_control") is not None:
        yield block["cache_control"]
    content = block.get("content")
    for one in content if isinstance(content, list) else ():
        if isinstance(one, dict):
            yield from _markers(one)
