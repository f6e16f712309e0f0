"""Single parts, written."""

from __future__ import annotations

import pytest

from plexus.canonical.content import Extras, Image, InlineData, ReasoningState, Text, ToolCall, Url
from plexus.protocols.gemini.calls import made_id
from plexus.protocols.gemini.parts import encode_args, encode_call, encode_media, encode_text, own_extras, with_extras
from plexus.protocols.members import NULL, raw_json


@pytest.mark.parametrize(
    ("text", "written"),
    [("", b"{}"), (' {"a":1} ', b'{"a":1}'), ("[1]", None), ("{", None), ('"x"', None), ("null", None)],
)
def test_arguments_are_an_object_or_none(text: str, written: bytes | None) -> None:
    found = encode_args(text)
    assert (None if found is None else bytes(found)) == written


def test_an_id_that_we_made_up_is_not_sent() -> None:
    assert "id" not in encode_call(ToolCall(id=made_id("r", 0), name="f", arguments="{}"))["functionCall"]  # type: ignore[operator]
    assert encode_call(ToolCall(id="c", name="f", arguments="free", custom=True))["functionCall"] == {
        "name": "f", "id": "c", "args": {"input": "free"},
    }  # fmt: skip


def test_members_of_our_own_protocol_come_back() -> None:
    extras = Extras(
        "gemini", {"functionCall.x": raw_json(1), "partMetadata": raw_json({})}, {"functionCall.args": NULL}
    )
    block = ToolCall(id="c", name="f", arguments="{}", extras=extras)
    part = with_extras(encode_call(block), own_extras(block))
    assert part["functionCall"] == {"name": "f", "id": "c", "x": raw_json(1)}
    assert set(part) == {"functionCall", "partMetadata"}
    assert with_extras({"text": "a"}, {"text": NULL}) == {}
    assert own_extras(Text(text="a", extras=Extras("openai_chat", {"x": raw_json(1)}))) == {}


def test_a_signature_in_other_words_is_not_written() -> None:
    assert encode_text(Text(text="a", state=ReasoningState("openai_chat", "s"))) == {"text": "a"}
    assert encode_text(Text(text="a", state=ReasoningState("gemini", "s"))) == {"text": "a", "thoughtSignature": "s"}


def test_a_url_is_given_a_type() -> None:
    assert encode_media(Image(source=Url("https://e/a.gif"))) == {
        "fileData": {"fileUri": "https://e/a.gif", "mimeType": "image/gif"}
    }
    assert encode_media(Image(source=InlineData("image/png", "AA=="))) is not None
