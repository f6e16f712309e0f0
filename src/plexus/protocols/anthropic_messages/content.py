"""Content blocks, both ways (https://docs.claude.com/en/api/messages)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.content import (
    Block,
    BlockSource,
    CacheMark,
    Citation,
    Document,
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
from plexus.canonical.errors import bad_request
from plexus.protocols.members import Array, Members, Object, decode_as, is_string, own_members, raw_json, with_twins
from plexus.protocols.unreadable import UNREADABLE

PROTOCOL = "anthropic_messages"


def decode_content(members: Members, name: str = "content") -> tuple[tuple[Block, ...], bool]:
    """Blocks, and whether they stood as a bare string."""
    value = members.peek(name)
    if value is not None and is_string(value):
        return (Text(text=members.require(name, str)),), True
    return tuple(decode_block(block) for block in members.take_list(name)), False


def decode_block(block: Members) -> Block:
    """One block. What only Anthropic understands stays whole."""
    kind = block.require("type", str)
    decode = DECODERS.get(kind)
    if decode is None:
        block.raw["type"] = raw_json(kind)
        return Opaque(origin=PROTOCOL, kind=kind, raw=block.whole(), stand_in=_stand_in(kind, block))
    return decode(block)


def _stand_in(kind: str, block: Members) -> str | None:
    """A tool search found a tool (https://docs.claude.com/en/docs/agents-and-tools/tool-use/tool-search-tool): the tool itself
    stands in the request's list, for every protocol, so that its name is all that is left to say."""
    if kind != "tool_reference":
        return None
    name = block.require("tool_name", str)
    block.raw["tool_name"] = raw_json(name)
    return f"The tool {name} is available."


def decode_cache(block: Members) -> CacheMark | None:
    """``cache_control``."""
    mark = block.take_members("cache_control")
    if mark is None:
        return None
    ttl = mark.take("ttl", str)
    return CacheMark("1h" if ttl == "1h" else "5m" if ttl == "5m" else None)


def encode_cache(mark: CacheMark) -> dict[str, str]:
    """The other way."""
    return {"type": "ephemeral"} if mark.ttl is None else {"type": "ephemeral", "ttl": mark.ttl}


def _text(block: Members) -> Block:
    path = block.where("citations")
    citations = tuple(
        decode_citation(raw, f"{path}[{index}]") for index, raw in enumerate(block.take("citations", Array) or [])
    )
    return Text(
        text=block.require("text", str), citations=citations, cache=decode_cache(block), extras=block.rest(PROTOCOL)
    )


def decode_citation(raw: msgspec.Raw, path: str = "citation") -> Citation:
    """One citation, the vendor's object beside it. Raises ClientError naming ``path``."""
    wire = Members(decode_as(raw, Object, path), path)
    return Citation(
        origin=PROTOCOL,
        kind=wire.take("type", str) or "unknown",
        url=wire.take("url", str),
        title=wire.take("title", str) or wire.take("document_title", str),
        cited_text=wire.take("cited_text", str),
        raw=msgspec.Raw(bytes(raw)),
    )


def _source(block: Members) -> Source:
    source = block.take_members("source")
    if source is None:
        raise bad_request(f"{block.where('source')} is missing.", param=block.where("source"))
    kind = source.require("type", str)
    if kind == "base64":
        return InlineData(source.require("media_type", str), source.require("data", str))
    if kind == "url":
        return Url(source.require("url", str))
    if kind == "file":
        return FileId(PROTOCOL, source.require("file_id", str))
    if kind == "text":
        return PlainText(source.require("data", str))
    if kind == "content":
        blocks, _ = decode_content(source)
        return BlockSource(blocks)
    raise bad_request(
        f"{source.where('type')} is {kind!r}; it must be base64, url, file, text or content.",
        param=source.where("type"),
    )


def _image(block: Members) -> Block:
    return Image(source=_source(block), cache=decode_cache(block), extras=block.rest(PROTOCOL))


def _document(block: Members) -> Block:
    wish = block.take_members("citations")
    return Document(
        source=_source(block),
        name=block.take("title", str),
        context=block.take("context", str),
        citations=None if wish is None else wish.take("enabled", bool),
        cache=decode_cache(block),
        extras=block.rest(PROTOCOL),
    )


def _thinking(block: Members) -> Block:
    signature, text = block.take("signature", str), block.take("thinking", str) or ""
    return Reasoning(
        text=text,
        state=signed(signature, worded=bool(text)) if signature else None,
        extras=block.rest(PROTOCOL),
    )


def signed(signature: str, *, worded: bool) -> ReasoningState:
    """The state of a thought; with ``display: omitted`` its words are not told, and the signature holds them."""
    return ReasoningState(PROTOCOL, signature, form=None if worded else "wordless")


def _redacted_thinking(block: Members) -> Block:
    state = ReasoningState(PROTOCOL, block.require("data", str), form="hidden")
    return Reasoning(redacted=True, state=state, extras=block.rest(PROTOCOL))


def _tool_use(block: Members) -> Block:
    arguments = block.take_raw("input")
    return ToolCall(
        id=block.require("id", str),
        name=block.require("name", str),
        arguments="{}" if arguments is None else bytes(arguments).decode(),
        cache=decode_cache(block),
        extras=block.rest(PROTOCOL),
    )


def _tool_result(block: Members) -> Block:
    present = block.peek("content") is not None
    content, plain = decode_content(block)
    kept: Object = {} if present else {"content": raw_json(None)}
    return ToolResult(
        call_id=block.require("tool_use_id", str),
        content=content,
        plain=plain,
        is_error=block.take("is_error", bool),
        cache=decode_cache(block),
        extras=with_twins(block.rest(PROTOCOL), PROTOCOL, kept),
    )


DECODERS: dict[str, Callable[[Members], Block]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "thinking": _thinking,
    "redacted_thinking": _redacted_thinking,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
}


# --- writing what both requests and replies hold


def encode_source(source: Source) -> dict[str, object] | None:
    """The wire's source; None for a file of another provider."""
    match source:
        case InlineData(media_type=media_type, base64=data):
            return {"type": "base64", "media_type": media_type, "data": data}
        case Url(url=url):
            return {"type": "url", "url": url}
        case FileId(origin=origin, id=file_id) if origin == PROTOCOL:
            return {"type": "file", "file_id": file_id}
        case PlainText(text=text):
            return {"type": "text", "media_type": "text/plain", "data": text}
        case _:
            return None


def encode_text(block: Text) -> dict[str, object]:
    """A text block with the citations that are Anthropic's own."""
    wire: dict[str, object] = {"type": "text", "text": block.text}
    citations = [
        citation.raw for citation in block.citations if citation.origin == PROTOCOL and citation.raw is not None
    ]
    if citations:
        wire["citations"] = citations
    return wire


def encode_thinking(block: Reasoning) -> dict[str, object]:
    """A thought: redacted ones hold nothing but their state. Without a state the signature is empty."""
    state = block.state.value if block.state is not None and block.state.protocol == PROTOCOL else ""
    if block.redacted and state:
        return {"type": "redacted_thinking", "data": state}
    return {"type": "thinking", "thinking": block.text, "signature": state}


def encode_input(arguments: str) -> msgspec.Raw | None:
    """A call's arguments as the JSON object that Messages wants; None when they are none."""
    text = arguments.strip() or "{}"
    try:
        msgspec.json.decode(text, type=Object)
    except UNREADABLE:
        return None
    return msgspec.Raw(text.encode())


INVALID = "INVALID_JSON"
"""Where arguments that are no JSON object are put, as Anthropic itself advises for cut tool input."""


def encode_call(block: ToolCall, call_id: str) -> dict[str, object]:
    """A tool_use block."""
    arguments = encode_input(block.arguments)
    wire: object = arguments if arguments is not None else {INVALID: block.arguments}
    if block.custom:
        wire = {"input": block.arguments}
    return {"type": "tool_use", "id": call_id, "name": block.name, "input": wire}


def encode_call_state(block: ToolCall) -> dict[str, object] | None:
    """The state of a call, which other protocols have and tool_use has no place for, as a redacted thought ahead of it: a
    client must give those back unchanged, whatever they hold. None for none."""
    if block.state is None or block.state.protocol != PROTOCOL:
        return None
    return {"type": "redacted_thinking", "data": block.state.value}


def own_extras(block: Block) -> Object:
    """The block's extras where they are Anthropic's."""
    return own_members(getattr(block, "extras", None), PROTOCOL)
