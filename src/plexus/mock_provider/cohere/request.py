"""Reads a call of ``/v2/chat`` as Cohere does: refuses what it refuses, and says what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask, Prompt, Result, ThinkingWish, Tool
from plexus.mock_provider.cohere import schema as cohere
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.strictness import explain
from plexus.mock_provider.tokens import PER_IMAGE, PER_MESSAGE, count, count_json


def read(body: bytes) -> Ask:
    """The ask in ``body``. Raises Refused."""
    try:
        request = cohere.DECODER.decode(body)
    except msgspec.ValidationError as error:
        what, where = explain(error)
        raise Refused(f"invalid request: {where or 'body'}: {what}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("invalid request: the body is no valid JSON") from None
    _check(request)
    return _ask(request)


def _check(request: cohere.Request) -> None:
    if request.model.startswith("nonexistent"):
        raise Refused(
            f"model '{request.model}' not found, make sure the correct model ID was used and that you have access to "
            "the model.",
            kind="model",
            status=404,
        )
    _check_turns(request.messages)
    if request.tool_choice is not None and not request.tools:
        raise Refused("invalid request: tool_choice can only be specified along with tools.")
    shaped = request.response_format is not None and request.response_format.type == "json_object"
    if shaped and (request.tools or request.documents):
        raise Refused("invalid request: response_format is not supported with RAG or tools.")


def _check_turns(messages: Sequence[cohere.Message]) -> None:
    called: set[str] = set()
    for index, turn in enumerate(messages):
        if isinstance(turn, cohere.System) and index:
            raise Refused("system turn must be the first in the list")
        if isinstance(turn, cohere.User) and not _words(turn.content) and not _pictures(turn):
            raise Refused("invalid request: message must be at least 1 token long or tool results must be specified.")
        if isinstance(turn, cohere.Assistant):
            if not turn.content and not turn.tool_calls:
                raise Refused("message must not be empty in a turn")
            called |= {call.id for call in turn.tool_calls or ()}
        if isinstance(turn, cohere.ToolTurn) and turn.tool_call_id not in called:
            raise Refused(f"invalid request: tool call id {turn.tool_call_id} not found in previous tool calls.")


def _ask(request: cohere.Request) -> Ask:
    tail = _tail(request.messages)
    return Ask(
        model=request.model,
        stream=request.stream,
        prompt=_prompt(request),
        text=next((_words(one.content) for one in reversed(request.messages) if isinstance(one, cohere.User)), ""),
        results=tuple(_results(tail)),
        rounds=sum(isinstance(one, cohere.Assistant) and bool(one.tool_calls) for one in tail),
        media=tuple(word for one in request.messages for word in _pictures(one))
        + ("document",) * len(request.documents or ()),
        tools=tuple(Tool(one.function.name, one.function.parameters) for one in request.tools or ()),
        choice=_choice(request.tool_choice),
        output_schema=_shape(request.response_format),
        thinking=_wish(request.thinking),
        stops=tuple(request.stop_sequences or ()),
        max_tokens=request.max_tokens,
        logprobs=request.logprobs,
    )


def _choice(choice: str | None) -> Literal["auto", "none", "required"]:
    return {"REQUIRED": "required", "NONE": "none"}.get(choice or "", "auto")  # type: ignore[return-value]


def _shape(shape: cohere.ResponseFormat | None) -> Json | None:
    if shape is None or shape.type == "text":
        return None
    return shape.json_schema or {"type": "object"}


def _wish(thinking: cohere.Thinking | None) -> ThinkingWish:
    if thinking is None:
        return "default"
    return "shown" if thinking.type == "enabled" else "off"


def _tail(messages: Sequence[cohere.Message]) -> Sequence[cohere.Message]:
    """What follows the last turn of the user."""
    last = max((index for index, one in enumerate(messages) if isinstance(one, cohere.User)), default=-1)
    return messages[last + 1 :]


def _results(tail: Sequence[cohere.Message]) -> Iterable[Result]:
    names = {
        call.id: call.function.name
        for one in tail
        if isinstance(one, cohere.Assistant)
        for call in one.tool_calls or ()
    }
    for one in tail:
        if isinstance(one, cohere.ToolTurn):
            yield Result(names.get(one.tool_call_id, "tool"), _words(one.content))


def _words(content: str | Sequence[object] | None) -> str:
    if isinstance(content, str):
        return content
    found = []
    for part in content or ():
        if isinstance(part, cohere.TextPart):
            found.append(part.text)
        elif isinstance(part, cohere.DocumentPart):
            found.append(str(part.document.data.get("text", part.document.data)))
    return "".join(found)


def _pictures(turn: cohere.Message) -> list[str]:
    return ["image" for part in turn.content or () if isinstance(part, cohere.ImagePart)]


def _prompt(request: cohere.Request) -> Prompt:
    prompt = Prompt()
    for tool in request.tools or ():
        prompt.add(tool, count_json(tool))
    for document in request.documents or ():
        prompt.add(document, count_json(document))
    for turn in request.messages:
        calls = (turn.tool_calls or ()) if isinstance(turn, cohere.Assistant) else ()
        called = sum(count(call.function.name) + count(call.function.arguments) for call in calls)
        prompt.add(turn, PER_MESSAGE + count(_words(turn.content)) + called + PER_IMAGE * len(_pictures(turn)))
    return prompt
