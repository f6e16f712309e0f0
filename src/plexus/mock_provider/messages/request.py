"""Reads a Messages request as Anthropic does: refuses what it refuses, in its words, and says what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeVar

import msgspec

from plexus.canonical.headers import Headers
from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask, Prompt, Result, ThinkingWish, Tool
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.messages import schema as messages
from plexus.mock_provider.messages.rules import check_options, custom_tools, output_format, refusal
from plexus.mock_provider.messages.turns import Turn, turns_of
from plexus.mock_provider.tokens import PER_DOCUMENT, PER_IMAGE, PER_MESSAGE, count, count_json

CACHE_SCOPE: Final = "cache_control"

Body = TypeVar("Body", bound=messages.Prompted)


def read(body: bytes, headers: Headers, issuer: str) -> Ask:
    """The ask in a call of ``/v1/messages``. ``issuer`` must have signed what thinking comes back. Raises Refused."""
    request = _decoded(messages.REQUEST, body, headers)
    return _ask(request, *_checked(request, issuer))


def read_count(body: bytes, headers: Headers, issuer: str) -> int:
    """The input tokens of a call of ``/v1/messages/count_tokens``. Raises Refused."""
    request = _decoded(messages.COUNT, body, headers)
    return _prompt(request, *_checked(request, issuer)).tokens


def _decoded(decoder: msgspec.json.Decoder[Body], body: bytes, headers: Headers) -> Body:
    if not headers.get(b"anthropic-version"):
        raise Refused("anthropic-version: header is required")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"The request body is not valid JSON: {error}") from None


def _checked(request: messages.Prompted, issuer: str) -> tuple[list[Turn], list[messages.CustomTool]]:
    tools = custom_tools(request)
    check_options(request)
    return turns_of(request, issuer), tools


def _ask(request: messages.Request, turns: list[Turn], tools: list[messages.CustomTool]) -> Ask:
    choice, named, parallel = _choice(request.tool_choice)
    prompt = _prompt(request, turns, tools)
    tail = _tail(turns)
    return Ask(
        model=request.model,
        stream=request.stream,
        prompt=prompt,
        text=_last_text(turns),
        results=tuple(_results(tail)),
        rounds=sum(bool(turn.of(messages.ToolUseBlock)) for turn in tail),
        media=tuple(_media(turns)),
        tools=tuple(Tool(tool.name, tool.input_schema) for tool in tools),
        choice=choice,
        named=named,
        parallel=parallel,
        output_schema=output_format(request),
        thinking=_wish(request.thinking),
        stops=tuple(request.stop_sequences or ()),
        max_tokens=request.max_tokens,
        cache_scope=CACHE_SCOPE if prompt.marked else None,
        service_tier=request.service_tier,
    )


def _wish(thinking: object) -> ThinkingWish:
    if isinstance(thinking, (messages.Enabled, messages.Adaptive)):
        return "omitted" if thinking.display == "omitted" else "shown"
    return "off" if isinstance(thinking, messages.Disabled) else "default"


def _choice(choice: object) -> tuple[Literal["auto", "none", "required"], str | None, bool]:
    if isinstance(choice, messages.NoChoice):
        return "none", None, True
    if isinstance(choice, messages.ToolChoice):
        return "required", choice.name, not choice.disable_parallel_tool_use
    if isinstance(choice, messages.AnyChoice):
        return "required", None, not choice.disable_parallel_tool_use
    return "auto", None, not (isinstance(choice, messages.AutoChoice) and choice.disable_parallel_tool_use)


_SPEECH = (messages.TextBlock, messages.ImageBlock, messages.DocumentBlock, messages.SearchResultBlock)


def _says(turn: Turn) -> bool:
    """Whether the user speaks in it, and not only his tools."""
    return turn.role == "user" and any(isinstance(block, _SPEECH) for block in turn.blocks)


def _tail(turns: Sequence[Turn]) -> Sequence[Turn]:
    """What follows the last turn in which the user speaks; that turn too where tools answered in it as well."""
    last = max(index for index, turn in enumerate(turns) if _says(turn) or index == 0)
    return turns[last if turns[last].of(messages.ToolResultBlock) else last + 1 :]


def _results(tail: Sequence[Turn]) -> Iterable[Result]:
    names: dict[str, str] = {}
    for turn in tail:
        for block in turn.blocks:
            if isinstance(block, messages.ToolUseBlock):
                names[block.id] = block.name
            elif isinstance(block, messages.ToolResultBlock):
                yield Result(names.get(block.tool_use_id, "tool"), _words(block.content), bool(block.is_error))


def _last_text(turns: Sequence[Turn]) -> str:
    spoken = [turn for turn in turns if _says(turn)] or turns[:1]
    return "".join(block.text for block in spoken[-1].blocks if isinstance(block, messages.TextBlock))


def _words(content: str | Sequence[Json] | None) -> str:
    if isinstance(content, str):
        return content
    return "".join(str(one["text"]) for one in content or () if one.get("type") == "text")


def _media(turns: Sequence[Turn]) -> Iterable[str]:
    for turn in turns:
        for block in turn.blocks:
            if isinstance(block, (messages.ImageBlock, messages.DocumentBlock)):
                yield block.type


def _prompt(request: messages.Prompted, turns: list[Turn], tools: list[messages.CustomTool]) -> Prompt:
    """The input in the order in which the vendor caches it: tools, system, messages."""
    prompt = Prompt()
    for tool in request.tools or ():
        _add(prompt, tool, count_json(_unmarked(tool)))
    if isinstance(request.system, str):
        prompt.add(request.system, count(request.system))
    for block in request.system if isinstance(request.system, list) else ():
        prompt.add(block.text, count(block.text), mark=block.cache_control is not None)
    for turn in turns:
        for number, (raw, read) in enumerate(zip(turn.raw, turn.blocks, strict=True)):
            _add(prompt, raw, _weight(read) + (0 if number else PER_MESSAGE))
    if request.cache_control is not None:
        prompt.marked = len(prompt.pieces)
    return prompt


def _add(prompt: Prompt, raw: Json, tokens: int) -> None:
    prompt.add(_unmarked(raw), tokens, mark=raw.get("cache_control") is not None)


def _unmarked(raw: Json) -> Json:
    """Without its cache marker, which may move from call to call."""
    return {name: value for name, value in raw.items() if name != "cache_control"}


def _weight(block: messages.Block | Json) -> int:
    if isinstance(block, messages.TextBlock):
        return count(block.text)
    if isinstance(block, messages.ToolUseBlock):
        return count(block.name) + count_json(block.input)
    if isinstance(block, messages.ToolResultBlock):
        rest = block.content if isinstance(block.content, list) else []
        media = {"image": PER_IMAGE, "document": PER_DOCUMENT}
        return count(_words(block.content)) + sum(media.get(str(one.get("type")), 0) for one in rest)
    if isinstance(block, messages.ThinkingBlock):
        return count(block.thinking)
    if isinstance(block, (messages.ImageBlock, messages.DocumentBlock)):
        return PER_IMAGE if isinstance(block, messages.ImageBlock) else PER_DOCUMENT
    return count_json(block)
