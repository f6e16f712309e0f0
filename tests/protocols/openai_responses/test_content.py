from __future__ import annotations

from typing import Any

import msgspec
import pytest

from plexus.canonical.content import Audio, CacheMark, Citation, Document, FileId, Image, InlineData, Opaque, Text, Url
from plexus.canonical.errors import ClientError
from plexus.protocols.members import Members, raw_json
from plexus.protocols.openai_responses.content import decode_annotation, decode_content, decode_part, encode_annotation


def part(**members: Any) -> Members:
    return Members({name: raw_json(value) for name, value in members.items()}, "part")


SOURCES = [
    ({"type": "input_image", "image_url": "data:image/png;base64,AAAA"}, InlineData("image/png", "AAAA")),
    ({"type": "input_image", "image_url": "https://example.com/a.png"}, Url("https://example.com/a.png")),
    ({"type": "input_image", "file_id": "file-1"}, FileId("openai_responses", "file-1")),
    ({"type": "input_file", "file_data": "data:text/csv;base64,AAAA"}, InlineData("text/csv", "AAAA")),
    ({"type": "input_file", "filename": "a.csv", "file_data": "AAAA"}, InlineData("text/csv", "AAAA")),
    ({"type": "input_file", "file_data": "AAAA"}, InlineData("application/pdf", "AAAA")),
    ({"type": "input_file", "file_url": "https://example.com/a.pdf"}, Url("https://example.com/a.pdf")),
    ({"type": "input_file", "file_id": "file-1"}, FileId("openai_responses", "file-1")),
    ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}, InlineData("audio/wav", "AAAA")),
]


@pytest.mark.parametrize(("wire", "source"), SOURCES)
def test_where_media_come_from(wire: dict[str, Any], source: object) -> None:
    block = decode_part(part(**wire), "input_text")
    assert isinstance(block, Image | Document | Audio)
    assert block.source == source


@pytest.mark.parametrize(
    ("wire", "param"),
    [
        ({"type": "input_image"}, "part"),
        ({"type": "input_file"}, "part"),
        ({"type": "input_audio"}, "part.input_audio"),
        ({"type": "input_text"}, "part.text"),
        ({"type": "input_text", "text": 1}, "part.text"),
        ({"text": "x"}, "part.type"),
    ],
)
def test_a_part_that_lacks_what_it_needs(wire: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientError) as refused:
        decode_part(part(**wire), "input_text")
    assert refused.value.param == param


def test_an_unknown_part_stays_whole() -> None:
    block = decode_part(part(type="hologram", x=1), "input_text")
    assert isinstance(block, Opaque)
    assert (block.kind, msgspec.json.decode(block.raw)) == ("hologram", {"x": 1, "type": "hologram"})


def test_a_bare_string_is_remembered() -> None:
    assert decode_content(part(content="hi"), "content", "input_text") == ((Text(text="hi"),), True)
    blocks, plain = decode_content(part(content=[{"type": "input_text", "text": "hi"}]), "content", "input_text")
    assert (blocks, plain) == ((Text(text="hi"),), False)


def test_a_cache_breakpoint_is_a_mark() -> None:
    block = decode_part(part(type="input_text", text="x", prompt_cache_breakpoint={"mode": "explicit"}), "input_text")
    assert isinstance(block, Text)
    assert block.cache == CacheMark()


def test_annotations_both_ways() -> None:
    own = decode_annotation(raw_json({"type": "file_citation", "filename": "a.txt", "index": 3}))
    assert (own.kind, own.title, own.url) == ("file_citation", "a.txt", None)
    assert encode_annotation(own) is own.raw
    foreign = Citation(origin="openai_chat", kind="url_citation", url="https://example.com", start=1, end=4)
    assert encode_annotation(foreign) == {
        "type": "url_citation", "url": "https://example.com", "title": "", "start_index": 1, "end_index": 4,
    }  # fmt: skip
    assert encode_annotation(Citation(origin="anthropic_messages", kind="char_location")) is None
    assert decode_annotation(raw_json(7)).kind == "unknown"
