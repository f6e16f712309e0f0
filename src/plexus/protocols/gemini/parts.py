"""Parts, written: the blocks of requests and of replies."""

from __future__ import annotations

import base64

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    Document,
    FileId,
    Image,
    InlineData,
    PlainText,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
    Url,
    Video,
)
from plexus.protocols.gemini.calls import is_made
from plexus.protocols.gemini.content import guess_media_type
from plexus.protocols.gemini.signature import PROTOCOL, encode_signature
from plexus.protocols.members import NULL, Object, own_members
from plexus.protocols.unreadable import UNREADABLE

Part = dict[str, object]


def encode_source(source: Source | None, media_type: str | None = None) -> Part | None:
    """``inlineData`` or ``fileData`` of a source; None for what is neither. ``media_type`` is what a URL without one is
    taken for."""
    match source:
        case InlineData(media_type=kind, base64=data):
            return {"inlineData": {"mimeType": kind, "data": data}}
        case PlainText(text=text):
            return {"inlineData": {"mimeType": "text/plain", "data": base64.b64encode(text.encode()).decode()}}
        case Url(url=url, media_type=named):
            return {"fileData": _with_type(url, named or guess_media_type(url) or media_type)}
        case FileId(origin=origin, id=uri, media_type=named) if origin == PROTOCOL:
            return {"fileData": _with_type(uri, named)}
        case _:
            return None


def _with_type(uri: str, media_type: str | None) -> Part:
    return {"fileUri": uri} if media_type is None else {"fileUri": uri, "mimeType": media_type}


UNNAMED = {Image: "image/jpeg", Document: "application/pdf", Audio: "audio/mpeg", Video: "video/mp4"}
"""What a URL is taken for whose type nobody said."""


def encode_media(block: Image | Document | Audio | Video) -> Part | None:
    """The part of a medium; None where Gemini cannot be told its source."""
    part = encode_source(block.source, UNNAMED[type(block)])
    name = block.name if isinstance(block, Document) else None
    if part is not None and name is not None and isinstance(blob := part.get("inlineData"), dict):
        blob["displayName"] = name
    return part


def encode_args(arguments: str) -> msgspec.Raw | None:
    """A call's arguments as the object that Gemini wants; None when they are none."""
    text = arguments.strip() or "{}"
    try:
        msgspec.json.decode(text, type=Object)
    except UNREADABLE:
        return None
    return msgspec.Raw(text.encode())


def encode_call(block: ToolCall, *, ids: bool = True) -> Part:
    """``functionCall`` with its signature."""
    call: Part = {"name": block.name}
    if ids and block.id and not is_made(block.id):
        call["id"] = block.id
    arguments = encode_args(block.arguments)
    call["args"] = {"input": block.arguments} if block.custom or arguments is None else arguments
    own = own_extras(block)
    if own.get("functionCall.args") == NULL:
        del call["args"]
    for name, raw in own.items():
        if name.startswith("functionCall.") and raw != NULL:
            call[name.partition(".")[2]] = raw
    return with_signature({"functionCall": call}, encode_signature(block.state))


def with_signature(part: Part, signature: str | None) -> Part:
    """``part``, signed."""
    if signature is not None:
        part["thoughtSignature"] = signature
    return part


def encode_thought(block: Reasoning) -> Part:
    """A thought. One without words is a signature alone, as Gemini writes it behind its text."""
    part: Part = {"text": block.text}
    if not block.redacted:
        part["thought"] = True
    return with_signature(part, encode_signature(block.state))


def encode_text(block: Text | Refusal) -> Part:
    """Text with its signature."""
    signature = encode_signature(block.state) if isinstance(block, Text) else None
    return with_signature({"text": block.text}, signature)


def own_extras(block: Block) -> Object:
    """The block's extras where they are Gemini's."""
    return own_members(getattr(block, "extras", None), PROTOCOL)


def with_extras(part: Part, own: Object) -> Part:
    """``part`` with the members of its own protocol: a null takes a member out, dotted names stand inside another."""
    for name, raw in own.items():
        if "." in name:
            continue
        if raw == NULL:
            part.pop(name, None)
        else:
            part[name] = raw
    return part
