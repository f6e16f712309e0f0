"""Content blocks, both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import MESSAGES_BODY, PIXEL, asked, members, raw, sent, value

from plexus.canonical.content import (
    BlockSource,
    CacheMark,
    Citation,
    Document,
    FileId,
    Image,
    InlineData,
    Opaque,
    PlainText,
    Reasoning,
    ReasoningState,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from plexus.protocols.anthropic_messages import CODEC
from plexus.protocols.anthropic_messages.content import (
    INVALID,
    decode_block,
    decode_cache,
    decode_citation,
    encode_cache,
    encode_call,
    encode_input,
    encode_source,
    encode_text,
    encode_thinking,
)

MESSAGES = "anthropic_messages"
BASE64 = {"type": "base64", "media_type": "image/png", "data": PIXEL}
CITED = {"type": "char_location", "cited_text": "c", "document_index": 0, "document_title": "T", "start_char_index": 0}

BLOCKS: list[tuple[dict[str, Any], Any]] = [
    ({"type": "text", "text": "a"}, Text(text="a")),
    ({"type": "text", "text": ""}, Text(text="")),
    ({"type": "image", "source": BASE64}, Image(source=InlineData("image/png", PIXEL))),
    ({"type": "image", "source": {"type": "url", "url": "https://a"}}, Image(source=Url("https://a"))),
    ({"type": "image", "source": {"type": "file", "file_id": "f"}}, Image(source=FileId(MESSAGES, "f"))),
    (
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "t"},
            "title": "T",
            "context": "c",
        },
        Document(source=PlainText("t"), name="T", context="c"),
    ),
    (
        {"type": "document", "source": {"type": "url", "url": "https://a"}, "citations": {"enabled": True}},
        Document(source=Url("https://a"), citations=True),
    ),
    (
        {
            "type": "document",
            "source": {"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        },
        Document(source=BlockSource((Text(text="a"), Text(text="b")))),
    ),
    (
        {"type": "thinking", "thinking": "hm", "signature": "S"},
        Reasoning(text="hm", state=ReasoningState(MESSAGES, "S")),
    ),
    ({"type": "thinking", "thinking": "", "signature": "S"}, Reasoning(text="", state=ReasoningState(MESSAGES, "S"))),
    ({"type": "redacted_thinking", "data": "D"}, Reasoning(redacted=True, state=ReasoningState(MESSAGES, "D"))),
    ({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}, ToolCall(id="t", name="f", arguments='{"a": 1}')),
    (
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": BASE64}]},
        ToolResult(call_id="t", content=(Image(source=InlineData("image/png", PIXEL)),)),
    ),
    (
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "5m"}},
        Text(text="a", cache=CacheMark("5m")),
    ),
]


@pytest.mark.parametrize(("document", "block"), BLOCKS, ids=lambda each: str(each)[:50])
def test_every_block_is_read(document: dict[str, Any], block: Any) -> None:
    assert decode_block(members(document)) == block


OPAQUE: list[dict[str, Any]] = [
    {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
    {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"type": "web_search_result", "url": "u"}]},
    {"type": "search_result", "source": "u", "title": "t", "content": [{"type": "text", "text": "x"}]},
    {"type": "container_upload", "file_id": "f"},
    {"type": "mcp_tool_use", "id": "m", "name": "n", "server_name": "s", "input": {}},
    {"type": "from_the_future", "x": [1, {"y": None}]},
]


@pytest.mark.parametrize("document", OPAQUE, ids=lambda each: str(each["type"]))
def test_what_only_anthropic_understands_stays_whole(document: dict[str, Any]) -> None:
    block = decode_block(members(document))
    assert isinstance(block, Opaque)
    assert (block.origin, block.kind, value(block.raw)) == (MESSAGES, document["type"], document)


EXTRA = {"cache_control": {"type": "ephemeral"}, "later": {"x": 1}}


@pytest.mark.parametrize("document", [document for document, _ in BLOCKS] + OPAQUE, ids=lambda each: str(each)[:50])
def test_every_block_comes_out_as_it_went_in(document: dict[str, Any]) -> None:
    for block in (document, {**document, **EXTRA}):
        request = asked(CODEC, {**MESSAGES_BODY, "messages": [{"role": "user", "content": [block]}]})
        body, losses = sent(CODEC, request)
        assert body["messages"][0]["content"] == [block]
        assert losses == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (CITED, Citation(origin=MESSAGES, kind="char_location", title="T", cited_text="c")),
        (
            {"type": "web_search_result_location", "url": "https://a", "title": "A", "cited_text": "c"},
            Citation(origin=MESSAGES, kind="web_search_result_location", url="https://a", title="A", cited_text="c"),
        ),
        ({}, Citation(origin=MESSAGES, kind="unknown")),
    ],
)
def test_citations(document: dict[str, Any], expected: Citation) -> None:
    found = decode_citation(raw(document))
    assert value(found.raw) == document
    assert [getattr(found, name) for name in ("kind", "url", "title", "cited_text")] == [
        getattr(expected, name) for name in ("kind", "url", "title", "cited_text")
    ]


def test_only_anthropics_own_citations_are_written() -> None:
    own = decode_citation(raw(CITED))
    foreign = Citation(origin="openai_chat", kind="url_citation", url="u", raw=raw({}))
    assert json.loads(json.dumps(encode_text(Text(text="a", citations=(foreign,))))) == {"type": "text", "text": "a"}
    wire = encode_text(Text(text="a", citations=(foreign, own)))
    assert isinstance(wire["citations"], list)
    assert [value(each) for each in wire["citations"]] == [CITED]


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ({"type": "ephemeral"}, CacheMark()),
        ({"type": "ephemeral", "ttl": "5m"}, CacheMark("5m")),
        ({"type": "ephemeral", "ttl": "1h"}, CacheMark("1h")),
    ],
)
def test_cache_marks_both_ways(mark: dict[str, str], expected: CacheMark) -> None:
    assert decode_cache(members({"cache_control": mark})) == expected
    assert encode_cache(expected) == mark


@pytest.mark.parametrize(
    ("block", "wire"),
    [
        (Reasoning(text="hm"), {"type": "thinking", "thinking": "hm", "signature": ""}),
        (
            Reasoning(text="hm", state=ReasoningState(MESSAGES, "S")),
            {"type": "thinking", "thinking": "hm", "signature": "S"},
        ),
        (
            Reasoning(text="hm", state=ReasoningState("openai_chat", "S")),
            {"type": "thinking", "thinking": "hm", "signature": ""},
        ),
        (
            Reasoning(redacted=True, state=ReasoningState(MESSAGES, "D")),
            {"type": "redacted_thinking", "data": "D"},
        ),
        (Reasoning(redacted=True), {"type": "thinking", "thinking": "", "signature": ""}),
    ],
)
def test_thoughts_are_written_with_their_own_state_alone(block: Reasoning, wire: dict[str, Any]) -> None:
    assert encode_thinking(block) == wire


@pytest.mark.parametrize("source", [FileId("openai_chat", "file-1"), BlockSource(())])
def test_a_source_that_is_not_anthropics_has_no_wire(source: Any) -> None:
    assert encode_source(source) is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", {}),
        ("  ", {}),
        ('{"a": 1}', {"a": 1}),
        (' {"a": 1}\n', {"a": 1}),
        ("[1]", None),
        ("5", None),
        ('"x"', None),
        ("null", None),
        ('{"a": ', None),
        ("ls -l", None),
    ],
)
def test_arguments_must_be_a_json_object(arguments: str, expected: Any) -> None:
    found = encode_input(arguments)
    assert (None if found is None else json.loads(bytes(found))) == expected
    wire = encode_call(ToolCall(id="a", name="f", arguments=arguments), "t")
    written = wire["input"]
    assert (value(found) if found is not None else written) == (expected if found is not None else {INVALID: arguments})


def test_free_text_goes_into_the_one_member_of_its_schema() -> None:
    wire = encode_call(ToolCall(id="a", name="sh", arguments="{not json", custom=True), "t")
    assert wire == {"type": "tool_use", "id": "t", "name": "sh", "input": {"input": "{not json"}}


@given(st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4) | st.none(), max_size=3))
@settings(deadline=None)
def test_any_object_survives_as_arguments(document: dict[str, Any]) -> None:
    found = encode_input(json.dumps(document))
    assert value(found) == document
