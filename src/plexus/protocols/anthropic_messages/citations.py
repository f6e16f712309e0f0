"""Citations: seven kinds at Anthropic, of which two name an address."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Citation
from plexus.protocols.anthropic_messages.members import PROTOCOL, UNREADABLE

WEB = "web_search_result_location"


class _Wire(msgspec.Struct):
    type: str
    cited_text: str | None = None
    url: str | None = None
    source: str | None = None
    title: str | None = None
    document_title: str | None = None
    encrypted_index: str | None = None


_WIRE = msgspec.json.Decoder(_Wire)


def decode_citation(raw: bytes | msgspec.Raw, start: int | None = None, end: int | None = None) -> Citation | None:
    """A citation; None where it cannot be read. ``start`` and ``end`` are the citing block's place in the reply's text."""
    try:
        wire = _WIRE.decode(raw)
    except UNREADABLE:
        return None
    url = wire.url
    if url is None and wire.source is not None and wire.source.startswith(("http://", "https://")):
        url = wire.source
    return Citation(
        origin=PROTOCOL,
        kind=wire.type,
        url=url,
        title=wire.title or wire.document_title,
        cited_text=wire.cited_text,
        start=start,
        end=end,
        raw=msgspec.Raw(bytes(raw)),
    )


def encode_citation(citation: Citation) -> object | None:
    """The wire form for a client: Anthropic's own as it was, any other as a web result where it names an address.

    None where there is nothing that Messages could show.
    """
    if citation.origin == PROTOCOL:
        return citation.raw
    if citation.url is None:
        return None
    return {
        "type": WEB,
        "cited_text": citation.cited_text or "",
        "encrypted_index": "",
        "title": citation.title,
        "url": citation.url,
    }


def is_sendable(citation: Citation) -> bool:
    """Whether Anthropic would take it back: its own, with the encrypted index where the kind has one."""
    if citation.origin != PROTOCOL or citation.raw is None:
        return False
    return citation.kind != WEB or bool(_WIRE.decode(citation.raw).encrypted_index)
