"""Reads a Messages request as Anthropic does: refuses what it refuses, and says what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeVar

import msgspec

from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask, Prompt, Result, ThinkingWish, Tool
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.messages import schema as wire
from plexus.mock_provider.messages.rules import Turn, check, check_prompt
from plexus.mock_provider.strictness import explain
from plexus.mock_provider.tokens import PER_DOCUMENT, PER_IMAGE, PER_MESSAGE, compact, count, count_json

T = TypeVar("T")


def read(body: bytes, issuer: str) -> Ask:
    """The ask in ``body``. ``issuer`` is who signs thoughts. Raises Refused."""
    request = _decoded(body, wire.REQUEST)
    turns = read_turns(request.messages)
    check(request, turns, issuer)
    return _ask(request, turns)


def count_tokens(body: bytes) -> int:
    """The input tokens of ``body``. Raises Refused."""
    request = _decoded(body, wire.COUNT)
    turns = read_turns(request.messages)
    check_prompt(turns)
    return _prompt(request, turns).tokens


def _decoded(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        what, where = explain(error)
        raise Refused(f"{where}: {what}" if where else what) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused("The request body is not valid JSON.") from None


def read_turns(messages: Sequence[wire.Message]) -> list[Turn]:
    """The turns with their blocks decoded. Raises Refused for a block that is none."""
    turns = []
    for index, message in enumerate(messages):
        if isinstance(message.content, str):
            turns.append(Turn(message.role, (wire.TextBlock(type="text", text=message.content),)))
            continue
        blocks = tuple(
            _block(block, f"messages.{index}.content.{number}") for number, block in enumerate(message.content)
        )
        turns.append(Turn(message.role, blocks))
    return turns


def _block(block: Json, where: str) -> wire.Block | Json:
    kind = block.get("type")
    known = wire.BLOCKS.get(kind) if isinstance(kind, str) else None
    if known is None:
        if kind in wire.OPAQUE_BLOCKS:
            return block
        raise Refused(f"{where}: Input tag '{kind}' found using 'type' does not match any of the expected tags")
    try:
        return msgspec.convert(block, known)
    except msgspec.ValidationError as error:
        what, inner = explain(error)
        raise Refused(f"{where}.{kind}{'.' + inner if inner else ''}: {what}") from None


def _ask(request: wire.Request, turns: Sequence[Turn]) -> Ask:
    choice = request.tool_choice
    schema = request.output_format or (request.output_config.format if request.output_config is not None else None)
    return Ask(
        model=request.model,
        stream=request.stream,
        prompt=_prompt(request, turns),
        text=_last_text(turns),
        results=tuple(_results(turns)),
        rounds=_rounds(turns),
        media=tuple(_media(turns)),
        tools=tuple(_tools(request)),
        choice=_choice(choice),
        named=choice.name if isinstance(choice, wire.ToolChoice) else None,
        parallel=not getattr(choice, "disable_parallel_tool_use", False),
        output_schema=schema.schema if schema is not None else None,
        thinking=_wish(request.thinking),
        stops=tuple(request.stop_sequences or ()),
        max_tokens=request.max_tokens,
        cache_scope="messages",
        service_tier=request.service_tier,
    )


def _choice(choice: object) -> Literal["auto", "none", "required"]:
    if isinstance(choice, wire.AnyChoice | wire.ToolChoice):
        return "required"
    return "none" if isinstance(choice, wire.NoChoice) else "auto"


def _wish(thinking: object) -> ThinkingWish:
    if isinstance(thinking, wire.Enabled | wire.Adaptive):
        return "omitted" if thinking.display == "omitted" else "shown"
    return "off"


def _tools(request: wire.Request) -> Iterable[Tool]:
    for tool in request.tools or ():
        if tool.get("type") in (None, "custom"):
            custom = msgspec.convert(tool, wire.CustomTool)
            yield Tool(custom.name, custom.input_schema)


def _last_user(turns: Sequence[Turn]) -> int:
    """The last turn in which the user says something beside what tools answered."""
    said = [
        index
        for index, turn in enumerate(turns)
        if turn.role == "user" and not all(isinstance(block, wire.ToolResultBlock) for block in turn.blocks)
    ]
    return said[-1] if said else 0


def _last_text(turns: Sequence[Turn]) -> str:
    blocks = turns[_last_user(turns)].blocks
    return "".join(block.text for block in blocks if isinstance(block, wire.TextBlock))


def _results(turns: Sequence[Turn]) -> Iterable[Result]:
    names: dict[str, str] = {}
    for turn in turns[_last_user(turns) :]:
        for block in turn.blocks:
            if isinstance(block, wire.ToolUseBlock):
                names[block.id] = block.name
            elif isinstance(block, wire.ToolResultBlock):
                yield Result(names.get(block.tool_use_id, "tool"), result_text(block), bool(block.is_error))


def result_text(block: wire.ToolResultBlock) -> str:
    """What a tool answered, its text alone."""
    if isinstance(block.content, str):
        return block.content
    return "".join(str(part.get("text", "")) for part in block.content or ())


def _rounds(turns: Sequence[Turn]) -> int:
    return sum(
        turn.role == "assistant" and any(isinstance(block, wire.ToolUseBlock) for block in turn.blocks)
        for turn in turns[_last_user(turns) :]
    )


def _media(turns: Sequence[Turn]) -> Iterable[str]:
    for turn in turns:
        for block in turn.blocks:
            if isinstance(block, wire.ImageBlock):
                yield "image"
            elif isinstance(block, wire.DocumentBlock):
                yield "document"


def _prompt(request: wire.Prompted, turns: Sequence[Turn]) -> Prompt:
    prompt = Prompt()
    for tool in request.tools or ():
        prompt.add(tool, count_json(tool), mark="cache_control" in tool)
    system = request.system
    if isinstance(system, str):
        prompt.add(system, PER_MESSAGE + count(system))
    for text in system if isinstance(system, list) else ():
        prompt.add(text.text, PER_MESSAGE + count(text.text), mark=text.cache_control is not None)
    for turn in turns:
        for index, block in enumerate(turn.blocks):
            tokens = _weight(block) + (PER_MESSAGE if index == 0 else 0)
            marked = getattr(block, "cache_control", None) is not None or request.cache_control is not None
            prompt.add([turn.role, compact(block)], tokens, mark=marked)
    return prompt


def _weight(block: wire.Block | Json) -> int:
    match block:
        case wire.TextBlock(text=text):
            return count(text)
        case wire.ThinkingBlock(thinking=text):
            return count(text)
        case wire.ImageBlock():
            return PER_IMAGE
        case wire.DocumentBlock():
            return PER_DOCUMENT
        case wire.ToolUseBlock(name=name, input=arguments):
            return count(name) + count(compact(arguments))
        case wire.ToolResultBlock():
            return count(result_text(block))
        case _:
            return count(compact(block))
