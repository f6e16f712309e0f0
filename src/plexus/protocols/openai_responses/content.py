"""Content parts, both ways: what messages and tool outputs hold.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    CacheMark,
    Citation,
    Document,
    FileId,
    Image,
    InlineData,
    Opaque,
    Refusal,
    Source,
    Text,
    Url,
)
from plexus.canonical.errors import bad_request
from plexus.protocols.media import parse_data_url
from plexus.protocols.members import Array, Members, Object, is_string, raw_json, with_twins
from plexus.protocols.unreadable import UNREADABLE

PROTOCOL = "openai_responses"
BREAKPOINT = "prompt_cache_breakpoint"

Parts = tuple[tuple[Block, ...], bool]


def decode_content(members: Members, name: str, usual: str) -> Parts:
    """The member's parts, and whether it stood as a bare string. ``usual`` is the type of its text parts: another one is
    remembered."""
    value = members.peek(name)
    if value is not None and is_string(value):
        return (Text(text=members.require(name, str)),), True
    return tuple(decode_part(part, usual) for part in members.take_list(name)), False


def decode_part(part: Members, usual: str) -> Block:
    """One part. What only Responses understands stays whole."""
    kind = part.require("type", str)
    if kind in TEXTS:
        return _text(part, kind, usual)
    decode = DECODERS.get(kind)
    if decode is None:
        part.raw["type"] = raw_json(kind)
        return Opaque(origin=PROTOCOL, kind=kind, raw=part.whole())
    return decode(part)


TEXTS = frozenset({"input_text", "output_text", "text"})


def _text(part: Members, kind: str, usual: str) -> Block:
    kept: Object = {} if kind == usual else {"type": raw_json(kind)}
    citations = tuple(decode_annotation(raw) for raw in part.take("annotations", Array) or [])
    logprobs = part.take_raw("logprobs")
    if logprobs is not None and bytes(logprobs) != b"[]":
        kept["logprobs"] = logprobs
    text = part.require("text", str)
    cache = _mark(part, kept)
    return Text(text=text, citations=citations, cache=cache, extras=with_twins(part.rest(PROTOCOL), PROTOCOL, kept))


def _mark(part: Members, kept: Object) -> CacheMark | None:
    raw = part.take_raw(BREAKPOINT)
    if raw is None:
        return None
    kept[BREAKPOINT] = raw
    return CacheMark()


def _refusal(part: Members) -> Block:
    return Refusal(text=part.require("refusal", str), extras=part.rest(PROTOCOL))


def _image(part: Members) -> Block:
    kept: Object = {}
    url, file_id = part.take("image_url", str), part.take("file_id", str)
    source: Source
    if url is not None:
        source = parse_data_url(url) or Url(url)
    elif file_id is not None:
        source = FileId(PROTOCOL, file_id)
    else:
        raise bad_request(f"{part.path} needs image_url or file_id.", param=part.path)
    cache = _mark(part, kept)
    return Image(
        source=source,
        detail=part.take("detail", str),
        cache=cache,
        extras=with_twins(part.rest(PROTOCOL), PROTOCOL, kept),
    )


def _file(part: Members) -> Block:
    kept: Object = {}
    name = part.take("filename", str)
    written = part.peek("file_data")
    data, url, file_id = part.take("file_data", str), part.take("file_url", str), part.take("file_id", str)
    source: Source
    if data is not None and written is not None:
        inline = parse_data_url(data)
        if inline is None:  # bare base64: the name says what it is
            kept["file_data"] = written
            inline = InlineData(mimetypes.guess_type(name or "")[0] or "application/pdf", data)
        source = inline
    elif url is not None:
        source = Url(url)
    elif file_id is not None:
        source = FileId(PROTOCOL, file_id)
    else:
        raise bad_request(f"{part.path} needs file_data, file_url or file_id.", param=part.path)
    cache = _mark(part, kept)
    return Document(source=source, name=name, cache=cache, extras=with_twins(part.rest(PROTOCOL), PROTOCOL, kept))


def _audio(part: Members) -> Block:
    audio = part.take_members("input_audio")
    if audio is None:
        raise bad_request(f"{part.where('input_audio')} is missing.", param=part.where("input_audio"))
    source = InlineData(f"audio/{audio.require('format', str)}", audio.require("data", str))
    return Audio(source=source, extras=part.rest(PROTOCOL))


DECODERS: dict[str, Callable[[Members], Block]] = {
    "refusal": _refusal,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
}


# --- annotations


class _Annotation(msgspec.Struct):
    type: str = "unknown"
    url: str | None = None
    title: str | None = None
    filename: str | None = None
    start_index: int | None = None
    end_index: int | None = None


def decode_annotation(raw: msgspec.Raw) -> Citation:
    """One annotation, the vendor's object beside it."""
    try:
        wire = msgspec.json.decode(raw, type=_Annotation)
    except UNREADABLE:
        wire = _Annotation()
    return Citation(
        origin=PROTOCOL,
        kind=wire.type,
        url=wire.url,
        title=wire.title or wire.filename,
        start=wire.start_index,
        end=wire.end_index,
        raw=msgspec.Raw(bytes(raw)),
    )


def encode_annotation(citation: Citation) -> object | None:
    """The wire's annotation; None for a citation of another protocol that has no URL."""
    if citation.origin == PROTOCOL and citation.raw is not None:
        return citation.raw
    if citation.url is None:
        return None
    return {
        "type": "url_citation",
        "url": citation.url,
        "title": citation.title or "",
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
    }
