"""The content of a message: a string, or a list of parts. Requests and replies alike.

A part of a known type whose members fit becomes a block; any other travels whole as ``Opaque`` and returns to this
protocol only.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    Document,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    Refusal,
    Text,
)
from plexus.protocols.openai_chat.media import AUDIO_TYPES, read_file, read_url
from plexus.protocols.openai_chat.members import PROTOCOL, Members, Misfit
from plexus.protocols.openai_chat.reasoning import IN_CONTENT


def read_content(members: Members, name: str = "content") -> tuple[tuple[Block, ...], bool]:
    """(blocks, plain) of a content member; empty where it is absent. Raises Misfit for what is neither string nor list."""
    if members.is_string(name):
        return (Text(text=members.need(name, str)),), True
    parts = members.take_list(name)
    if parts is None:
        return (), False
    return tuple(read_part(raw, f"{members.at(name)}[{index}]") for index, raw in enumerate(parts)), False


def read_part(raw: msgspec.Raw, path: str) -> Block:
    """One part. Raises Misfit for what is no part at all."""
    part = Members(raw, path)
    kind = part.need("type", str)
    read = _READERS.get(kind)
    block = read(part) if read is not None else None
    return block if block is not None else Opaque(origin=PROTOCOL, kind=kind, raw=msgspec.Raw(bytes(raw)))


def _text(part: Members) -> Text:
    return Text(text=part.need("text", str), cache=part.take_cache(), extras=part.extras())


def _refusal(part: Members) -> Refusal:
    return Refusal(text=part.need("refusal", str), extras=part.extras())


def _image(part: Members) -> Image:
    """``image_url`` is an object; a bare string is what some clients send."""
    if part.is_string("image_url"):
        return Image(source=read_url(part.need("image_url", str)), cache=part.take_cache(), extras=part.extras())
    at = part.take_members("image_url")
    if at is None:
        raise Misfit(part.at("image_url"), "the member is missing")
    source, detail = read_url(at.need("url", str)), at.take("detail", str)
    part.put_back("image_url", at)
    return Image(source=source, detail=detail, cache=part.take_cache(), extras=part.extras())


def _audio(part: Members) -> Audio:
    at = part.take_members("input_audio")
    if at is None:
        raise Misfit(part.at("input_audio"), "the member is missing")
    data, written = at.need("data", str), at.need("format", str)
    part.put_back("input_audio", at)
    return Audio(source=InlineData(AUDIO_TYPES.get(written, f"audio/{written}"), data), extras=part.extras())


def _file(part: Members) -> Document | None:
    at = part.take_members("file")
    if at is None:
        raise Misfit(part.at("file"), "the member is missing")
    name = at.take("filename", str)
    data, file_id = at.take("file_data", str), at.take("file_id", str)
    source = read_file(data, file_id, name)
    if source is None or (data is not None and file_id is not None):
        return None
    part.put_back("file", at)
    return Document(source=source, name=name, cache=part.take_cache(), extras=part.extras())


class _Thought(msgspec.Struct, tag="text", forbid_unknown_fields=True):
    text: str


def _thinking(part: Members) -> Reasoning | None:
    """Mistral's thoughts: a list of texts."""
    thoughts = part.take_if("thinking", list[_Thought])
    if thoughts is None:
        return None
    texts = [thought.text for thought in thoughts]
    parts = tuple(texts) if len(texts) > 1 else ()
    return Reasoning(text="".join(texts), parts=parts, slot=IN_CONTENT, extras=part.extras())


_READERS: dict[str, Callable[[Members], Block | None]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
    "thinking": _thinking,
}


def write_thinking(block: Reasoning) -> dict[str, object]:
    """Mistral's form of a thought."""
    texts = block.parts or ((block.text,) if block.text else ())
    return {"type": "thinking", "thinking": [{"type": "text", "text": text} for text in texts]}
