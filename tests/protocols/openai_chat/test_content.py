"""Content parts and assistant turns, both ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import PIXEL, members, raw, value

from plexus.canonical.content import (
    Audio,
    CacheMark,
    Citation,
    Document,
    FileId,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
    Url,
)
from plexus.canonical.errors import ClientError
from plexus.protocols.media import data_url, parse_data_url
from plexus.protocols.openai_chat.content import (
    THINKING_PART,
    decode_annotation,
    decode_assistant,
    decode_cache,
    decode_content,
    encode_annotation,
    encode_cache,
    reasoning_details,
)
from plexus.protocols.openai_chat.tool_call_id import attach

CHAT = "openai_chat"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"data:image/png;base64,{PIXEL}", InlineData("image/png", PIXEL)),
        (f"data:image/png;charset=x;base64,{PIXEL}", InlineData("image/png", PIXEL)),
        (f"data:;base64,{PIXEL}", InlineData("application/octet-stream", PIXEL)),
        ("data:image/png;base64,", InlineData("image/png", "")),
        ("data:text/plain,hello", None),
        ("data:image/png;base64", None),
        ("https://a.example/b;base64,c", None),
        ("", None),
    ],
)
def test_data_urls(url: str, expected: InlineData | None) -> None:
    assert parse_data_url(url) == expected


@given(st.sampled_from(["image/png", "application/pdf", "audio/wav"]), st.text("ABCabc+/=", max_size=30))
@settings(deadline=None)
def test_inline_data_survives_as_a_url(media_type: str, data: str) -> None:
    source = InlineData(media_type, data)
    assert parse_data_url(data_url(source)) == source


@pytest.mark.parametrize(
    ("part", "block"),
    [
        ({"type": "text", "text": "a"}, Text(text="a")),
        ({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}, Text(text="a", cache=CacheMark())),
        ({"type": "refusal", "refusal": "no"}, Refusal(text="no")),
        (
            {"type": "image_url", "image_url": {"url": "https://a.example/x.png", "detail": "low"}},
            Image(source=Url("https://a.example/x.png"), detail="low"),
        ),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
            Image(source=InlineData("image/png", PIXEL)),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "mp3"}},
            Audio(source=InlineData("audio/mp3", "QQ==")),
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="}},
            Document(source=InlineData("application/pdf", "QQ=="), name="a.pdf"),
        ),
        ({"type": "file", "file": {"file_id": "file-1"}}, Document(source=FileId(CHAT, "file-1"))),
        (
            {"type": "file", "file": {"file_data": "https://a.example/a.pdf"}},
            Document(source=Url("https://a.example/a.pdf")),
        ),
    ],
)
def test_every_kind_of_part(part: dict[str, Any], block: Any) -> None:
    assert decode_content(members({"content": [part]})) == ((block,), False)


def test_unknown_parts_stay_whole() -> None:
    part = {"type": "video_url", "video_url": {"url": "https://a.example/v.mp4"}}
    ((block,), _) = decode_content(members({"content": [part]}))
    assert isinstance(block, Opaque)
    assert (block.origin, block.kind, value(block.raw)) == (CHAT, "video_url", part)


def test_unknown_members_of_a_part_are_kept() -> None:
    ((block,), _) = decode_content(members({"content": [{"type": "text", "text": "a", "id": 5, "x": None}]}))
    assert isinstance(block, Text)
    assert block.extras is not None
    assert {name: value(node) for name, node in block.extras.members.items()} == {"id": 5}


def test_thoughts_among_the_parts_keep_their_own_shape() -> None:
    part = {
        "type": "thinking",
        "thinking": [{"type": "text", "text": "h"}, {"type": "text", "text": "m"}],
        "closed": True,
    }
    ((block,), _) = decode_content(members({"content": [part]}))
    assert isinstance(block, Reasoning)
    assert block.text == "hm"
    assert block.extras is not None
    assert value(block.extras.twins[THINKING_PART]) == part


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "text"}, "content[0].text"),
        ({"type": "text", "text": 5}, "content[0].text"),
        ({"type": "image_url"}, "content[0].image_url"),
        ({"type": "image_url", "image_url": "https://a.example"}, "content[0].image_url"),
        ({"type": "image_url", "image_url": {}}, "content[0].image_url.url"),
        ({"type": "input_audio"}, "content[0].input_audio"),
        ({"type": "input_audio", "input_audio": {"data": "x"}}, "content[0].input_audio.format"),
        ({"type": "file"}, "content[0].file"),
        ({"type": "file", "file": {}}, "content[0].file"),
        ({"type": "text", "text": "a", "cache_control": 5}, "content[0].cache_control"),
        ({"type": "thinking", "thinking": "hm"}, "content[0].thinking"),
    ],
    ids=str,
)
def test_a_part_that_lacks_something_names_it(part: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientError) as refused:
        decode_content(members({"content": [part]}))
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ({"type": "ephemeral"}, CacheMark()),
        ({"type": "ephemeral", "ttl": "5m"}, CacheMark("5m")),
        ({"type": "ephemeral", "ttl": "1h"}, CacheMark("1h")),
        ({"type": "ephemeral", "ttl": "9d"}, CacheMark()),
    ],
)
def test_cache_marks(mark: dict[str, str], expected: CacheMark) -> None:
    found = decode_cache(members({"cache_control": mark}))
    assert found == expected
    assert found is not None
    assert encode_cache(found) == (mark if mark.get("ttl") != "9d" else {"type": "ephemeral"})


# --- assistant turns


def turn(**document: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    blocks, _, kept = decode_assistant(members(document))
    return blocks, {name: value(node) for name, node in kept.items()}


def call(call_id: str = "a", arguments: Any = "{}", **more: Any) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "f", "arguments": arguments}, **more}


def test_the_order_is_thoughts_content_refusal_sound_calls() -> None:
    blocks, _ = turn(tool_calls=[call()], refusal="no", audio={"id": "au"}, content="t", reasoning_content="hm")
    assert [type(block) for block in blocks] == [Reasoning, Text, Refusal, Audio, ToolCall]


def test_thoughts_are_kept_as_they_came() -> None:
    details = [{"type": "reasoning.text", "text": "hm", "signature": "SIG"}]
    blocks, kept = turn(content="t", reasoning="hm", reasoning_details=details)
    assert blocks[0] == Reasoning(text="hm", state=ReasoningState(CHAT, "SIG"))
    assert kept == {"reasoning": "hm", "reasoning_details": details}


def test_sealed_state_is_never_kept_raw() -> None:
    details = [{"type": "reasoning.text", "text": "hm", "signature": "plx1.abc"}]
    blocks, kept = turn(reasoning_content="hm", reasoning_details=details)
    assert blocks == (Reasoning(text="hm", state=ReasoningState(CHAT, "plx1.abc")),)
    assert kept == {}


def test_state_that_came_in_an_id_is_cut_off_it() -> None:
    blocks, kept = turn(tool_calls=[call(attach("call_1", "plx1.abc")), call("call_2")], reasoning_content="hm")
    assert blocks[0] == Reasoning(text="hm", state=ReasoningState(CHAT, "plx1.abc"))
    assert [block.id for block in blocks[1:]] == ["call_1", "call_2"]
    assert kept == {}


def test_state_without_a_text_is_a_redacted_thought() -> None:
    blocks, _ = turn(tool_calls=[call(attach("call_1", "plx1.abc"))])
    assert blocks[0] == Reasoning(redacted=True, state=ReasoningState(CHAT, "plx1.abc"))


def test_the_same_state_in_a_detail_and_in_an_id_is_one_thought() -> None:
    details = [{"type": "reasoning.encrypted", "data": "plx1.abc"}]
    blocks, _ = turn(reasoning_details=details, tool_calls=[call(attach("call_1", "plx1.abc"))])
    assert sum(isinstance(block, Reasoning) for block in blocks) == 1


def test_encrypted_details_are_blocks_of_their_own() -> None:
    details = [{"type": "reasoning.encrypted", "data": "D", "id": "r1"}, {"type": "reasoning.summary", "summary": "s"}]
    blocks, _ = turn(reasoning_details=details)
    assert blocks == (Reasoning(text="s"), Reasoning(redacted=True, state=ReasoningState(CHAT, "D"), id="r1"))


@pytest.mark.parametrize(
    ("written", "arguments"), [('{"a":1}', '{"a":1}'), ({"a": 1}, '{"a": 1}'), ("", ""), (None, "")]
)
def test_arguments_as_text_or_as_an_object(written: Any, arguments: str) -> None:
    blocks, _ = turn(tool_calls=[call(arguments=written)])
    assert blocks[0].arguments == arguments


def test_a_call_of_free_text_and_one_with_geminis_signature() -> None:
    custom = {"id": "a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    signed = call("b", extra_content={"google": {"thought_signature": "S"}})
    (first, second), _ = turn(tool_calls=[custom, signed])
    assert first == ToolCall(id="a", name="sh", arguments="ls", custom=True)
    assert second.state == ReasoningState(CHAT, "S")


@pytest.mark.parametrize(("content", "kept"), [("", {"content": ""}), (None, {}), ("x", {})])
def test_an_empty_string_beside_calls_is_remembered(content: Any, kept: dict[str, Any]) -> None:
    assert turn(content=content, tool_calls=[call()])[1] == kept


def test_the_deprecated_call() -> None:
    blocks, kept = turn(content=None, function_call={"name": "f", "arguments": "{}"})
    assert blocks == (ToolCall(id="call_f", name="f", arguments="{}"),)
    assert kept == {"function_call": {"name": "f", "arguments": "{}"}}


def test_sound_that_the_provider_keeps() -> None:
    (sound,), _ = turn(audio={"id": "au", "data": "QQ==", "transcript": "Hi", "expires_at": 9})
    assert sound == Audio(source=InlineData("audio/wav", "QQ=="), id="au", transcript="Hi", expires_at=9)


URL = {"url": "https://a.example", "title": "A", "start_index": 1, "end_index": 4}


def test_annotations_go_to_the_first_text() -> None:
    (text,), _ = turn(content="see", annotations=[{"type": "url_citation", "url_citation": URL}])
    (cited,) = text.citations
    assert (cited.url, cited.title, cited.start, cited.end) == ("https://a.example", "A", 1, 4)
    (alone,), _ = turn(content=None, annotations=[{"type": "url_citation", "url_citation": URL}])
    assert alone.text == ""
    assert len(alone.citations) == 1


@pytest.mark.parametrize("document", [{"type": "file_citation", "file_citation": {"x": 1}}, {"url_citation": 5}, 7])
def test_any_annotation_goes_back_as_it_came(document: Any) -> None:
    assert value(encode_annotation(decode_annotation(raw(document)))) == document  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("citation", "expected"),
    [
        (Citation(origin="x", kind="k"), None),
        (
            Citation(origin="x", kind="k", url="https://a.example"),
            {"url": "https://a.example", "title": "", "start_index": 0, "end_index": 0},
        ),
        (Citation(origin="x", kind="k", url="https://a.example", title="A", start=1, end=4), URL),
    ],
)
def test_another_protocols_citation_needs_an_address(citation: Citation, expected: dict[str, Any] | None) -> None:
    wire = encode_annotation(citation)
    assert wire == (None if expected is None else {"type": "url_citation", "url_citation": expected})


@pytest.mark.parametrize(
    ("block", "details"),
    [
        (Reasoning(text="hm"), []),
        (Reasoning(text="hm", state=ReasoningState("anthropic_messages", "S")), []),
        (
            Reasoning(text="hm", state=ReasoningState(CHAT, "S")),
            [{"type": "reasoning.text", "text": "hm", "signature": "S", "index": 0}],
        ),
        (
            Reasoning(text="", state=ReasoningState(CHAT, "S")),
            [{"type": "reasoning.encrypted", "data": "S", "index": 0}],
        ),
        (
            Reasoning(redacted=True, state=ReasoningState(CHAT, "S")),
            [{"type": "reasoning.encrypted", "data": "S", "index": 0}],
        ),
    ],
)
def test_how_state_is_told(block: Reasoning, details: list[dict[str, Any]]) -> None:
    assert reasoning_details(block) == details
