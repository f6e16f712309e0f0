"""Media inside JSON: data URLs (RFC 2397), and documents that are but text; shared by the protocols that write them."""

from __future__ import annotations

import base64
import binascii

from plexus.canonical.content import BlockSource, Document, InlineData, PlainText, Text


def parse_data_url(url: str) -> InlineData | None:
    """``data:image/png;base64,…`` as inline data (RFC 2397); None for another kind of URL."""
    if not url.startswith("data:"):
        return None
    head, comma, data = url[5:].partition(",")
    if not comma or not head.endswith(";base64"):
        return None
    return InlineData(head[: -len(";base64")].split(";")[0] or "application/octet-stream", data)


def data_url(source: InlineData) -> str:
    """The other way."""
    return f"data:{source.media_type};base64,{source.base64}"


def text_of(document: Document) -> str | None:
    """What a document says, where it is text; None for any other."""
    match document.source:
        case PlainText(text=text):
            return text
        case BlockSource(blocks=blocks) if all(isinstance(block, Text) for block in blocks):
            return "\n".join(block.text for block in blocks if isinstance(block, Text))
        case InlineData(media_type=media_type, base64=data) if media_type.startswith("text/"):
            try:
                return base64.b64decode(data, validate=True).decode()
            except (binascii.Error, ValueError):
                return None
        case _:
            return None
