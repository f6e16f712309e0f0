"""Each composed case of tests/wire/quirks, and what its ``expect`` says."""

from __future__ import annotations

import pytest
from tests.protocols.openai_chat.making import asking, encode, events_of, failure_of, turn
from tests.recordings import recordings

from plexus.canonical.content import Reasoning, ReasoningState, Text, ToolCall
from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import fold
from plexus.canonical.response import FinishReason, GenerateResponse

QUIRKS = {recording.id: recording for recording in recordings("openai.chat") if recording.id.startswith("quirk.")}


def read(name: str) -> GenerateResponse:
    recording = QUIRKS[name]
    assert recording.sse is not None
    return fold(events_of(recording.sse, recording.read_boundaries), "openai_chat")


def text(response: GenerateResponse) -> str:
    return "".join(block.text for block in response.candidates[0].blocks if isinstance(block, Text))


def calls(response: GenerateResponse) -> list[tuple[str, str, str]]:
    blocks = response.candidates[0].blocks
    return [(block.id, block.name, block.arguments) for block in blocks if isinstance(block, ToolCall)]


CALLS = {
    "quirk.chat.dashscope-empty-id-on-continuation": 1,
    "quirk.chat.gemini-compat-tool-index-missing": 1,
    "quirk.chat.ollama-compat-whole-call-no-index": 2,
    "quirk.chat.parallel-tools-all-index-0": 2,
    "quirk.chat.qwen-id-name-then-arguments": 1,
    "quirk.chat.second-call-arguments-on-first-index": 1,
    "quirk.chat.tool-index-starts-at-1": 1,
    "quirk.chat.tools-then-done-no-finish": 1,
}
TEXTS = {
    "quirk.chat.azure-first-chunk-empty-choices",
    "quirk.chat.finish-reason-always-null",
    "quirk.chat.ids-differ-per-chunk",
    "quirk.sse.comment-wrapped-as-data",
    "quirk.sse.crlf",
    "quirk.sse.data-no-space",
    "quirk.sse.metadata-comments-before-done",
    "quirk.sse.multibyte-split-at-read-boundary",
    "quirk.sse.ping-comment-blank-line-with-id",
    "quirk.sse.ping-event-empty-data",
}


def test_every_case_is_tested() -> None:
    others = {"quirk.chat.openrouter-error-mid-stream", "quirk.chat.finish-reason-empty-string"}
    assert set(QUIRKS) == TEXTS | set(CALLS) | others


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_texts(name: str) -> None:
    response = read(name)
    finish = response.candidates[0].finish
    assert text(response)
    assert "\N{REPLACEMENT CHARACTER}" not in text(response)
    assert response.id
    assert finish is not None
    called = name == "quirk.sse.multibyte-split-at-read-boundary"
    assert finish.reason is (FinishReason.TOOL_CALLS if called else FinishReason.STOP)
    assert finish.inferred == (name == "quirk.chat.finish-reason-always-null")


@pytest.mark.parametrize("name", sorted(CALLS))
def test_calls(name: str) -> None:
    response = read(name)
    found = calls(response)
    finish = response.candidates[0].finish
    assert len(found) == CALLS[name]
    assert all(call_id and tool for call_id, tool, _ in found)
    assert len({call_id for call_id, _, _ in found}) == len(found)
    assert finish is not None
    assert finish.reason is FinishReason.TOOL_CALLS


def test_azure_names_itself_in_a_later_chunk() -> None:
    response = read("quirk.chat.azure-first-chunk-empty-choices")
    assert response.id.startswith("chatcmpl")
    assert response.model
    assert response.created


def test_an_empty_finish_is_none() -> None:
    response = read("quirk.chat.finish-reason-empty-string")
    finish = response.candidates[0].finish
    assert finish is not None
    assert finish.raw == "tool_calls"


def test_text_of_a_stream_without_spaces() -> None:
    assert text(read("quirk.sse.data-no-space")) == "Hi there"


def test_the_signature_of_a_call_survives_to_the_next_request() -> None:
    response = read("quirk.chat.gemini-compat-tool-index-missing")
    call = response.candidates[0].blocks[0]
    assert isinstance(call, ToolCall)
    assert call.state == ReasoningState("openai_chat", "c2lnbmF0dXJl")
    body, losses = encode(asking(turn("assistant", call), origin="openai_chat"))
    assert body["messages"][0]["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "c2lnbmF0dXJl"}}
    assert losses == []


def test_two_objects_on_one_index_are_kept_as_they_came() -> None:
    (_, _, arguments), *rest = calls(read("quirk.chat.second-call-arguments-on-first-index"))
    assert arguments.count("{") == 2
    assert rest == []


def test_an_error_in_the_middle() -> None:
    recording = QUIRKS["quirk.chat.openrouter-error-mid-stream"]
    assert recording.sse is not None
    error = failure_of(events_of(recording.sse))
    assert error is not None
    assert error.kind is ErrorKind.UPSTREAM_GATEWAY
    assert error.code == "provider_unavailable"


def test_no_thoughts_are_invented() -> None:
    for name in TEXTS:
        assert not any(isinstance(block, Reasoning) for block in read(name).candidates[0].blocks)
