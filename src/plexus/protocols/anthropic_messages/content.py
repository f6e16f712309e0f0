"""Reading content blocks, of requests and replies alike.

A block of a known type whose members fit becomes a canonical block; any other travels whole as ``Opaque`` and returns to
this protocol only. State of other providers on text and tool calls, for which Messages has no place, is carried in a
``redacted_thinking`` block behind them (``STATE_OF_PREVIOUS``), which clients send back as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from plexus.canonical.content import (
    Block,
    BlockSource,
    Citation,
    Document,
    Extras,
    FileId,
    Image,
    InlineData,
    Opaque,
    PlainText,
    Reasoning,
    ReasoningState,
    Source,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from plexus.protocols.anthropic_messages.citations import decode_citation
from plexus.protocols.anthropic_messages.members import PROTOCOL, UNREADABLE, Members, Misfit

STATE_OF_PREVIOUS = "prev:"
"""Begins the data of a ``redacted_thinking`` block that holds the sealed state of the block before it."""


class _Base64(msgspec.Struct, tag="base64", forbid_unknown_fields=True):
    media_type: str
    data: str


class _Url(msgspec.Struct, tag="url", forbid_unknown_fields=True):
    url: str


class _File(msgspec.Struct, tag="file", forbid_unknown_fields=True):
    file_id: str


class _PlainText(msgspec.Struct, tag="text", forbid_unknown_fields=True):
    data: str
    media_type: str = "text/plain"


class _Content(msgspec.Struct, tag="content", forbid_unknown_fields=True):
    content: str | list[msgspec.Raw]


_WireSource: TypeAlias = _Base64 | _Url | _File | _PlainText | _Content


class _CitationsConfig(msgspec.Struct, forbid_unknown_fields=True):
    enabled: bool


def decode_blocks(raws: Sequence[msgspec.Raw], path: str) -> tuple[Block, ...]:
    """The blocks of one turn or reply. Raises Misfit for what is no block at all."""
    blocks: list[Block] = []
    offset = 0
    for index, raw in enumerate(raws):
        block = decode_block(raw, f"{path}.{index}", offset)
        if isinstance(block, Text):
            offset += len(block.text)
        elif isinstance(block, Reasoning) and blocks and (carried := _carried(block)) is not None:
            previous = blocks[-1]
            if isinstance(previous, Text | ToolCall):
                blocks[-1] = msgspec.structs.replace(previous, state=carried)
                continue
        blocks.append(block)
    return tuple(blocks)


def _carried(block: Reasoning) -> ReasoningState | None:
    if not block.redacted or block.state is None or not block.state.value.startswith(STATE_OF_PREVIOUS):
        return None
    return ReasoningState(PROTOCOL, block.state.value.removeprefix(STATE_OF_PREVIOUS))


def decode_block(raw: bytes | msgspec.Raw, path: str, offset: int = 0) -> Block:
    """One block. ``offset`` is where a text begins in the reply's whole text. Raises Misfit for what is no block."""
    members = Members(raw, path)
    kind = members.need("type", str)
    if kind == "text":
        return _text(members, offset)
    read = _READERS.get(kind)
    block = read(members) if read is not None else None
    return block if block is not None else Opaque(origin=PROTOCOL, kind=kind, raw=msgspec.Raw(bytes(raw)))


def _text(members: Members, offset: int) -> Text:
    text = members.need("text", str)
    end = offset + len(text)
    cited = [decode_citation(raw, offset, end) for raw in members.take_list("citations") or ()]
    return Text(
        text=text,
        citations=tuple(citation for citation in cited if isinstance(citation, Citation)),
        cache=members.take_cache(),
        extras=members.extras(),
    )


def _thinking(members: Members) -> Reasoning:
    text = members.take("thinking", str) or ""
    signature = members.take("signature", str)
    state = ReasoningState(PROTOCOL, signature) if signature else None
    return Reasoning(text=text, state=state, extras=members.extras())


def _redacted(members: Members) -> Reasoning:
    data = members.take("data", str)
    state = ReasoningState(PROTOCOL, data) if data else None
    return Reasoning(redacted=True, state=state, extras=members.extras())


def _tool_use(members: Members) -> ToolCall:
    given = members.take_raw("input")
    try:
        arguments = bytes(given).decode() if given is not None else "{}"
    except UnicodeDecodeError as wrong:
        raise Misfit(members.at("input"), str(wrong)) from None
    return ToolCall(
        id=members.need("id", str),
        name=members.need("name", str),
        arguments=arguments,
        cache=members.take_cache(),
        extras=members.extras(),
    )


def _tool_result(members: Members) -> ToolResult:
    content: tuple[Block, ...]
    if plain := members.is_string("content"):
        content = (Text(text=members.need("content", str)),)
    else:
        content = decode_blocks(members.take_list("content") or (), members.at("content"))
    return ToolResult(
        call_id=members.need("tool_use_id", str),
        content=content,
        plain=plain,
        is_error=members.take("is_error", bool),
        cache=members.take_cache(),
        extras=members.extras(),
    )


def _image(members: Members) -> Image | None:
    source = _source(members)
    if source is None or isinstance(source, PlainText | BlockSource):
        return None
    return Image(source=source, cache=members.take_cache(), extras=members.extras())


def _document(members: Members) -> Document | None:
    source = _source(members)
    if source is None:
        return None
    citations = None
    config = members.values.get("citations")
    if config is not None:
        try:
            citations = msgspec.json.decode(config, type=_CitationsConfig).enabled
            del members.values["citations"]
        except UNREADABLE:
            citations = None
    return Document(
        source=source,
        name=members.take("title", str),
        context=members.take("context", str),
        citations=citations,
        cache=members.take_cache(),
        extras=members.extras(),
    )


def _source(members: Members) -> Source | None:
    """The source; None where it is of a kind or has members that we do not know."""
    raw = members.take_raw("source")
    if raw is None:
        return None
    try:
        wire = msgspec.json.decode(raw, type=_WireSource)
    except UNREADABLE:
        return None
    match wire:
        case _Base64(media_type, data):
            return InlineData(media_type, data)
        case _Url(url):
            return Url(url)
        case _File(file_id):
            return FileId(PROTOCOL, file_id)
        case _PlainText(data, "text/plain"):
            return PlainText(data)
        case _Content(content):
            if isinstance(content, str):
                return BlockSource((Text(text=content),))
            return BlockSource(decode_blocks(content, members.at("source.content")))
        case _:
            return None


_READERS: dict[str, Callable[[Members], Block | None]] = {
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "image": _image,
    "document": _document,
}


def own_members(extras: Extras | None) -> dict[str, msgspec.Raw]:
    """The extras that this protocol may write back."""
    return extras.members if extras is not None and extras.origin == PROTOCOL else {}
