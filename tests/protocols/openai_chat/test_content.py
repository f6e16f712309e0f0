from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.openai_chat.making import raw

from plexus.canonical.content import Audio, Block, Document, Image, InlineData, Opaque, Reasoning, Refusal, Text, Url
from plexus.protocols.openai_chat.content import read_content, read_part, write_thinking
from plexus.protocols.openai_chat.members import Members, Misfit


@pytest.mark.parametrize(
    ("part", "block"),
    [
        ({"type": "text", "text": "Hi"}, Text(text="Hi")),
        ({"type": "refusal", "refusal": "No"}, Refusal(text="No")),
        (
            {"type": "image_url", "image_url": {"url": "https://x", "detail": "high"}},
            Image(source=Url("https://x"), detail="high"),
        ),
        ({"type": "image_url", "image_url": "https://x"}, Image(source=Url("https://x"))),
        (
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "mp3"}},
            Audio(source=InlineData("audio/mpeg", "AA")),
        ),
        (
            {"type": "file", "file": {"file_data": "AA", "filename": "a.pdf"}},
            Document(source=InlineData("application/pdf", "AA"), name="a.pdf"),
        ),
        ({"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, Reasoning(text="Hm", slot="content")),
    ],
)
def test_parts(part: dict[str, Any], block: Block) -> None:
    assert read_part(raw(part), "at") == block


@pytest.mark.parametrize(
    "part",
    [
        {"type": "video_url", "video_url": {"url": "x"}},
        {"type": "thinking", "thinking": 7},
        {"type": "file", "file": {}},
    ],
)
def test_parts_that_only_chat_understands_stay_whole(part: dict[str, Any]) -> None:
    assert read_part(raw(part), "at") == Opaque(origin="openai_chat", kind=part["type"], raw=raw(part))


@pytest.mark.parametrize(
    "part", [7, {}, {"type": "text"}, {"type": "image_url"}, {"type": "file"}, {"type": "input_audio"}]
)
def test_what_is_no_part(part: Any) -> None:
    with pytest.raises(Misfit):
        read_part(raw(part), "at")


def test_content_is_a_string_or_a_list_or_nothing() -> None:
    assert read_content(Members(raw({"content": "Hi"}))) == ((Text(text="Hi"),), True)
    assert read_content(Members(raw({"content": [{"type": "text", "text": "Hi"}]}))) == ((Text(text="Hi"),), False)
    assert read_content(Members(raw({}))) == ((), False)


def test_thinking_both_ways() -> None:
    wire = {"type": "thinking", "thinking": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    block = read_part(raw(wire), "at")
    assert isinstance(block, Reasoning)
    assert block.text == "ab"
    assert write_thinking(block) == wire
