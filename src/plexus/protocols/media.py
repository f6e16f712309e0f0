"""Media inside JSON: data URLs (RFC 2397), shared by the protocols that write them."""

from __future__ import annotations

from plexus.canonical.content import InlineData


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
