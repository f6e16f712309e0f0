"""Blocks of a reply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.bedrock_converse.making import answered

from plexus.canonical.content import Audio, Image, InlineData, Opaque, Reasoning, ReasoningState, Text, ToolCall
from plexus.canonical.errors import ErrorKind, ProviderError

OWN = "bedrock_converse"


def only(block: Any) -> Any:
    (candidate,) = answered(block).candidates
    (found,) = candidate.blocks
    return found


def test_text_and_calls() -> None:
    assert only({"text": "hi"}) == Text(text="hi")
    call = only({"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}, "type": "tool_use"}})
    assert call == ToolCall(id="t1", name="f", arguments='{"a": 1}')
    assert only({"toolUse": {"toolUseId": "t1", "name": "f"}}).arguments == "{}"


def test_thoughts_and_their_states() -> None:
    said = {"reasoningText": {"text": "hm", "signature": "sig"}}
    assert only({"reasoningContent": said}) == Reasoning(text="hm", state=ReasoningState(OWN, "sig"))
    assert only({"reasoningContent": {"reasoningText": {"text": "hm"}}}) == Reasoning(text="hm")
    wordless = only({"reasoningContent": {"reasoningText": {"text": "", "signature": "sig"}}})
    assert wordless.state == ReasoningState(OWN, "sig", form="wordless")
    hidden = only({"reasoningContent": {"redactedContent": "AAEC"}})
    assert hidden == Reasoning(redacted=True, state=ReasoningState(OWN, "AAEC", form="hidden"))


def test_citations_with_the_vendors_own_object_beside() -> None:
    web = {"location": {"web": {"url": "https://a", "domain": "a"}}, "title": "A", "sourceContent": [{"text": "x"}]}
    block = only({"citationsContent": {"content": [{"text": "one "}, {"text": "two"}], "citations": [web]}})
    (citation,) = block.citations
    assert block.text == "one two"
    assert (citation.kind, citation.url, citation.title, citation.cited_text) == ("web", "https://a", "A", "x")
    assert json.loads(bytes(citation.raw)) == web


def test_a_citation_of_a_source_with_an_address() -> None:
    found = {"source": "https://b", "location": {"searchResultLocation": {"start": 0}}}
    (citation,) = only({"citationsContent": {"citations": [found]}}).citations
    assert (citation.kind, citation.url, citation.cited_text) == ("searchResultLocation", "https://b", None)
    (plain,) = only({"citationsContent": {"citations": [{"source": "manual.pdf"}]}}).citations
    assert (plain.kind, plain.url) == ("unknown", None)


def test_media_that_lie_in_the_reply() -> None:
    picture = {"image": {"format": "webp", "source": {"bytes": "AAEC"}}}
    assert only(picture) == Image(source=InlineData("image/webp", "AAEC"))
    sound = {"audio": {"format": "mp3", "source": {"bytes": "AAEC"}}}
    assert only(sound) == Audio(source=InlineData("audio/mp3", "AAEC"))


@pytest.mark.parametrize(
    "block",
    [
        {"toolUse": {"toolUseId": "t", "name": "nova_grounding", "input": {"q": 1}, "type": "server_tool_use"}},
        {"toolResult": {"toolUseId": "t", "content": [{"json": {}}], "type": "nova_grounding_result"}},
        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k"}}}},
        {"somethingNew": {"a": 1}},
    ],
)
def test_what_only_converse_understands_stays_whole(block: Any) -> None:
    found = only(block)
    assert isinstance(found, Opaque)
    assert (found.origin, found.kind) == (OWN, next(iter(block)))
    assert json.loads(bytes(found.raw)) == block


@pytest.mark.parametrize("block", [{"text": 1}, {"toolUse": {"name": "f"}}, {"toolUse": 1}, "text"])
def test_a_block_of_a_wrong_type_is_no_reply(block: Any) -> None:
    with pytest.raises(ProviderError) as caught:
        answered(block)
    assert caught.value.kind is ErrorKind.UPSTREAM_MALFORMED
