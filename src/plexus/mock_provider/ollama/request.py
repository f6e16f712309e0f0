"""Reads a call of ``/api/chat`` as Ollama does, which ignores members that it does not know.
https://github.com/ollama/ollama/blob/main/docs/api.md"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask, Prompt, Result, ThinkingWish, Tool
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.strictness import explain, is_base64
from plexus.mock_provider.tokens import PER_IMAGE, PER_MESSAGE, count, count_json


class CalledFunction(Struct):
    """A call's name and arguments, which are an object."""

    name: str
    arguments: Json
    index: int | None = None


class ToolCall(Struct):
    """An earlier call."""

    function: CalledFunction
    id: str | None = None


class Message(Struct):
    """A message of anybody."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    thinking: str | None = None
    images: list[str] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None


class Function(Struct):
    """A function's definition."""

    name: str
    description: str | None = None
    parameters: Json | None = None


class FunctionTool(Struct):
    """A tool."""

    function: Function
    type: str = "function"


class Options(Struct):
    """How to generate."""

    num_predict: int | None = None
    stop: list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    num_ctx: int | None = None


class Request(Struct):
    """The body of ``/api/chat``; it streams unless told otherwise."""

    model: str
    messages: list[Message] = []
    tools: list[FunctionTool] | None = None
    format: str | Json | None = None
    options: Options | None = None
    stream: bool | None = None
    think: bool | Literal["low", "medium", "high"] | None = None
    keep_alive: str | float | None = None


_DECODER = msgspec.json.Decoder(Request)


def read(body: bytes) -> Ask:
    """The ask in ``body``. Raises Refused."""
    try:
        request = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        what, where = explain(error)
        raise Refused(f"json: cannot unmarshal at {where or 'the top'}: {what}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("unexpected EOF") from None
    _check(request)
    return _ask(request)


def _check(request: Request) -> None:
    if not request.model:
        raise Refused("model is required")
    if request.model.startswith("nonexistent"):
        raise Refused(f"model '{request.model}' not found", kind="model", status=404)
    if isinstance(request.format, str) and request.format not in ("", "json"):
        raise Refused('invalid format: expected "json" or a JSON schema')
    for message in request.messages:
        if not all(is_base64(image) for image in message.images or ()):
            raise Refused("illegal base64 data at input byte 0")


def _ask(request: Request) -> Ask:
    options = request.options or Options()
    tail = _tail(request.messages)
    limit = options.num_predict
    return Ask(
        model=request.model,
        stream=request.stream is not False,
        prompt=_prompt(request),
        text=next((one.content for one in reversed(request.messages) if one.role == "user"), ""),
        results=tuple(_results(tail)),
        rounds=sum(bool(one.tool_calls) for one in tail),
        media=tuple("image" for one in request.messages for _ in one.images or ()),
        tools=tuple(
            Tool(one.function.name, one.function.parameters or {"type": "object"}) for one in request.tools or ()
        ),
        output_schema=request.format if isinstance(request.format, dict) else _any_object(request.format),
        thinking=_wish(request.think),
        stops=tuple(options.stop or ()),
        max_tokens=limit if limit is not None and limit >= 0 else None,
    )


def _any_object(shape: str | None) -> Json | None:
    return {"type": "object"} if shape == "json" else None


def _wish(think: bool | str | None) -> ThinkingWish:
    if think is None:
        return "default"
    return "shown" if think else "off"


def _tail(messages: Sequence[Message]) -> Sequence[Message]:
    """What follows the last message of the user."""
    last = max((index for index, one in enumerate(messages) if one.role == "user"), default=-1)
    return messages[last + 1 :]


def _results(tail: Sequence[Message]) -> Iterable[Result]:
    called = [call.function.name for message in tail for call in message.tool_calls or ()]
    for number, message in enumerate(one for one in tail if one.role == "tool"):
        name = message.tool_name or (called[number] if number < len(called) else "tool")
        yield Result(name, message.content)


def _prompt(request: Request) -> Prompt:
    prompt = Prompt()
    for tool in request.tools or ():
        prompt.add(tool, count_json(tool))
    for message in request.messages:
        calls = sum(
            count(call.function.name) + count_json(call.function.arguments) for call in message.tool_calls or ()
        )
        media = PER_IMAGE * len(message.images or ())
        prompt.add(message, PER_MESSAGE + count(message.content) + calls + media)
    return prompt
