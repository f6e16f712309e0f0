"""What Google refuses beyond the types, in its words; the rules of function calls and thought signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from plexus.mock_provider.errors import Refused
from plexus.mock_provider.gemini import schema as gemini
from plexus.mock_provider.signature import is_hidden_by
from plexus.mock_provider.strictness import explain, is_base64, standard_base64

DATA: Final = (
    "text",
    "inline_data",
    "file_data",
    "function_call",
    "function_response",
    "executable_code",
    "code_execution_result",
    "tool_call",
    "tool_response",
)
TYPES: Final = frozenset({"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"})
DUMMIES: Final = frozenset({"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"})
"""Signatures that stand for calls which no Gemini model has made.
https://ai.google.dev/gemini-api/docs/thought-signatures"""
_MISSING = re.compile(r"Object missing required field `(.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")


def refusal(error: msgspec.ValidationError) -> Refused:
    """What a wrong type becomes."""
    what, where = explain(error)
    path = gemini.snake(where)
    found = _UNKNOWN.match(what)
    if found:
        place = f" at '{path}'" if path else ""
        text = f'Invalid JSON payload received. Unknown name "{found[1]}"{place}: Cannot find field.'
        return Refused(text, param=path or "")
    found = _MISSING.match(what)
    if found:
        return Refused(f"* GenerateContentRequest.{path}.{gemini.snake(found[1])}: must not be empty")
    return Refused(f"Invalid value at '{path}': {what}", param=path)


def check(request: gemini.Request, model: str, issuer: str) -> None:
    """Raises Refused for the first rule that ``request`` breaks."""
    contents = request.contents or []
    if not contents:
        raise Refused("* GenerateContentRequest.contents: contents is not specified\n")
    for index, content in enumerate(contents):
        _check_content(content, index)
    if request.system_instruction is not None and not request.system_instruction.parts:
        raise Refused("* GenerateContentRequest.system_instruction.parts: must not be empty")
    _check_tools(request)
    _check_config(request.generation_config or gemini.GenerationConfig())
    _check_calls(contents)
    _check_signatures(contents, model, issuer)


def _check_content(content: gemini.Content, index: int) -> None:
    if content.role not in (None, "user", "model", "function"):
        raise Refused("Please use a valid role: user, model.")
    if not content.parts:
        raise Refused(f"* GenerateContentRequest.contents[{index}].parts: contents.parts must not be empty.\n")
    for number, part in enumerate(content.parts):
        where = f"contents[{index}].parts[{number}]"
        stated = [name for name in DATA if getattr(part, name) is not None]
        if not stated:
            raise Refused(
                f"* GenerateContentRequest.{where}.data: required oneof field 'data' must have one initialized field\n"
            )
        if len(stated) > 1:
            second = re.sub(r"_([a-z])", lambda match: match[1].upper(), stated[1])
            raise Refused(
                f"Invalid value at '{where}' (oneof), oneof field 'data' is already set. Cannot set '{second}'",
                param=where,
            )
        if part.inline_data is not None and not is_base64(standard_base64(part.inline_data.data)):
            raise Refused(
                f"Invalid value at '{where}.inline_data.data' (TYPE_BYTES), Base64 decoding failed", param=where
            )
        if content.role == "model" and part.function_response is not None:
            raise Refused("Please ensure that function response turn comes immediately after a function call turn.")
        if content.role != "model" and part.function_call is not None:
            raise Refused("Please ensure that function call is in a turn of the role 'model'.")


def _check_tools(request: gemini.Request) -> None:
    names: list[str] = []
    for index, tool in enumerate(request.tools or ()):
        for number, function in enumerate(tool.function_declarations or ()):
            where = f"GenerateContentRequest.tools[{index}].function_declarations[{number}]"
            if function.name in names:
                raise Refused(f"Duplicate function declaration found: {function.name}")
            names.append(function.name)
            if function.parameters is not None and function.parameters_json_schema is not None:
                raise Refused(f"* {where}: parameters and parameters_json_schema must not both be set")
            if function.parameters is not None:
                _check_schema(function.parameters, f"{where}.parameters", top=True)
    config = request.tool_config.function_calling_config if request.tool_config is not None else None
    if config is None or not config.allowed_function_names:
        return
    if config.mode not in ("ANY", "VALIDATED"):
        raise Refused("Allowed function names should only be set when function calling mode is ANY.")
    for name in config.allowed_function_names:
        if name not in names:
            raise Refused(f"allowed_function_names: {name} is not in the function declarations")


def _check_schema(schema: gemini.Schema, where: str, *, top: bool = False) -> None:
    kind = (schema.type or "").upper()
    if top and kind != "OBJECT":
        raise Refused(f"* {where}.type: schema should be of type OBJECT\n")
    if schema.type is not None and kind not in TYPES:
        raise Refused(f"Invalid value at '{where}.type': \"{schema.type}\"", param=where)
    if kind == "ARRAY" and schema.items is None:
        raise Refused(f"* {where}.items: missing field.\n")
    if schema.enum is not None and kind not in ("STRING", "INTEGER", "NUMBER"):
        raise Refused(f"* {where}.enum: only allowed for STRING type\n")
    for name in schema.required or ():
        if name not in (schema.properties or {}):
            raise Refused(f"* {where}.required[{(schema.required or []).index(name)}]: property is not defined\n")
    for name, below in (schema.properties or {}).items():
        _check_schema(below, f"{where}.properties[{name}]")
    if schema.items is not None:
        _check_schema(schema.items, f"{where}.items")
    for number, branch in enumerate(schema.any_of or ()):
        _check_schema(branch, f"{where}.any_of[{number}]")


def _check_config(config: gemini.GenerationConfig) -> None:
    shaped = config.response_schema is not None or config.response_json_schema is not None
    if shaped and config.response_mime_type not in ("application/json", "text/x.enum"):
        raise Refused("Controlled generation requires response_mime_type 'application/json' or 'text/x.enum'.")
    if config.response_schema is not None and config.response_json_schema is not None:
        raise Refused("response_schema and response_json_schema must not both be set")
    if config.response_schema is not None:
        _check_schema(config.response_schema, "GenerateContentRequest.generation_config.response_schema")
    thinking = config.thinking_config or gemini.ThinkingConfig()
    if thinking.thinking_budget is not None and thinking.thinking_level is not None:
        raise Refused("You can only set only one of thinking budget and thinking level.")
    if config.logprobs and not config.response_logprobs:
        raise Refused("Logprobs is only allowed when response_logprobs is enabled.")


def _check_calls(contents: Sequence[gemini.Content]) -> None:
    """A turn with calls follows the user or his answers; the turn behind it answers each call."""
    for index, content in enumerate(contents):
        calls = [part.function_call for part in content.parts or () if part.function_call is not None]
        answers = _answers(contents[index + 1]) if index + 1 < len(contents) else []
        if calls and (index == 0 or contents[index - 1].role == "model"):
            raise Refused(
                "Please ensure that function call turn comes immediately after a user turn or after a function response"
                " turn."
            )
        if calls and len(calls) != len(answers):
            raise Refused(
                "Please ensure that the number of function response parts is equal to the number of function call parts"
                " of the function call turn."
            )
        given = _answers(content)
        before = contents[index - 1].parts if index else None
        if given and not any(part.function_call is not None for part in before or ()):
            raise Refused("Please ensure that function response turn comes immediately after a function call turn.")
        if calls and {call.name for call in calls} != {answer.name for answer in answers}:
            raise Refused(
                "Please ensure that function responses have the names of the function calls that they answer."
            )


def _answers(content: gemini.Content) -> list[gemini.FunctionResponse]:
    return [part.function_response for part in content.parts or () if part.function_response is not None]


def must_sign(model: str) -> bool:
    """Whether the model insists on its signatures, as Gemini 3 does."""
    return model.startswith(("mock-thinking", "gemini-3"))


def _check_signatures(contents: Sequence[gemini.Content], model: str, issuer: str) -> None:
    """What comes back is genuine; in the current turn the first call of each step has one."""
    current = max((index for index, one in enumerate(contents) if _speaks(one)), default=0)
    for index, content in enumerate(contents):
        first = True
        for part in content.parts or ():
            signature = part.thought_signature
            if signature is not None and signature not in DUMMIES and not is_hidden_by(issuer, signature):
                raise Refused("Corrupted thought signature.")
            if part.function_call is None:
                continue
            if signature is None and first and index > current and must_sign(model):
                name = part.function_call.name
                raise Refused(
                    "Function call is missing a thought_signature in functionCall parts. This is required for tools to"
                    " work correctly, and missing thought_signature may lead to degraded model performance. Additional"
                    f" data, function call `default_api:{name}` , position {index + 1}. Please refer to"
                    " https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
                )
            first = False


def _speaks(content: gemini.Content) -> bool:
    """Whether the user speaks in it, and not only his functions."""
    return content.role != "model" and not _answers(content)
