from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.openai_chat.making import raw

from plexus.canonical.content import (
    Audio,
    Block,
    BlockSource,
    CacheMark,
    Citation,
    Document,
    Extras,
    FileId,
    Image,
    InlineData,
    Opaque,
    PlainText,
    Refusal,
    Text,
    ToolCall,
    Url,
    Video,
)
from plexus.canonical.errors import ClientError, ErrorKind
from plexus.canonical.losses import Losses
from plexus.protocols.openai_chat import ChatDialect
from plexus.protocols.openai_chat.request.parts import PartWriter

PNG = InlineData("image/png", "AAAA")
PDF = InlineData("application/pdf", "AAAA")


def write(block: Block, dialect: ChatDialect | None = None) -> tuple[list[Any], list[tuple[str, str]]]:
    losses = Losses()
    parts = PartWriter(dialect or ChatDialect(), losses, native=False).write(block, "at")
    return parts, [(loss.path, loss.reason) for loss in losses]


@pytest.mark.parametrize(
    ("block", "parts", "losses"),
    [
        (Text(text="Hi"), [{"type": "text", "text": "Hi"}], []),
        (Text(text="Hi", cache=CacheMark()), [{"type": "text", "text": "Hi"}], [("at.cache", "unsupported")]),
        (
            Text(text="Hi", citations=(Citation(origin="x", kind="y"),)),
            [{"type": "text", "text": "Hi"}],
            [("at.citations", "unsupported")],
        ),
        (
            Text(text="Hi", extras=Extras("anthropic_messages", {"odd": raw(1)})),
            [{"type": "text", "text": "Hi"}],
            [("at.odd", "foreign")],
        ),
        (Refusal(text="No"), [{"type": "text", "text": "No"}], []),
        (Image(source=PNG), [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}], []),
        (
            Image(source=Url("https://x/y"), detail="low"),
            [{"type": "image_url", "image_url": {"url": "https://x/y", "detail": "low"}}],
            [],
        ),
        (
            Document(source=PDF, context="c", citations=True),
            [{"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,AAAA"}}],
            [("at.context", "unsupported"), ("at.citations", "unsupported")],
        ),
        (
            Document(source=FileId("openai_chat", "file-1"), name="n"),
            [{"type": "file", "file": {"file_id": "file-1", "filename": "n"}}],
            [],
        ),
        (
            Document(source=PlainText("long"), name="n"),
            [{"type": "text", "text": "n\n\nlong"}],
            [("at.source", "approximated")],
        ),
        (
            Document(source=BlockSource((Text(text="a"), Image(source=PNG)))),
            [
                {"type": "text", "text": "a"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            ],
            [("at.source", "approximated")],
        ),
        (
            Audio(source=InlineData("audio/mpeg", "AAAA")),
            [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}],
            [],
        ),
    ],
)
def test_blocks(block: Block, parts: list[Any], losses: list[tuple[str, str]]) -> None:
    assert write(block) == (parts, losses)


@pytest.mark.parametrize(
    "block",
    [
        Image(source=FileId("anthropic_messages", "file_1")),
        Document(source=Url("https://x/y.pdf")),
        Document(source=FileId("anthropic_messages", "file_1")),
        Audio(source=InlineData("audio/flac", "AAAA")),
        Audio(id="audio_1"),
        Video(source=Url("https://x/y.mp4")),
        Opaque(origin="anthropic_messages", kind="server_tool_use", raw=raw({})),
        ToolCall(id="c", name="f", arguments="{}"),
    ],
)
def test_content_that_chat_cannot_carry_is_refused_with_advice(block: Block) -> None:
    with pytest.raises(ClientError) as caught:
        write(block)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert caught.value.param == "at"
    assert caught.value.message.count(".") >= 2


def test_cache_marks_where_they_are_taken() -> None:
    parts, losses = write(Text(text="Hi", cache=CacheMark("1h")), ChatDialect(supports_cache_marks=True))
    assert parts == [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    assert losses == []
