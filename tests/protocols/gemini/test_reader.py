"""Chunks, read: what real replies do that a plain reading would get wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.properties import decode_stream
from tests.recordings import recordings

from plexus.canonical.content import Citation, Image, Opaque, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import Failure, fold
from plexus.canonical.response import Candidate, FinishReason, GenerateResponse
from plexus.protocols.gemini import CODEC, reader
from plexus.protocols.gemini.signature import is_apart


def chunk(*parts: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": parts, "role": "model"}, **candidate}], "responseId": "r1"}


def stream(*chunks: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in chunks)


def read(*chunks: dict[str, Any]) -> GenerateResponse:
    return fold(decode_stream(CODEC, [stream(*chunks)]), "gemini")


def candidate(*chunks: dict[str, Any]) -> Candidate:
    return read(*chunks).candidates[0]


STOP = chunk(finishReason="STOP")


def test_pieces_of_one_kind_belong_together() -> None:
    blocks = candidate(
        chunk({"text": "a", "thought": True}), chunk({"text": "b", "thought": True}), chunk({"text": "c"}),
        chunk({"text": "d"}, {"text": "e"}), STOP,
    ).blocks  # fmt: skip
    assert blocks == (Reasoning(text="ab"), Text(text="cd"), Text(text="e"))


def test_a_signature_on_an_empty_text_belongs_to_the_text_before_it() -> None:
    state = ReasoningState("gemini", "s")
    assert candidate(chunk({"text": "a"}), chunk({"text": "", "thoughtSignature": "s"}), STOP).blocks == (
        Text(text="a", state=state),
    )
    alone = candidate(chunk({"functionCall": {"name": "f"}}), chunk({"text": "", "thoughtSignature": "s"}), STOP).blocks
    assert alone[1:] == (Reasoning(redacted=True, state=state),)


def test_each_part_keeps_its_own_signature() -> None:
    """quirk.gemini.signature-inside-text-part"""
    blocks = candidate(
        chunk({"text": "a", "thoughtSignature": "s"}), chunk({"text": "", "thoughtSignature": "t"}), STOP
    ).blocks
    states = [block.state for block in blocks if isinstance(block, Text | Reasoning)]
    assert states == [ReasoningState("gemini", "s"), ReasoningState("gemini", "t")]


def test_calls_have_ids_of_their_own_across_chunks() -> None:
    reply = candidate(
        chunk({"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "s"}),
        chunk({"functionCall": {"name": "f", "args": {}}}), chunk({"functionCall": {"name": "g", "id": "own"}}), STOP,
    )  # fmt: skip
    calls = [block for block in reply.blocks if isinstance(block, ToolCall)]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [("f", {"a": 1}), ("f", {}), ("g", {})]
    assert len({call.id for call in calls}) == 3
    assert calls[2].id == "own"
    (signature,) = [block for block in reply.blocks if isinstance(block, Reasoning)]
    assert is_apart(signature)
    assert signature.state == ReasoningState("gemini", "s")
    assert reply.blocks.index(calls[0]) == reply.blocks.index(signature) + 1
    assert reply.finish is not None
    assert (reply.finish.reason, reply.finish.raw) == (FinishReason.TOOL_CALLS, "STOP")


def test_arguments_that_come_in_pieces() -> None:
    (recording,) = (
        each for each in recordings("gemini.generate") if each.id.endswith("google-stream-tool-call-arguments.1")
    )
    assert recording.sse is not None
    blocks = fold(decode_stream(CODEC, [recording.sse]), "gemini").candidates[0].blocks
    calls = [json.loads(block.arguments) for block in blocks if isinstance(block, ToolCall)]
    assert calls == [{"location": "Boston"}, {"location": "San Francisco"}]


def test_a_call_that_never_ends_is_ended_by_the_next() -> None:
    blocks = candidate(
        chunk({"functionCall": {"name": "f", "willContinue": True}}),
        chunk({"functionCall": {"name": "g", "args": {}}}),
        STOP,
    ).blocks
    assert [(block.name, block.arguments) for block in blocks if isinstance(block, ToolCall)] == [
        ("f", "{}"),
        ("g", "{}"),
    ]


def test_other_parts_come_whole() -> None:
    image, code = candidate(
        chunk({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}),
        chunk({"executableCode": {"code": "1"}}),
        chunk({}),
        STOP,
    ).blocks
    assert isinstance(image, Image)
    assert isinstance(code, Opaque)


def test_the_last_counts_and_the_last_finish_win() -> None:
    first = chunk({"text": "a"}, finishReason="STOP") | {"usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 3}}
    last = chunk(finishReason="MAX_TOKENS") | {
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7}
    }
    reply = read(first, last, {"usageMetadata": {"trafficType": "ON_DEMAND"}})
    assert reply.usage is not None
    assert (reply.usage.input, reply.usage.output) == (3, 4)
    assert reply.candidates[0].finish is not None
    assert reply.candidates[0].finish.reason is FinishReason.LENGTH


def test_several_candidates() -> None:
    reply = read(
        {"candidates": [{"content": {"parts": [{"text": "a"}]}}, {"index": 1, "content": {"parts": [{"text": "b"}]}}]},
        {"candidates": [{"finishReason": "STOP"}, {"index": 1, "finishReason": "MAX_TOKENS"}]},
    )
    assert [each.blocks for each in reply.candidates] == [(Text(text="a"),), (Text(text="b"),)]
    assert [each.finish.raw for each in reply.candidates if each.finish] == ["STOP", "MAX_TOKENS"]


@pytest.mark.parametrize("message", [None, "Because."])
def test_a_blocked_prompt_is_a_reply_with_a_reason(message: str | None) -> None:
    feedback = {"blockReason": "PROHIBITED_CONTENT"} | ({"blockReasonMessage": message} if message else {})
    reply = candidate({"promptFeedback": feedback})
    assert reply.finish is not None
    assert (reply.finish.reason, reply.finish.raw) == (FinishReason.CONTENT_FILTER, "PROHIBITED_CONTENT")
    assert [block.text for block in reply.blocks if isinstance(block, Refusal)] == ([message] if message else [])


def test_grounding_is_cited() -> None:
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}],
        "groundingSupports": [{"segment": {"endIndex": 3}, "groundingChunkIndices": [0]}],
    }
    (text,) = candidate(chunk({"text": "abc def"}), chunk(finishReason="STOP", groundingMetadata=grounding)).blocks
    assert isinstance(text, Text)
    assert text.citations == (
        Citation(origin="gemini", kind="grounding", url="https://a", title="A", start=0, end=3),
    )  # fmt: skip


def test_an_error_inside_the_stream_ends_it() -> None:
    error = {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}
    events = decode_stream(CODEC, [stream(chunk({"text": "a"}), error, STOP)])
    assert isinstance(events[-1], Failure)
    assert events[-1].error.kind is ErrorKind.OVERLOADED


def test_chunks_of_text_alone_read_as_any_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick reading of plain chunks and the whole one give the same events, also where they alternate."""
    parts: list[dict[str, Any]] = [
        {"text": "a"}, {"text": "b"}, {"text": "t", "thought": True}, {"text": ""}, {"text": "c"},
        {"text": "d", "thoughtSignature": "s"}, {"text": "e"}, {"functionCall": {"name": "f"}}, {"text": "g"},
        {"text": "h", "videoMetadata": {}}, {"text": "i"}, {"text": "j"},
    ]  # fmt: skip
    chunks = [chunk(part) for part in parts] + [chunk({"text": "k"}, index=1), chunk({"text": "l"}, index=1), STOP]
    quick = candidate(*chunks)
    monkeypatch.setattr(reader, "MAX_RICHER", -1)
    assert candidate(*chunks) == quick
    assert "".join(block.text for block in quick.blocks if isinstance(block, Text)) == "abcdeghij"
