"""Reads a call of Converse as Bedrock does, and says what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask, Prompt, Result, ThinkingWish, Tool
from plexus.mock_provider.bedrock import schema as bedrock
from plexus.mock_provider.bedrock.rules import check
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.stage import Stage
from plexus.mock_provider.strictness import explain
from plexus.mock_provider.tokens import PER_DOCUMENT, PER_IMAGE, PER_MESSAGE, count, count_json

CACHE_SCOPE: Final = "cachePoint"


def read(call: MockCall, stage: Stage) -> Ask:
    """The ask in a call of converse or converse-stream. Raises Refused."""
    try:
        request = bedrock.REQUEST.decode(call.body)
    except msgspec.ValidationError as error:
        what, where = explain(error)
        raise Refused(f"1 validation error detected: Value at '{where or 'the top'}' failed: {what}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("The request body is not valid JSON.", kind="invalid") from None
    if call.model.startswith("nonexistent"):
        raise Refused("The provided model identifier is invalid.")
    check(request, stage.issuer)
    return _ask(request, call)


def _ask(request: bedrock.Request, call: MockCall) -> Ask:
    inference = request.inference_config or bedrock.Inference()
    choice, named = _choice(request.tool_config)
    prompt = _prompt(request)
    tail = _tail(request.messages)
    return Ask(
        model=call.model,
        stream=call.path.endswith("/converse-stream"),
        prompt=prompt,
        text=_last_text(request.messages),
        results=tuple(_results(tail)),
        rounds=sum(any(block.tool_use is not None for block in message.content) for message in tail),
        media=tuple(_media(request.messages)),
        tools=tuple(_tools(request.tool_config)),
        choice=choice,
        named=named,
        output_schema=_output_schema(request.output_config),
        thinking=_wish(request.additional_model_request_fields or {}),
        stops=tuple(inference.stop_sequences or ()),
        max_tokens=inference.max_tokens,
        cache_scope=CACHE_SCOPE if prompt.marked else None,
        service_tier=request.service_tier.type if request.service_tier is not None else None,
    )


def _wish(fields: Json) -> ThinkingWish:
    thinking = fields.get("thinking")
    if not isinstance(thinking, dict):
        return "default"
    return "off" if thinking.get("type") == "disabled" else "shown"


def _choice(config: bedrock.ToolConfig | None) -> tuple[Literal["auto", "none", "required"], str | None]:
    choice = config.tool_choice if config is not None else None
    if choice is None or choice.auto is not None:
        return "auto", None
    return "required", choice.tool.name if choice.tool is not None else None


def _tools(config: bedrock.ToolConfig | None) -> Iterable[Tool]:
    for tool in config.tools if config is not None else ():
        if tool.tool_spec is not None:
            yield Tool(tool.tool_spec.name, tool.tool_spec.input_schema.json)


def _output_schema(config: bedrock.OutputConfig | None) -> Json | None:
    if config is None or config.text_format is None:
        return None
    return msgspec.json.decode(config.text_format.structure.json_schema.schema, type=Json)


def _says(message: bedrock.Message) -> bool:
    return message.role == "user" and any(block.tool_result is None for block in message.content)


def _tail(messages: Sequence[bedrock.Message]) -> Sequence[bedrock.Message]:
    """What follows the last turn in which the user speaks; that turn too where tools answered in it as well."""
    last = max(index for index, message in enumerate(messages) if _says(message) or index == 0)
    answered = any(block.tool_result is not None for block in messages[last].content)
    return messages[last if answered else last + 1 :]


def _results(tail: Sequence[bedrock.Message]) -> Iterable[Result]:
    names: dict[str, str] = {}
    for message in tail:
        for block in message.content:
            if block.tool_use is not None:
                names[block.tool_use.tool_use_id] = block.tool_use.name
            elif block.tool_result is not None:
                said = "".join(part.text or "" for part in block.tool_result.content)
                name = names.get(block.tool_result.tool_use_id, "tool")
                yield Result(name, said, block.tool_result.status == "error")


def _last_text(messages: Sequence[bedrock.Message]) -> str:
    spoken = [message for message in messages if _says(message)]
    return "".join(block.text or "" for block in spoken[-1].content) if spoken else ""


def _media(messages: Sequence[bedrock.Message]) -> Iterable[str]:
    for message in messages:
        for block in message.content:
            yield from (name for name in ("image", "document", "audio", "video") if getattr(block, name) is not None)


def _prompt(request: bedrock.Request) -> Prompt:
    """The input in the order in which it is cached: tools, system, messages."""
    prompt = Prompt()
    for tool in request.tool_config.tools if request.tool_config is not None else ():
        if tool.tool_spec is not None:
            prompt.add(tool, count_json(tool.tool_spec))
        else:
            prompt.marked = len(prompt.pieces)
    for part in request.system or ():
        if part.text is not None:
            prompt.add(part, count(part.text))
        else:
            prompt.marked = len(prompt.pieces)
    for message in request.messages:
        first = True
        for block in message.content:
            if block.cache_point is not None:
                prompt.marked = len(prompt.pieces)
                continue
            prompt.add([message.role, block], _weight(block) + (PER_MESSAGE if first else 0))
            first = False
    return prompt


def _weight(block: bedrock.Block) -> int:
    if block.text is not None:
        return count(block.text)
    if block.tool_use is not None:
        return count(block.tool_use.name) + count_json(block.tool_use.input)
    if block.tool_result is not None:
        return sum(count(part.text) if part.text is not None else PER_IMAGE for part in block.tool_result.content)
    if block.reasoning_content is not None:
        said = block.reasoning_content.reasoning_text
        return count(said.text) if said is not None else 0
    return PER_DOCUMENT if block.document is not None else PER_IMAGE
