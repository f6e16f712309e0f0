"""Every feature of the recorded traffic through the whole gateway: any client before any provider, JSON and streamed.

What is lost and what is refused is what docs/protocols/support.md says, since both come from ``scripts.support_features``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from scripts import support_features as table
from tests.conformance.meaning import same
from tests.gateway import GEMINI, OLLAMA, PAIRS, PATHS, Bench, gateway
from tests.protocols.properties import decode_stream
from tests.recordings import Recording

from plexus.canonical.events import fold
from plexus.canonical.response import GenerateResponse
from plexus.domain.record import Record
from plexus.mock_provider import Raw
from plexus.protocols.registry import CODECS

pairs = pytest.mark.parametrize(("client", "upstream"), PAIRS)
streams = pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
TYPES = {OLLAMA: "application/x-ndjson", "bedrock_converse": "application/vnd.amazon.eventstream"}


def asked(client: str) -> Iterator[Recording]:
    """For each feature of the client's protocol the shortest request that has it, each recording once."""
    features = [name for name in table.features(client) if name not in table.REPLIES_ALONE]
    found = [
        min(table.requests_with(client, name), key=_size) for name in features if table.requests_with(client, name)
    ]
    return iter({each.id: each for each in found}.values())


def told(upstream: str, *, stream: bool) -> Iterator[Recording]:
    """For each feature of the provider's protocol the shortest reply that has it, each recording once."""
    chosen = {}
    for name in sorted(table.REPLIES):
        found = [each for each in table.replies_with(upstream, name) if (each.stream is not None) is stream]
        found = [each for each in found if "background" not in each.features]  # said later, to who asks again
        if found:
            best = min(found, key=_size)
            chosen[best.id] = best
    return iter(chosen.values())


def _size(recording: Recording) -> tuple[int, str]:
    return len(recording.request_bytes) + len(recording.stream or recording.body or b""), recording.id


def raw(upstream: str, recording: Recording) -> Raw:
    """The recorded reply, as the provider sends it."""
    if recording.stream is None:
        return Raw(recording.body or b"", "application/json")
    return Raw(recording.stream, TYPES.get(upstream, "text/event-stream"))


async def send(bench: Bench, client: str, body: dict[str, Any], *, stream: bool) -> tuple[int, bytes, Record]:
    """One call to the route ``chat``: status, reply, record."""
    if client == GEMINI:
        path = f"/v1beta/models/chat:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}"
    else:
        path, body = PATHS[client], {**body, "model": "chat", "stream": stream}
        if not stream:
            body.pop("stream_options", None)
    bench.journal.filed.clear()
    reply = await bench.client.post(path, json=body)
    await bench.journal.filed.wait()
    return reply.status_code, reply.content, bench.journal.records[-1]


@pairs
@streams
async def test_what_is_asked_is_kept_lost_or_refused(client: str, upstream: str, stream: bool) -> None:
    answer = next(
        each for each in told(upstream, stream=stream) if not table.reply_outcome(client, upstream, each).losses
    )
    wrong = []
    async with gateway(upstream) as bench:
        for recording in asked(client):
            assert recording.request is not None
            expected = table.Outcome("kept", frozenset())
            if client != upstream:
                expected = table.request_outcome(client, upstream, recording)
            if expected.word != "refused":
                bench.providers[0].script(raw(upstream, answer))
            status, content, record = await send(bench, client, recording.request, stream=stream)
            lost = frozenset(f"{table.general(loss.path)}: {loss.reason}" for loss in record.losses)
            if expected.word == "refused":
                fits = (status == 400 and not record.attempts) or not record.attempts[0].status
            else:
                fits = status == 200 and lost == expected.losses
            if not fits or bench.providers[0].unplayed:
                wrong.append((recording.id, status, expected, lost, content[:200]))
                break
    assert wrong == []


@pairs
@streams
async def test_what_is_told_arrives(client: str, upstream: str, stream: bool) -> None:
    codec = CODECS[client, "generate"]
    question = {name: value for name, value in table.ASKS[client].items() if name != "model"}
    if client == "openai_chat" and stream:
        question["stream_options"] = {"include_usage": True}
    async with gateway(upstream) as bench:
        for recording in told(upstream, stream=stream):
            bench.providers[0].script(raw(upstream, recording))
            status, content, record = await send(bench, client, question, stream=stream)
            assert (recording.id, status, record.error) == (recording.id, 200, None), content
            again: GenerateResponse
            if stream:
                again = fold(decode_stream(codec, [content]), client)
            else:
                again = codec.decode_response(content, codec.default_dialect)
            whole = table.reply_of(upstream, recording)
            assert whole is not None
            same(again, whole)
            if client != upstream and not stream:
                lost = frozenset(f"{table.general(loss.path)}: {loss.reason}" for loss in record.losses)
                assert (recording.id, lost) == (recording.id, table.reply_outcome(client, upstream, recording).losses)


@pytest.mark.parametrize("protocol", table.FOLDERS)
def test_no_feature_of_the_recordings_is_left_out(protocol: str) -> None:
    """Each is asked, or told, or an error (docs/failures.md)."""
    for feature in table.features(protocol):
        asked_for = feature not in table.REPLIES_ALONE and bool(table.requests_with(protocol, feature))
        assert feature == "error" or feature in table.REPLIES or asked_for, feature


def test_what_all_recordings_of_a_feature_lose_is_lost() -> None:
    kept, both = table.Outcome("kept", frozenset()), table.Outcome("loss", frozenset({"a: x", "b: x"}))
    one, refused = table.Outcome("loss", frozenset({"a: x"})), table.Outcome("refused", frozenset({"no"}))
    assert table.together([both, one, refused]) == one
    assert table.together([both, kept]) == kept
    assert table.together([refused, refused]) == refused
    assert json.dumps(table.general("messages[12].content[0].detail")) == '"messages[].content[].detail"'
