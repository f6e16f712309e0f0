"""Blocks: what messages and replies are made of.

Every block may carry ``extras`` (unknown members of its origin protocol, kept as raw bytes and written back only to that
protocol), ``cache`` (a prompt-cache mark) and ``state`` (a provider's sealed reasoning state).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class Extras(msgspec.Struct, frozen=True):
    """Members of one node by their ``origin`` protocol, as raw JSON, written back to that protocol alone.

    ``members`` have no field in the canonical model: elsewhere they are losses. ``twins`` have one, and are kept beside it
    because the protocol has several ways to write the same (``stop`` as a string or a list): elsewhere they are nothing.
    """

    origin: str
    members: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)
    twins: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


class CacheMark(msgspec.Struct, frozen=True):
    """The prompt up to here is worth caching. ``ttl`` is None for the provider's own default (5 minutes)."""

    ttl: Literal["5m", "1h"] | None = None


class ReasoningState(msgspec.Struct, frozen=True):
    """Sealed reasoning (a signature, an encrypted content, a thought signature): opaque, tied to who issued it.

    ``protocol`` says in whose words ``value`` is written; ``provider`` (None: the one that this exchange talks to) is set
    when it came back through another protocol's envelope.
    """

    protocol: str
    value: str
    provider: str | None = None


# --- where media come from


class InlineData(msgspec.Struct, frozen=True, tag=True):
    """Bytes inside the request, in standard base64; ``media_type`` as the client named it."""

    media_type: str
    base64: str


class Url(msgspec.Struct, frozen=True, tag=True):
    """A public address that the provider fetches itself. Plexus never does."""

    url: str
    media_type: str | None = None


class FileId(msgspec.Struct, frozen=True, tag=True):
    """A file stored at the provider; it means nothing to any other protocol."""

    origin: str
    id: str
    media_type: str | None = None


class PlainText(msgspec.Struct, frozen=True, tag=True):
    """A document given as text (Anthropic ``source.type = text``)."""

    text: str


class BlockSource(msgspec.Struct, frozen=True, tag=True):
    """A document given as blocks (Anthropic ``source.type = content``)."""

    blocks: tuple[Block, ...]


Source: TypeAlias = InlineData | Url | FileId | PlainText | BlockSource


# --- blocks


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a piece of text was taken from. ``raw`` is the vendor's own object, for its own protocol."""

    origin: str
    kind: str
    """The vendor's type: ``url_citation``, ``char_location``, ``web_search_result_location`` …"""
    url: str | None = None
    title: str | None = None
    cited_text: str | None = None
    start: int | None = None
    """Offsets in characters of the whole reply's text, where the vendor counts there."""
    end: int | None = None
    raw: msgspec.Raw | None = None


class Text(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Plain text, with what it cites."""

    text: str
    citations: tuple[Citation, ...] = ()
    cache: CacheMark | None = None
    state: ReasoningState | None = None
    extras: Extras | None = None


class Refusal(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The model's own words for declining (OpenAI ``refusal``)."""

    text: str
    extras: Extras | None = None


class Image(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A picture; ``detail`` is OpenAI's low, high, auto or original."""

    source: Source
    detail: str | None = None
    cache: CacheMark | None = None
    state: ReasoningState | None = None
    extras: Extras | None = None


class Document(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A PDF or text document. ``citations`` asks the model to cite it."""

    source: Source
    name: str | None = None
    context: str | None = None
    citations: bool | None = None
    cache: CacheMark | None = None
    extras: Extras | None = None


class Audio(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Sound, in or out. ``id`` names a reply's audio that the provider keeps until ``expires_at`` (unix seconds)."""

    source: Source | None = None
    id: str | None = None
    transcript: str | None = None
    expires_at: int | None = None
    extras: Extras | None = None


class Video(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Moving pictures (Gemini takes them; others refuse)."""

    source: Source
    extras: Extras | None = None


class Reasoning(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What the model thought. ``text`` is empty when redacted; ``summary`` marks a summary of hidden thoughts.

    ``parts`` keeps the borders where a vendor writes several summaries into one item (Responses); joined they are
    ``text``.
    """

    text: str = ""
    parts: tuple[str, ...] = ()
    state: ReasoningState | None = None
    redacted: bool = False
    summary: bool = False
    id: str | None = None
    extras: Extras | None = None


class ToolCall(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """The model asks for a tool. ``arguments`` is the JSON text as the model wrote it, or free text when ``custom``."""

    id: str
    name: str
    arguments: str
    custom: bool = False
    cache: CacheMark | None = None
    state: ReasoningState | None = None
    extras: Extras | None = None


class ToolResult(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """What a tool answered. ``name`` is the function's, where the protocol says it (Gemini must be told)."""

    call_id: str
    content: tuple[Block, ...]
    name: str | None = None
    is_error: bool | None = None
    custom: bool = False
    plain: bool = False
    """The content stood as a bare string on the wire, not as a list of parts."""
    cache: CacheMark | None = None
    extras: Extras | None = None


class Opaque(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A block that only its own protocol understands (server tools, containers …), whole and untouched."""

    origin: str
    kind: str
    raw: msgspec.Raw
    stand_in: str | None = None
    """What says the same in words, where another protocol must do without the block; None where nothing does."""


Block: TypeAlias = Text | Refusal | Image | Document | Audio | Video | Reasoning | ToolCall | ToolResult | Opaque
