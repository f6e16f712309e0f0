"""A streamed reply, written for a client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import specs_schema
from tests.protocols.properties import inbound

from plexus.canonical.content import (
    Audio,
    Citation,
    Image,
    InlineData,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
)
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    FinishSeen,
    LogprobsSeen,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import usage
from plexus.protocols import reasoning_state
from plexus.protocols.gemini import ARRAY_CODEC, CODEC
from plexus.protocols.gemini.signature import decode_signature
from plexus.protocols.members import raw_json

REQUEST = CODEC.decode_request(inbound({"contents": [{"parts": [{"text": "hi"}]}]}))
SEALED = ReasoningState("gemini", reasoning_state.seal(ReasoningState("anthropic_messages", "s", "p"), b"k" * 32))
START = ReplyStart(id="r1", model="up")
STOP = FinishSeen(Finish(reason=FinishReason.STOP, origin="openai_chat", raw="stop"))


def write(*events: StreamEvent) -> list[dict[str, Any]]:
    """The chunks, which are the same in both forms."""
    encoder, array = CODEC.stream_encoder(REQUEST), ARRAY_CODEC.stream_encoder(REQUEST)
    all_events = [START, *events, STOP, UsageSeen(usage(input=3, output=5)), ReplyEnd()]
    frames = b"".join(encoder.encode(event) for event in all_events)
    assert frames.endswith(b"\r\n\r\n")
    chunks: list[dict[str, Any]] = [
        json.loads(frame.removeprefix(b"data: ")) for frame in frames.split(b"\r\n\r\n")[:-1]
    ]
    assert json.loads(b"".join(array.encode(event) for event in all_events)) == chunks
    for each in chunks:
        assert list(specs_schema.gemini("GenerateContentResponse").iter_errors(each)) == []
    return chunks


def parts(*events: StreamEvent) -> list[Any]:
    """The parts of each chunk but the last."""
    return [each["candidates"][0]["content"]["parts"] for each in write(*events)[:-1]]


def test_text_comes_as_it_is_said_and_the_end_says_why() -> None:
    chunks = write(BlockStart(0, Text(text="")), TextDelta(0, "a"), TextDelta(0, ""), TextDelta(0, "b"), BlockEnd(0))
    first, second, last = chunks
    assert first == {
        "candidates": [{"content": {"parts": [{"text": "a"}], "role": "model"}, "index": 0}],
        "modelVersion": "up", "responseId": "r1",
    }  # fmt: skip
    assert second["candidates"][0]["content"]["parts"] == [{"text": "b"}]
    assert last["candidates"][0]["finishReason"] == "STOP"
    assert last["usageMetadata"] == {"promptTokenCount": 3, "candidatesTokenCount": 5, "totalTokenCount": 8}


def test_thoughts_are_marked_and_signed_at_their_end() -> None:
    thought, signed = parts(
        BlockStart(0, Reasoning()), TextDelta(0, "hm"), StateDelta(0, ReasoningState("gemini", "s")), BlockEnd(0)
    )
    assert thought == [{"text": "hm", "thought": True}]
    assert signed == [{"text": "", "thought": True, "thoughtSignature": "s"}]


def test_a_call_comes_whole_and_in_the_order_of_its_start() -> None:
    first, second = parts(
        BlockStart(0, ToolCall(id="a", name="f", arguments="")), BlockStart(1, ToolCall(id="b", name="g", arguments="")),
        ArgumentsDelta(1, "{}"), BlockEnd(1), ArgumentsDelta(0, '{"x":'), ArgumentsDelta(0, "1}"), BlockEnd(0),
    )  # fmt: skip
    assert first == [{"functionCall": {"name": "f", "id": "a", "args": {"x": 1}}}]
    assert second == [{"functionCall": {"name": "g", "id": "b", "args": {}}}]


def test_a_repeated_block_counts_once() -> None:
    whole = ToolCall(id="a", name="f", arguments='{"x":1}')
    (found,) = parts(
        BlockStart(0, ToolCall(id="a", name="f", arguments="")), ArgumentsDelta(0, '{"x":1}'), BlockEnd(0, 0, whole)
    )
    assert found[0]["functionCall"]["args"] == {"x": 1}


def test_a_state_without_words_goes_on_to_the_call() -> None:
    state = (BlockStart(0, Reasoning(redacted=True, state=SEALED)), BlockEnd(0))
    (call,) = parts(*state, BlockStart(1, ToolCall(id="a", name="f", arguments="{}")), BlockEnd(1))
    assert decode_signature(call[0]["thoughtSignature"]) == (SEALED, "")
    alone, text = parts(*state, BlockStart(1, Text(text="")), TextDelta(1, "x"), BlockEnd(1))
    assert decode_signature(alone[0]["thoughtSignature"]) == (SEALED, None)
    assert text == [{"text": "x"}]
    (last,) = parts(*state)
    assert decode_signature(last[0]["thoughtSignature"]) == (SEALED, None)


def test_media_and_refusals() -> None:
    image = Image(source=InlineData("image/png", "AAAA"))
    found = parts(
        BlockStart(0, Refusal(text="no ")), TextDelta(0, "way"), BlockEnd(0), BlockStart(1, image), BlockEnd(1),
        BlockStart(2, Audio()), AudioDelta(index=2, base64="BBBB"), BlockEnd(2),
    )  # fmt: skip
    assert found == [
        [{"text": "no "}], [{"text": "way"}], [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
        [{"inlineData": {"mimeType": "audio/wav", "data": "BBBB"}}],
    ]  # fmt: skip


def test_what_is_cited_comes_with_the_end() -> None:
    whole = Citation(origin="anthropic_messages", kind="x", url="https://a")
    piece = Citation(origin="openai_chat", kind="url_citation", url="https://b", title="B", start=9, end=12)
    chunks = write(
        BlockStart(0, Text(text="\u00c4rzte")), TextDelta(0, " "), TextDelta(0, "in"), CitationDelta(0, whole), BlockEnd(0),
        BlockStart(1, Text(text="")), TextDelta(1, " B\u00f6n."), CitationDelta(1, piece), BlockEnd(1),
        BlockStart(2, Text(text="", citations=(piece,))), BlockEnd(2),
        BlockStart(3, Text(text="")), BlockEnd(3, block=Text(text="", citations=(piece,))),
    )  # fmt: skip
    assert not any("groundingMetadata" in each["candidates"][0] for each in chunks[:-1])
    grounding = chunks[-1]["candidates"][0]["groundingMetadata"]
    assert [chunk["web"]["uri"] for chunk in grounding["groundingChunks"]] == ["https://a", "https://b"]
    first, *others = (support["segment"] for support in grounding["groundingSupports"])
    assert first == {"startIndex": 0, "endIndex": 9, "text": "\u00c4rzte in"}
    assert others == [{"startIndex": 10, "endIndex": 14, "text": "B\u00f6n"}] * 3


def test_candidates_stand_apart() -> None:
    chunks = write(
        BlockStart(0, Text(text=""), 0), BlockStart(0, Text(text=""), 1), TextDelta(0, "a", 0), TextDelta(0, "b", 1),
        BlockEnd(0, 0), BlockEnd(0, 1), FinishSeen(Finish(reason=FinishReason.LENGTH), 1),
    )  # fmt: skip
    assert [each["candidates"][0]["index"] for each in chunks[:2]] == [0, 1]
    assert [each["finishReason"] for each in chunks[-1]["candidates"]] == ["STOP", "MAX_TOKENS"]


def test_log_probabilities_come_with_the_end() -> None:
    piece = raw_json({"content": [{"token": "a", "logprob": -1.0}]})
    last = write(LogprobsSeen(piece), LogprobsSeen(piece))[-1]
    assert len(last["candidates"][0]["logprobsResult"]["chosenCandidates"]) == 2


@pytest.mark.parametrize("codec", [CODEC, ARRAY_CODEC])
def test_an_end_without_a_beginning_is_still_a_reply(codec: Any) -> None:
    written = codec.stream_encoder(REQUEST).encode(ReplyEnd())
    assert b'"finishReason":"STOP"' in written
