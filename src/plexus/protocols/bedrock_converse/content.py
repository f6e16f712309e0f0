"""Blocks of a reply (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html).

A block is an object with one member that says its kind. What Plexus has no block for (server tools) stays whole.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    Citation,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    ReasoningState,
    Text,
    ToolCall,
)
from plexus.protocols.members import Members, Object, decode_as

PROTOCOL = "bedrock_converse"
SERVER_TOOL = "server_tool_use"


def decode_block(block: Members) -> Block:
    """One block. Raises ClientError for a block of a wrong type."""
    for name, decode in DECODERS.items():
        if name in block.raw:
            return decode(block)
    return opaque(block)


def opaque(block: Members) -> Opaque:
    """A block that only Converse understands."""
    kind = next(iter(block.raw), "block")
    return Opaque(origin=PROTOCOL, kind=kind, raw=block.whole())


def _text(block: Members) -> Block:
    return Text(text=block.take("text", str) or "")


def _reasoning(block: Members) -> Block:
    inner = block.take_members("reasoningContent") or Members({})
    hidden = inner.take("redactedContent", str)
    if hidden is not None:
        return redacted(hidden)
    said = inner.take_members("reasoningText") or Members({})
    text, signature = said.take("text", str) or "", said.take("signature", str)
    return Reasoning(text=text, state=signed(signature, worded=bool(text)) if signature else None)


def redacted(data: str) -> Reasoning:
    """A thought that is all state."""
    return Reasoning(redacted=True, state=ReasoningState(PROTOCOL, data, form="hidden"))


def signed(signature: str, *, worded: bool) -> ReasoningState:
    """The state of a thought; where its words were not told, the signature holds them."""
    return ReasoningState(PROTOCOL, signature, form=None if worded else "wordless")


def _tool_use(block: Members) -> Block:
    inner = block.take_members("toolUse")
    if inner is None or inner.peek("type") == msgspec.Raw(b'"server_tool_use"'):
        if inner is not None:
            block.raw["toolUse"] = inner.whole()
        return opaque(block)
    arguments = inner.take_raw("input")
    return ToolCall(
        id=inner.require("toolUseId", str),
        name=inner.require("name", str),
        arguments="{}" if arguments is None else bytes(arguments).decode(),
    )


def _citations(block: Members) -> Block:
    inner = block.take_members("citationsContent") or Members({})
    texts = [each.take("text", str) or "" for each in inner.take_list("content")]
    citations = tuple(decode_citation(each) for each in inner.take_list("citations"))
    return Text(text="".join(texts), citations=citations)


def decode_citation(wire: Members) -> Citation:
    """One citation; its kind is the name of its location."""
    raw = wire.whole()
    source = wire.take("source", str)
    location = wire.take_members("location")
    kind, web = "unknown", None
    if location is not None and location.raw:
        kind = next(iter(location.raw))
        web = location.take_members("web")
    url = web.take("url", str) if web is not None else None
    if url is None and source is not None and source.startswith(("http://", "https://")):
        url = source
    cited = [each.take("text", str) or "" for each in wire.take_list("sourceContent")]
    return Citation(
        origin=PROTOCOL,
        kind=kind,
        url=url,
        title=wire.take("title", str),
        cited_text="".join(cited) or None,
        raw=raw,
    )


def citation_of(raw: msgspec.Raw) -> Citation:
    """The citation of a delta. Raises ClientError for what is none."""
    return decode_citation(Members(decode_as(raw, Object, "citation"), "citation"))


def _image(block: Members) -> Block:
    return _media(block, "image") or opaque(block)


def _audio(block: Members) -> Block:
    found = _media(block, "audio")
    return Audio(source=found.source) if found is not None else opaque(block)


def _media(block: Members, name: str) -> Image | None:
    """A picture (or a sound, in the same shape) that lies in the reply; None for one that Amazon keeps."""
    raw = block.peek(name)
    inner = block.take_members(name) or Members({})
    source = inner.take_members("source") or Members({})
    data = source.take("bytes", str)
    if data is None:
        if raw is not None:
            block.raw[name] = raw
        return None
    return Image(source=InlineData(f"{name}/{inner.take('format', str) or 'png'}", data))


DECODERS: dict[str, Callable[[Members], Block]] = {
    "text": _text,
    "toolUse": _tool_use,
    "reasoningContent": _reasoning,
    "citationsContent": _citations,
    "image": _image,
    "audio": _audio,
}
