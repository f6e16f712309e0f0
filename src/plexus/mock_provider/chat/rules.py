"""What OpenAI refuses beyond the types: rules between members and between messages, in its words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from plexus.mock_provider.chat import schema as chat
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.strictness import bad_schema, check_strict, is_base64

_DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,(.*)", re.DOTALL)


def check(request: chat.Request) -> None:
    """Raises Refused for the first rule that ``request`` breaks."""
    _check_options(request)
    _check_tools(request)
    _check_messages(request.messages)
    _check_format(request)


def _check_options(request: chat.Request) -> None:
    streamed = bool(request.stream)
    rules = (
        (
            request.stream_options is not None and not streamed,
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        ),
        (
            request.max_tokens is not None and request.max_completion_tokens is not None,
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "max_tokens",
        ),
        (
            bool(request.top_logprobs) and not request.logprobs,
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
            "top_logprobs",
        ),
        (
            "audio" in (request.modalities or ()) and request.audio is None,
            "The 'audio' parameter is required when 'modalities' has 'audio'.",
            "audio",
        ),
    )
    for broken, message, param in rules:
        if broken:
            raise Refused(message, param=param)


def _check_tools(request: chat.Request) -> None:
    names = [tool.function.name for tool in request.tools or () if isinstance(tool, chat.FunctionTool)]
    choice = request.tool_choice
    if request.tools is None:
        if choice is not None and choice != "none":
            raise Refused("'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
        if request.parallel_tool_calls is not msgspec.UNSET:
            raise Refused(
                "'parallel_tool_calls' is only allowed when 'tools' are specified.", param="parallel_tool_calls"
            )
    if isinstance(choice, chat.NamedFunction) and choice.function.name not in names:
        raise Refused(f"Tool choice '{choice.function.name}' not found in 'tools' parameter.", param="tool_choice")
    for index, tool in enumerate(request.tools or ()):
        if isinstance(tool, chat.FunctionTool):
            _check_function(tool.function, f"tools[{index}].function.parameters")


def _check_function(function: chat.Function, param: str) -> None:
    schema = function.parameters
    if schema and schema.get("type") != "object":
        detail = f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{schema.get('type')}\"'."
        raise bad_schema(f"function '{function.name}'", detail, param)
    if function.strict and schema is not None:
        check_strict(schema, f"function '{function.name}'", param)


def _check_format(request: chat.Request) -> None:
    wanted = request.response_format
    if isinstance(wanted, chat.ObjectFormat):
        written = msgspec.json.encode(request.messages).lower()
        if b"json" not in written:
            raise Refused(
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
                param="messages",
            )
    elif isinstance(wanted, chat.SchemaFormat):
        if wanted.json_schema.schema is None:
            raise Refused(
                "Missing required parameter: 'response_format.json_schema.schema'.",
                param="response_format.json_schema.schema",
                code="missing_required_parameter",
            )
        if wanted.json_schema.strict:
            check_strict(wanted.json_schema.schema, f"response_format '{wanted.json_schema.name}'", "response_format")


def _check_messages(messages: Sequence[chat.Message]) -> None:
    """Calls and answers belong together, in order (the pairing rule of the vendor's guide on function calling)."""
    due: list[str] = []
    for index, message in enumerate(messages):
        if isinstance(message, chat.ToolMessage):
            if message.tool_call_id not in due:
                raise Refused(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceding message with"
                    " 'tool_calls'.",
                    param=f"messages.[{index}].role",
                )
            due.remove(message.tool_call_id)
            continue
        _check_answered(due, index)
        if isinstance(message, chat.Assistant):
            due = [call.id for call in message.tool_calls or ()]
            _check_assistant(message, index)
        elif isinstance(message, chat.User):
            _check_user(message, index)
    _check_answered(due, len(messages))


def _check_answered(due: Sequence[str], index: int) -> None:
    if due:
        raise Refused(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
            f" The following tool_call_ids did not have response messages: {', '.join(due)}",
            param=f"messages.[{index}].role",
        )


def _check_assistant(message: chat.Assistant, index: int) -> None:
    if message.tool_calls == []:
        raise Refused(
            f"Invalid 'messages[{index}].tool_calls': empty array. Expected an array with minimum length 1, but got an empty"
            " array instead.",
            param=f"messages[{index}].tool_calls",
            code="empty_array",
        )
    says = (message.content, message.tool_calls, message.function_call, message.refusal, message.audio)
    if all(one is None for one in says):
        raise Refused("Invalid value for 'content': expected a string, got null.", param=f"messages.[{index}].content")


def _check_user(message: chat.User, index: int) -> None:
    parts = message.content
    if parts == []:
        raise Refused(
            "Invalid value for 'content': empty array.", param=f"messages[{index}].content", code="empty_array"
        )
    for number, part in enumerate(parts if isinstance(parts, list) else ()):
        where = f"messages[{index}].content[{number}]"
        if isinstance(part, chat.ImagePart) and not _readable(part.image_url.url):
            raise Refused("You uploaded an unsupported image.", param=where, code="image_parse_error")
        if isinstance(part, chat.AudioPart) and not is_base64(part.input_audio.data):
            raise Refused("The audio is not valid base64.", param=f"{where}.input_audio.data", code="invalid_value")
        if isinstance(part, chat.FilePart):
            file = part.file
            if file.file_id is None and (file.file_data is None or not _readable(file.file_data)):
                raise Refused("Expected a base64 data URL.", param=f"{where}.file.file_data", code="invalid_value")


def _readable(url: str) -> bool:
    """A web address, or a data URL whose base64 is sound."""
    if url.startswith(("http://", "https://")):
        return True
    found = _DATA_URL.fullmatch(url)
    return found is not None and is_base64(found[1])
