"""Gemini's embeddings."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.protocols.embeddings.asking import inbound, numbers, read, reply, written
from tests.recordings import Recording, recordings

from plexus.canonical.content import Extras
from plexus.canonical.embedding import EmbedRequest, EmbedResponse, Tokens, Vector
from plexus.canonical.errors import ClientError, ErrorKind, GatewayError
from plexus.canonical.headers import Headers
from plexus.canonical.usage import usage
from plexus.protocols import envelope
from plexus.protocols.embeddings import GEMINI, GEMINI_BATCH
from plexus.protocols.embeddings.gemini import TASKS
from plexus.protocols.gemini.dialect import GeminiDialect

DIALECT = GeminiDialect()
GOOD = [one for one in recordings("gemini.embeddings") if one.status == 200]


def content(text: str) -> dict[str, Any]:
    return {"parts": [{"text": text}]}


def asked(**members: Any) -> EmbedRequest:
    return EmbedRequest(**{"origin": "openai_chat", "model": "m", "inputs": ("a", "b"), **members})


@pytest.mark.parametrize("recording", GOOD, ids=repr)
def test_recorded_replies_both_ways(recording: Recording) -> None:
    assert recording.body is not None
    assert recording.request is not None
    many = "requests" in recording.request
    codec = GEMINI_BATCH if many else GEMINI
    request = read(codec, recording.request)
    response = codec.decode_response(recording.body, DIALECT)
    wire = json.loads(recording.body)
    again = reply(codec, response, request)
    place = "embeddings" if many else "embedding"
    assert again[place] == wire[place]
    counted = wire.get("usageMetadata", {}).get("promptTokenCount")
    assert (response.usage.input if response.usage else None) == counted
    assert again.get("usageMetadata", {}).get("promptTokenCount") == counted
    tap = codec.tap(DIALECT)
    tap.read(recording.body)
    assert (tap.usage, tap.empty) == (response.usage, False)


@pytest.mark.parametrize("recording", recordings("gemini.embeddings"), ids=repr)
def test_recorded_requests_keep_their_settings(recording: Recording) -> None:
    assert recording.request is not None
    many = "requests" in recording.request
    request = read(GEMINI_BATCH if many else GEMINI, recording.request)
    body, losses = written(GEMINI, request)
    first = recording.request["requests"][0] if many else recording.request
    for name in ("taskType", "outputDimensionality", "title"):
        assert body.get(name) == first.get(name)
    assert losses == []
    assert request.many is many


def test_a_missing_model_is_the_accounts_matter() -> None:
    (recording,) = [one for one in recordings("gemini.embeddings") if one.status == 404]
    assert recording.body is not None
    assert GEMINI.decode_error(404, Headers(), recording.body).kind is ErrorKind.UPSTREAM_MODEL_UNKNOWN


def test_parts_become_one_text_and_snake_case_is_read() -> None:
    body = {"content": {"parts": [{"text": "a"}, {"text": "b"}]}, "task_type": "CLUSTERING", "output_dimensionality": 8}
    request = read(GEMINI, body)
    assert (request.inputs, request.purpose, request.dimensions, request.many) == (("a\nb",), "clustering", 8, False)


@pytest.mark.parametrize(
    ("codec", "body"),
    [
        (GEMINI, {}),
        (GEMINI, {"content": {"parts": []}}),
        (GEMINI, {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": ""}}]}}),
        (GEMINI, {"content": content("a"), "taskType": "GUESSING"}),
        (GEMINI_BATCH, {}),
        (GEMINI_BATCH, {"requests": [{"content": content("a")}, {"content": content("b"), "taskType": "CLUSTERING"}]}),
        (
            GEMINI_BATCH,
            {"requests": [{"content": content("a"), "title": "A"}, {"content": content("b"), "title": "B"}]},
        ),
    ],
)
def test_what_cannot_be_carried_is_a_400(codec: Any, body: Any) -> None:
    with pytest.raises(ClientError) as refused:
        codec.decode_request(inbound(body))
    assert refused.value.kind is ErrorKind.BAD_REQUEST


def test_each_task_comes_out_as_it_went_in() -> None:
    for word in TASKS:
        body, losses = written(GEMINI, read(GEMINI, {"content": content("a"), "taskType": word}))
        assert (body["taskType"], losses) == (word, [])


def test_one_input_is_embedded_and_several_are_a_batch() -> None:
    one, _ = GEMINI.encode_request(asked(inputs=("a",), dimensions=8, purpose="query", title="T"), DIALECT)
    assert one.path == "/models/m:embedContent"
    settings = {"outputDimensionality": 8, "taskType": "RETRIEVAL_QUERY", "title": "T"}
    assert json.loads(one.body) == {"model": "models/m", "content": content("a"), **settings}
    many, losses = GEMINI.encode_request(
        asked(user="u", truncate="end", extras=Extras("openai_chat", {"x": msgspec.Raw(b"1")})), DIALECT
    )
    assert many.path == "/models/m:batchEmbedContents"
    assert json.loads(many.body) == {
        "requests": [{"model": "models/m", "content": content(text)} for text in ("a", "b")]
    }
    assert [loss.path for loss in losses] == ["truncate", "user", "x"]


@pytest.mark.parametrize("members", [{"inputs": (Tokens((1,)),)}, {"inputs": ("a",) * 101}, {"encodings": ("int8",)}])
def test_what_gemini_cannot_take_is_a_400(members: dict[str, Any]) -> None:
    with pytest.raises(ClientError):
        GEMINI.encode_request(asked(**members), DIALECT)


def test_the_model_is_edited_in_each_request_of_a_batch() -> None:
    raw = b'{ "requests": [ {"model": "models/mine","content":{"parts":[{"text":"a"}]}}, {"content" : 1} ] }'
    body = envelope.read(raw)
    edits = GEMINI_BATCH.edits(body, "theirs", DIALECT)
    first, second = msgspec.json.decode(edits["requests"], type=list[msgspec.Raw])
    assert bytes(first) == b'{"model": "models/theirs","content":{"parts":[{"text":"a"}]}}'
    assert bytes(second) == b'{"content" : 1}'
    assert GEMINI_BATCH.edits(body, "mine", DIALECT) == {}
    assert GEMINI_BATCH.edits(envelope.read(b"{}"), "mine", DIALECT) == {}


def test_an_error_inside_a_200_is_one() -> None:
    with pytest.raises(GatewayError) as failed:
        GEMINI.decode_response(b'{"error":{"code":429,"message":"Later","status":"RESOURCE_EXHAUSTED"}}', DIALECT)
    assert failed.value.kind is ErrorKind.RATE_LIMIT


def test_the_reply_has_counts_where_they_are_known() -> None:
    response = EmbedResponse(vectors=(Vector(packed=b"\0\0\x80\x3f"),))
    assert reply(GEMINI, response, asked(many=False)) == {"embedding": {"values": [1.0]}}
    counted = reply(GEMINI, msgspec.structs.replace(response, usage=usage(input=3)), asked())
    assert counted["embeddings"] == [{"values": [1.0]}]
    assert counted["usageMetadata"]["promptTokenCount"] == 3
    assert numbers(response.vectors[0]) == [1.0]
