"""Deviations of providers that were reported (tests/wire/quirks) and what must become of them, here and for a Messages client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.properties import cuts, decode_stream, inbound, meaning, request_again
from tests.recordings import recordings

from plexus.canonical.content import ToolCall
from plexus.canonical.events import Failure, ReplyEnd, ReplyStart, fold
from plexus.canonical.response import FinishReason
from plexus.exchange.carrier import PassCarrier, TranslateCarrier
from plexus.exchange.naming import Names
from plexus.exchange.seal import Seal
from plexus.protocols.openai_chat import CODEC
from plexus.protocols.registry import CODECS

MESSAGES = CODECS["anthropic_messages", "generate"]
QUIRKS = {
    recording.id.removeprefix("quirk."): recording
    for recording in recordings("openai.chat")
    if recording.id.startswith("quirk.")
}
F = FinishReason


def call(city: str, name: str = "get_weather") -> tuple[str, str, dict[str, str]]:
    return ("call", name, {"city": city})


EXPECTED: dict[str, tuple[str, list[Any], FinishReason]] = {
    "chat.azure-first-chunk-empty-choices": ("Hi", [], F.STOP),
    "chat.dashscope-empty-id-on-continuation": ("", [call("Paris")], F.TOOL_CALLS),
    "chat.finish-reason-always-null": ("Hello", [], F.STOP),
    "chat.finish-reason-empty-string": ("", [call("Paris")], F.TOOL_CALLS),
    "chat.gemini-compat-tool-index-missing": ("", [call("Paris")], F.TOOL_CALLS),
    "chat.ids-differ-per-chunk": ("aped me", [], F.STOP),
    "chat.ollama-compat-whole-call-no-index": ("", [call("Paris"), call("Rome")], F.TOOL_CALLS),
    "chat.parallel-tools-all-index-0": ("", [call("Paris"), call("Rome")], F.TOOL_CALLS),
    "chat.qwen-id-name-then-arguments": ("", [call("Paris")], F.TOOL_CALLS),
    "chat.second-call-arguments-on-first-index": (
        "",
        [("call", "get_weather", '{"city":"Paris"}{"city":"Rome"}')],
        F.TOOL_CALLS,
    ),
    "chat.tool-index-starts-at-1": ("", [call("Paris")], F.TOOL_CALLS),
    "chat.tools-then-done-no-finish": ("", [call("Paris")], F.TOOL_CALLS),
    "sse.comment-wrapped-as-data": ("ok", [], F.STOP),
    "sse.crlf": ("crlf ok", [], F.STOP),
    "sse.data-no-space": ("Hi there", [], F.STOP),
    "sse.metadata-comments-before-done": ("ok", [], F.STOP),
    "sse.multibyte-split-at-read-boundary": ("“你好世界🌍”", [call("Zürich 東京")], F.TOOL_CALLS),
    "sse.ping-comment-blank-line-with-id": ("slow", [], F.STOP),
    "sse.ping-event-empty-data": ("ok", [], F.STOP),
}
FAILING = {"chat.openrouter-error-mid-stream"}
EACH = pytest.mark.parametrize("name", EXPECTED)


def pieces(name: str) -> list[bytes]:
    """The reply as it came: cut where the report says, else byte by byte."""
    recording = QUIRKS[name]
    assert recording.sse is not None
    return cuts(recording.sse, recording.read_boundaries or range(len(recording.sse)))


def translated(chunks: list[bytes]) -> tuple[TranslateCarrier, list[tuple[str, dict[str, Any]]]]:
    """What a Messages client gets of a Chat stream, event by event."""
    asked = {"model": "m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    encoder = MESSAGES.stream_encoder(MESSAGES.decode_request(inbound(asked)))
    carrier = TranslateCarrier(
        CODEC.stream_decoder(CODEC.default_dialect),
        encoder,
        Seal("p", "anthropic_messages", b"k" * 32),
        lambda said: None,
        Names("req_1", "asked"),
    )
    written = b"".join([*(carrier.take(chunk) for chunk in chunks), carrier.close()]).decode()
    frames = [frame.split("\n", 1) for frame in written.split("\n\n") if frame.startswith("event: ")]
    return carrier, [(name[7:], json.loads(data.removeprefix("data: "))) for name, data in frames]


def test_every_reported_quirk_is_here() -> None:
    assert set(EXPECTED) | FAILING == set(QUIRKS)


@EACH
def test_what_is_read(name: str) -> None:
    text, calls, finish = EXPECTED[name]
    events = decode_stream(CODEC, pieces(name))
    assert isinstance(events[-1], ReplyEnd)
    assert sum(isinstance(event, ReplyStart) for event in events) == 1
    _, found, found_calls, found_finish, _ = meaning(fold(events, "openai_chat"))
    assert (found, found_calls, found_finish) == (text, calls, finish)


@EACH
def test_what_a_messages_client_sees(name: str) -> None:
    text, calls, finish = EXPECTED[name]
    carrier, frames = translated(pieces(name))
    assert (carrier.ended, carrier.failure) == (True, None)
    names = [kind for kind, _ in frames]
    assert (names[0], names[-2:]) == ("message_start", ["message_delta", "message_stop"])
    assert names.count("content_block_start") == names.count("content_block_stop")
    deltas = [data["delta"] for kind, data in frames if kind == "content_block_delta"]
    assert "".join(delta["text"] for delta in deltas if delta["type"] == "text_delta") == text
    blocks = [data["content_block"] for kind, data in frames if kind == "content_block_start"]
    used = [block for block in blocks if block["type"] == "tool_use"]
    assert [block["name"] for block in used] == [called for _, called, _ in calls]
    assert len({block["id"] for block in used}) == len(calls)
    assert all(block["id"] for block in used)
    (stop,) = [data["delta"]["stop_reason"] for kind, data in frames if kind == "message_delta"]
    assert stop == {F.STOP: "end_turn", F.TOOL_CALLS: "tool_use"}[finish]


@EACH
def test_a_chat_client_gets_the_bytes(name: str) -> None:
    recording = QUIRKS[name]
    assert recording.sse is not None
    carrier = PassCarrier(CODEC, CODEC.default_dialect, withholds=False)
    chunks = cuts(recording.sse, recording.read_boundaries)
    assert b"".join([*(carrier.take(chunk) for chunk in chunks), carrier.close()]) == recording.sse
    assert (carrier.ended, carrier.terminated, carrier.failure, carrier.empty) == (True, True, None, False)


def test_an_error_behind_text_is_no_finish() -> None:
    events = decode_stream(CODEC, pieces("chat.openrouter-error-mid-stream"))
    assert isinstance(events[-1], Failure)
    assert events[-1].error.message == "Provider disconnected"
    carrier, frames = translated(pieces("chat.openrouter-error-mid-stream"))
    assert carrier.failure is not None
    assert (carrier.failure.status, carrier.ended, carrier.finish) == (502, False, None)
    assert not {"message_delta", "message_stop"} & {kind for kind, _ in frames}


def test_an_id_stays_the_first_one() -> None:
    start = next(
        event for event in decode_stream(CODEC, pieces("chat.ids-differ-per-chunk")) if isinstance(event, ReplyStart)
    )
    assert start.id == "chatcmpl-0"
    start = next(
        event
        for event in decode_stream(CODEC, pieces("chat.azure-first-chunk-empty-choices"))
        if isinstance(event, ReplyStart)
    )
    assert (start.id, start.model) == ("chatcmpl-q1", "m")


def test_a_signature_on_a_call_survives_to_the_next_request() -> None:
    """Gemini's compatible endpoint: https://github.com/openai/openai-python/issues/2806."""
    recording = QUIRKS["chat.gemini-compat-tool-index-missing"]
    assert recording.sse is not None
    (block,) = fold(decode_stream(CODEC, [recording.sse]), "openai_chat").candidates[0].blocks
    assert isinstance(block, ToolCall)
    assert block.state is not None
    assert block.state.value == "c2lnbmF0dXJl"
    call = {
        "id": "call_297140",
        "type": "function",
        "function": {"name": "get_weather", "arguments": "{}"},
        "extra_content": {"google": {"thought_signature": "c2lnbmF0dXJl"}},
    }
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    body, losses = request_again(CODEC, {"model": "m", "messages": turns}, CODEC.default_dialect)
    assert (body["messages"][1]["tool_calls"], losses) == ([call], [])
