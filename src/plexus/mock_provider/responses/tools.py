"""The tools of a Responses call and the format of its text: what OpenAI refuses in them, and what is offered."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Tool
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.responses import schema as responses
from plexus.mock_provider.responses.items import refusal
from plexus.mock_provider.strictness import bad_schema, check_strict


def tools_of(request: responses.Counted) -> list[Tool]:
    """The tools that the model may call. Raises Refused."""
    read = [_tool(raw, f"tools[{index}]") for index, raw in enumerate(request.tools or ())]
    found = [Tool(one.name, _schema(one), isinstance(one, responses.CustomTool)) for one in read if one is not None]
    choice = request.tool_choice
    if not isinstance(choice, dict) or choice.get("type") != "allowed_tools":
        return found
    allowed = choice.get("tools")
    names = {one.get("name") for one in allowed if isinstance(one, dict)} if isinstance(allowed, list) else set()
    return [tool for tool in found if tool.name in names]


def _schema(tool: responses.FunctionTool | responses.CustomTool) -> Json:
    return (tool.parameters if isinstance(tool, responses.FunctionTool) else None) or {"type": "object"}


def _tool(raw: Json, where: str) -> responses.FunctionTool | responses.CustomTool | None:
    kind = raw.get("type")
    if kind in responses.OPAQUE_TOOLS:
        return None
    known = responses.TOOLS.get(str(kind))
    if kind is None:
        raise Refused(f"Missing required parameter: '{where}.type'.", param=f"{where}.type")
    if known is None:
        names = ", ".join(f"'{name}'" for name in (*responses.TOOLS, *sorted(responses.OPAQUE_TOOLS)))
        raise Refused(f"Invalid value: '{kind}'. Supported values are: {names}.", param=where, code="invalid_value")
    if "name" not in raw:
        message = f"Missing required parameter: '{where}.name'."
        raise Refused(message, param=f"{where}.name", code="missing_required_parameter")
    try:
        tool = msgspec.convert(raw, known)
    except msgspec.ValidationError as error:
        raise refusal(error, where) from None
    if isinstance(tool, responses.FunctionTool):
        _check_function(tool, f"{where}.parameters")
    return tool


def _check_function(tool: responses.FunctionTool, param: str) -> None:
    schema = tool.parameters
    if schema and schema.get("type") != "object":
        detail = f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'."
        raise bad_schema(f"function '{tool.name}'", detail, param)
    if tool.strict and schema is not None:
        check_strict(schema, f"function '{tool.name}'", param)


def check_format(request: responses.Counted) -> None:
    """Raises Refused for a schema that structured output does not take, or JSON that nobody speaks of."""
    wanted = request.text.format if request.text is not None else None
    if isinstance(wanted, responses.SchemaFormat) and wanted.strict is not False:
        check_strict(wanted.schema, f"response_format '{wanted.name}'", "text.format.schema")
    if isinstance(wanted, responses.ObjectFormat) and not any("json" in one for one in _said(request)):
        raise Refused(
            "Response input messages must contain the word 'json' in some form to use 'text.format' of type"
            " 'json_object'.",
            param="input",
        )


def _said(request: responses.Counted) -> Iterator[str]:
    yield msgspec.json.encode(request.input).decode().lower()
    yield (request.instructions or "").lower()
