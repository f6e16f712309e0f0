"""The table of features: what becomes of each feature of the recorded traffic between any two protocols.

A feature has several recordings, which differ in much else. Lost is what is lost in every one of them, so that a neighbour's loss
is not told of the feature.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from tests.recordings import Recording, recordings

from plexus.canonical.errors import ClientError, ProviderError
from plexus.canonical.events import ReplyEnd, fold
from plexus.canonical.losses import Losses
from plexus.canonical.response import GenerateResponse
from plexus.protocols import envelope
from plexus.protocols.codec import Inbound, ProviderCodec
from plexus.protocols.registry import CODECS, PROVIDER_CODECS

FOLDERS = {
    "openai_chat": "openai.chat",
    "openai_responses": "openai.responses",
    "anthropic_messages": "anthropic.messages",
    "gemini": "gemini.generate",
    "ollama": "ollama.chat",
    "cohere": "cohere.chat",
    "bedrock_converse": "bedrock.converse",
}
REPLIES = frozenset({
    "stream", "tool_call", "parallel_tools", "thinking", "redacted_thinking", "encrypted_reasoning", "reasoning_summary",
    "thought_signature", "usage_cached", "usage_cache_write", "usage_thoughts", "usage_in_stream", "refusal",
    "content_filter", "prompt_blocked", "stop_sequence", "max_tokens", "citations", "grounding", "logprobs", "server_tool",
    "web_search", "web_fetch", "code_execution", "file_search", "image_generation", "image_output", "audio_output", "shell",
    "apply_patch", "mcp", "custom_tool", "tool_plan", "keepalive_comment", "ping", "unicode", "compaction",
})  # fmt: skip
"""Features that a reply has; some stand in the request, too."""
REPLIES_ALONE = frozenset({
    "stream", "tool_call", "thinking", "redacted_thinking", "thought_signature", "usage_cached", "usage_cache_write",
    "usage_thoughts", "usage_in_stream", "refusal", "content_filter", "prompt_blocked", "citations", "grounding",
    "keepalive_comment", "ping", "image_output", "audio_output", "encrypted_reasoning", "tool_plan", "server_tool", "error",
})  # fmt: skip
"""Those that no request asks for under this name. An error is no reply: docs/failures.md is its page."""


class Outcome(NamedTuple):
    """``word``: kept, loss or refused. ``losses``: what is lost, as ``path: reason``, or why it is refused."""

    word: str
    losses: frozenset[str]


def requests_with(protocol: str, feature: str) -> list[Recording]:
    """The recordings of ``protocol`` whose request may have the feature."""
    return [each for each in recordings(FOLDERS[protocol]) if feature in each.features and each.request is not None]


def replies_with(protocol: str, feature: str) -> list[Recording]:
    """The recordings of ``protocol`` whose reply has the feature and is no failure."""
    return [each for each in recordings(FOLDERS[protocol]) if feature in each.features and reply_of(protocol, each)]


def features(protocol: str) -> list[str]:
    """All features that the recordings of ``protocol`` have."""
    return sorted({feature for each in recordings(FOLDERS[protocol]) for feature in each.features})


def request_outcome(client: str, upstream: str, recording: Recording) -> Outcome:
    """What becomes of a recorded request of ``client`` at a provider that speaks ``upstream``."""
    writer = PROVIDER_CODECS[upstream, "generate"]
    body = json.dumps({"model": "m", **(recording.request or {})}).encode()
    request = CODECS[client, "generate"].decode_request(Inbound(envelope.read(body)))
    request = msgspec.structs.replace(request, model="mock-chat")
    try:
        _, losses = writer.encode_request(request, writer.default_dialect)
    except ClientError as refusal:
        return Outcome("refused", frozenset({refusal.message}))
    return _outcome(losses)


def reply_outcome(client: str, upstream: str, recording: Recording) -> Outcome:
    """What becomes of a recorded reply of ``upstream`` for a client that speaks ``client``."""
    response = reply_of(upstream, recording)
    assert response is not None
    _, losses = CODECS[client, "generate"].encode_response(response, question(client))
    return _outcome(losses)


def reply_of(protocol: str, recording: Recording) -> GenerateResponse | None:
    """The reply, whole; None for a failure, and for what is no reply."""
    return _replies(protocol)[recording.id]


@functools.cache
def _replies(protocol: str) -> dict[str, GenerateResponse | None]:
    codec = PROVIDER_CODECS[protocol, "generate"]
    return {each.id: _read_reply(codec, each) for each in recordings(FOLDERS[protocol])}


def _read_reply(codec: ProviderCodec[Any, Any, Any], recording: Recording) -> GenerateResponse | None:
    if recording.status >= 400:
        return None
    if recording.stream is None:
        try:
            response: GenerateResponse = codec.decode_response(recording.body or b"", codec.default_dialect)
        except ProviderError:
            return None
        return response
    decoder = codec.stream_decoder(codec.default_dialect)
    events = [*decoder.feed(recording.stream), *decoder.finish()]
    whole = bool(events) and isinstance(events[-1], ReplyEnd)
    return fold(events, codec.protocol) if whole else None


ASKS: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    "openai_responses": {"model": "m", "input": "hi"},
    "anthropic_messages": {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
}


def question(client: str) -> Any:
    """A question of ``client``, decoded."""
    return CODECS[client, "generate"].decode_request(Inbound(envelope.read(json.dumps(ASKS[client]).encode())))


def _outcome(losses: Losses) -> Outcome:
    named = frozenset(f"{general(loss.path)}: {loss.reason}" for loss in losses)
    return Outcome("loss" if named else "kept", named)


def general(path: str) -> str:
    """A path without its numbers: ``messages[].content[].detail``."""
    return re.sub(r"\[\d+\]", "[]", path)


def together(outcomes: Iterable[Outcome]) -> Outcome:
    """What all recordings of a feature have in common."""
    found = list(outcomes)
    taken = [each for each in found if each.word != "refused"]
    if not taken:
        return found[0]
    lost = frozenset.intersection(*(each.losses for each in taken))
    return Outcome("loss" if lost else "kept", lost)


# --- the page


def render(titles: dict[str, str]) -> list[str]:
    """The section of the page, line by line. ``titles``: the protocols' names."""
    lines = [
        "",
        "# What becomes of each feature",
        "",
        "From the recorded traffic in `tests/wire`: a loss is what every recording with the feature loses. The tests send them",
        "through the whole gateway, to a provider of each protocol, and back.",
    ]
    for client in ASKS:
        others = [upstream for upstream in FOLDERS if upstream != client]
        lines += [
            "",
            f"## What {titles[client]} clients ask",
            "",
            _row(["feature", *(titles[each] for each in others)]),
        ]
        lines.append("|---" * (len(others) + 1) + "|")
        for feature in features(client):
            found = requests_with(client, feature)
            if found and feature not in REPLIES_ALONE:
                asked = [together(request_outcome(client, other, each) for each in found) for other in others]
                lines.append(_row([f"`{feature}`", *map(_cell, asked)]))
    for client in ASKS:
        others = [upstream for upstream in FOLDERS if upstream != client]
        lines += [
            "",
            f"## What {titles[client]} clients are told",
            "",
            _row(["feature", *(titles[each] for each in others)]),
        ]
        lines.append("|---" * (len(others) + 1) + "|")
        for feature in sorted(REPLIES):
            replies = {other: replies_with(other, feature) for other in others}
            if any(replies.values()):
                cells = [
                    _cell(together(reply_outcome(client, other, each) for each in those)) if those else ""
                    for other, those in replies.items()
                ]
                lines.append(_row([f"`{feature}`", *cells]))
    return lines


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(outcome: Outcome) -> str:
    detail = "; ".join(sorted(outcome.losses)).replace("|", "\\|")
    return f"{outcome.word}: {detail}" if detail else outcome.word
