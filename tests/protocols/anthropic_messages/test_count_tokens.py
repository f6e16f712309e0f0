from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.anthropic_messages.making import CLAUDE, DIALECT, bare, decode, foreign, turn
from tests.recordings import Recording, recordings
from tests.specs_schema import anthropic

from plexus.canonical.content import (
    Audio,
    Document,
    FileId,
    Image,
    InlineData,
    PlainText,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.headers import Headers
from plexus.protocols import envelope
from plexus.protocols.anthropic_messages import CODEC, COUNT_TOKENS_CODEC, TokenCount, estimate_tokens
from plexus.protocols.anthropic_messages.count_tokens import TOKENS_PER_IMAGE, TOKENS_PER_PAGE
from plexus.protocols.codec import Inbound

ALL = recordings("anthropic.count_tokens")


@pytest.mark.parametrize("recording", ALL, ids=repr)
def test_recorded_counts(recording: Recording) -> None:
    assert recording.request is not None
    assert recording.body is not None
    request = COUNT_TOKENS_CODEC.decode_request(Inbound(envelope.read(recording.request_bytes)))
    outbound, losses = COUNT_TOKENS_CODEC.encode_request(request, DIALECT)
    assert outbound.path == "/messages/count_tokens"
    assert bare(json.loads(outbound.body)) == bare(recording.request)
    assert not losses
    tap = COUNT_TOKENS_CODEC.tap(DIALECT)
    tap.read(recording.body)
    if recording.status == 200:
        count = COUNT_TOKENS_CODEC.decode_response(recording.body, DIALECT)
        assert json.loads(COUNT_TOKENS_CODEC.encode_response(count, request)[0]) == json.loads(recording.body)
        assert count.input_tokens <= estimate_tokens(request) <= 5 * count.input_tokens
        assert tap.terminated
        assert tap.failure is None
    else:
        error = COUNT_TOKENS_CODEC.decode_error(recording.status, Headers(), recording.body)
        assert error.kind is ErrorKind.UPSTREAM_MODEL_UNKNOWN
        assert tap.failure is not None


def test_settings_of_generating_are_left_out() -> None:
    outbound, _ = COUNT_TOKENS_CODEC.encode_request(
        foreign(turn("user", "Hi"), stream=True, temperature=0.2, stop=("x",), user="u"), DIALECT
    )
    body = json.loads(outbound.body)
    anthropic("MessageCountTokensParams").validate(body)
    assert body == {"model": CLAUDE, "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}


def test_an_estimate_says_so() -> None:
    body, _ = COUNT_TOKENS_CODEC.encode_response(TokenCount(7, estimated=True), foreign())
    anthropic("MessageTokensCount").validate(json.loads(body))
    assert json.loads(body) == {"input_tokens": 7, "estimated": True}


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"input_tokens": "many"}', b"<html>"])
def test_what_is_no_count_is_an_error(body: bytes) -> None:
    with pytest.raises(GatewayError) as failed:
        COUNT_TOKENS_CODEC.decode_response(body, DIALECT)
    assert failed.value.kind is ErrorKind.UPSTREAM_MALFORMED


MEDIA = {"image", "pdf", "document", "server_tool", "web_search", "web_fetch", "code_execution", "mcp", "tool_search"}


def _said_input(recording: Recording) -> int:
    """The input tokens that the provider counted."""
    if recording.body is not None:
        usage = CODEC.decode_response(recording.body, DIALECT).usage
    else:
        tap = CODEC.tap(DIALECT)
        tap.watch(recording.sse or b"")
        usage = tap.usage
    return usage.input if usage is not None else 0


def test_the_estimate_is_above_nearly_all_recorded_texts_and_not_absurd() -> None:
    ratios = []
    for recording in recordings("anthropic.messages"):
        if recording.request is None or recording.status != 200 or recording.features & MEDIA:
            continue
        tools = recording.request.get("tools", ())
        if any("type" in tool for tool in tools):
            continue  # the provider adds what its own tools say
        said = _said_input(recording)
        if said:
            ratios.append(estimate_tokens(decode({"model": CLAUDE, **recording.request})) / said)
    assert len(ratios) > 40
    ratios.sort()
    assert ratios[len(ratios) // 20] >= 1.0
    assert ratios[len(ratios) // 2] <= 2.5


def test_only_thoughts_of_the_running_tool_loop_are_read_again() -> None:
    thoughts = Reasoning(text="x" * 3000)
    before = [turn("user", "a"), turn("assistant", thoughts, "b"), turn("user", "c")]
    call, result = ToolCall(id="t", name="f", arguments="{}"), ToolResult(call_id="t", content=())
    loop = [turn("user", "a"), turn("assistant", thoughts, call), turn("user", result)]
    assert estimate_tokens(foreign(*before)) < 100
    assert estimate_tokens(foreign(*loop)) > 1000


@pytest.mark.parametrize(
    ("block", "least"),
    [
        (Image(source=Url("https://e.org/a")), TOKENS_PER_IMAGE),
        (Document(source=InlineData("application/pdf", "A" * 400_000)), 3 * TOKENS_PER_PAGE),
        (Document(source=InlineData("text/plain", "A" * 4000)), 1000),
        (Document(source=PlainText("x" * 300), name="n"), 100),
        (Document(source=FileId("anthropic_messages", "f")), TOKENS_PER_PAGE),
        (Audio(source=InlineData("audio/wav", "A" * 3000)), 100),
        (Text(text="ä" * 300), 200),
    ],
)
def test_media_have_their_table(block: Any, least: int) -> None:
    assert least <= estimate_tokens(foreign(turn("user", block))) <= 2 * least + 30
