"""Embeddings, reranking, moderations, images and speech, by the vendors' documents and the recordings."""

from __future__ import annotations

import base64
import io
import json
import struct
import wave
from typing import Any

import pytest
from tests import specs_schema
from tests.mock_provider import support
from tests.recordings import Recording, recordings

from plexus.mock_provider import Status, Stream
from plexus.mock_provider.operations.vectors import likeness, vector
from plexus.mock_provider.script import Abort, Whole

EMBED, COHERE_EMBED, RERANK, OPEN_RERANK = "/v1/embeddings", "/v2/embed", "/v2/rerank", "/v1/rerank"
MODERATE, IMAGES, SPEECH = "/v1/moderations", "/v1/images/generations", "/v1/audio/speech"
ONE, MANY = "/v1beta/models/e:embedContent", "/v1beta/models/e:batchEmbedContents"
DOCUMENTS = ["Ruby is a programming language", "Paris is in France", "Rails is a Ruby framework"]


def _embed(given: Any = "Hello", **members: Any) -> dict[str, Any]:
    return {"model": "e", "input": given} | members


def test_vectors_are_units_and_near_where_words_are_shared() -> None:
    first, near, far = (vector(text, 256) for text in ("blue sky", "blue sea", "green grass"))
    assert abs(sum(one * one for one in first) - 1) < 1e-5
    assert vector("blue sky", 256) == first
    near_by = sum(a * b for a, b in zip(first, near, strict=True))
    assert near_by > sum(a * b for a, b in zip(first, far, strict=True)) + 0.2
    assert (likeness("blue sky", "The sky is blue."), likeness("a b", "a"), likeness("?", "a")) == (1, 0.5, 0)


@pytest.mark.parametrize("given", ["Hello", ["Hello", "World"], [1, 2, 3], [[1, 2], [3]]])
def test_embeddings_in_numbers_and_in_base64_are_the_same(given: Any) -> None:
    plain = support.reply_of(EMBED, _embed(given, dimensions=16))
    specs_schema.openai("CreateEmbeddingResponse").validate(plain)
    packed = support.reply_of(EMBED, _embed(given, dimensions=16, encoding_format="base64"))
    assert packed["usage"] == plain["usage"]
    for one, other in zip(plain["data"], packed["data"], strict=True):
        assert len(one["embedding"]) == 16
        assert list(struct.unpack("<16f", base64.b64decode(other["embedding"]))) == one["embedding"]
    assert plain["usage"]["prompt_tokens"] == {"Hello": 2}.get(str(given), 4 if given == ["Hello", "World"] else 3)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (_embed([]), None),
        (_embed(["a", 1]), None),
        (_embed(["a", ""]), None),
        ({"model": "e"}, "input"),
        (_embed(dimensions=0), "dimensions"),
        (_embed(encoding_format="hex"), "encoding_format"),
        (_embed(task="x"), "task"),
    ],
)
def test_embeddings_that_are_refused(body: dict[str, Any], param: str | None) -> None:
    assert support.refusal_of(EMBED, body)["param"] == param


def test_an_unknown_model_of_embeddings() -> None:
    recorded = next(one for one in recordings("openai.embeddings") if one.id.endswith("testopenai-test-embed-error.1"))
    whole = support.whole_of(EMBED, recorded.request)
    assert (whole.status, json.loads(whole.body)) == (404, json.loads(recorded.body or b""))


@pytest.mark.parametrize("recording", recordings("openai.embeddings"), ids=repr)
def test_recorded_embeddings_are_accepted(recording: Recording) -> None:
    if recording.status != 200 or recording.request is None:
        return
    theirs, ours = json.loads(recording.body or b""), support.reply_of(EMBED, recording.request)
    assert len(ours["data"]) == len(theirs["data"])
    assert set(ours["data"][0]) == set(theirs["data"][0])
    if "dimensions" in recording.request and recording.provider == "openai":
        size = recording.request["dimensions"]
        written = ours["data"][0]["embedding"]
        assert (len(written) if isinstance(written, list) else len(base64.b64decode(written)) // 4) == size


def test_gemini_embeds_one_and_many() -> None:
    content = {"parts": [{"text": "Hello"}]}
    one = support.reply_of(ONE, {"content": content, "outputDimensionality": 8})
    specs_schema.genai("EmbedContentResponse").validate({"embeddings": [one["embedding"]]})
    many = support.reply_of(
        MANY, {"requests": [{"model": "models/e", "content": content, "outputDimensionality": 8}] * 2}
    )
    assert many["embeddings"] == [one["embedding"]] * 2
    assert many["usageMetadata"]["promptTokenCount"] == 2 * one["usageMetadata"]["promptTokenCount"] == 4
    assert len(support.reply_of(ONE, {"content": content})["embedding"]["values"]) == 3072


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ONE, {"content": {"parts": []}}),
        (ONE, {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}}),
        (ONE, {"contents": []}),
        (ONE, {"content": {"parts": [{"text": "x"}]}, "outputDimensionality": 4000}),
        (MANY, {"requests": []}),
        (MANY, {"requests": [{"model": "models/other", "content": {"parts": [{"text": "x"}]}}]}),
    ],
)
def test_gemini_refuses(path: str, body: dict[str, Any]) -> None:
    assert support.refusal_of(path, body)["status"] == "INVALID_ARGUMENT"


def test_cohere_embeds_in_each_type() -> None:
    kinds = ["float", "int8", "uint8", "binary", "ubinary", "base64"]
    asked = {
        "model": "e",
        "input_type": "search_query",
        "texts": ["a", "b"],
        "embedding_types": kinds,
        "output_dimension": 256,
    }
    found = support.reply_of(COHERE_EMBED, asked)["embeddings"]
    assert {kind: len(found[kind]) for kind in kinds} == dict.fromkeys(kinds, 2)
    floats = found["float"][0]
    assert struct.unpack("<256f", base64.b64decode(found["base64"][0])) == tuple(floats)
    assert [one + 128 for one in found["int8"][0]] == found["uint8"][0]
    assert [one + 128 for one in found["binary"][0]] == found["ubinary"][0]
    assert len(found["binary"][0]) == 32
    assert found["ubinary"][0][0] >> 7 == (floats[0] > 0)


COHERE_REFUSALS = [
    (COHERE_EMBED, {"model": "e", "input_type": "search_query"}),
    (COHERE_EMBED, {"model": "e", "texts": ["a"]}),
    (COHERE_EMBED, {"model": "e", "input_type": "search_query", "texts": ["a"], "output_dimension": 7}),
    (RERANK, {"model": "r", "query": "q", "documents": []}),
    (RERANK, {"model": "r", "query": "q", "documents": ["a"], "top_n": 0}),
    (RERANK, {"model": "r", "query": "q", "documents": [{"text": "a"}]}),
]


@pytest.mark.parametrize(("path", "body"), COHERE_REFUSALS)
def test_cohere_refuses_in_a_sentence(path: str, body: dict[str, Any]) -> None:
    whole = support.whole_of(path, body)
    assert whole.status == 400
    assert set(json.loads(whole.body)) == {"id", "message"}


@pytest.mark.parametrize("recording", [*recordings("cohere.embeddings"), *recordings("cohere.rerank")], ids=repr)
def test_recorded_calls_of_cohere(recording: Recording) -> None:
    if recording.request_path.startswith("/v1/"):
        return
    whole = support.whole_of(recording.request_path, recording.request)
    theirs, ours = json.loads(recording.body or b""), json.loads(whole.body)
    assert whole.status == recording.status
    assert set(ours) == set(theirs)
    if "results" in theirs:
        assert [one["index"] for one in ours["results"]] == [one["index"] for one in theirs["results"]]


def test_reranking_as_jina_and_voyage_have_it() -> None:
    asked = {"model": "r", "query": "ruby framework", "documents": DOCUMENTS}
    jina = support.reply_of(OPEN_RERANK, asked | {"top_n": 2})
    assert [one["index"] for one in jina["results"]] == [2, 0]
    assert jina["results"][0]["document"] == {"text": DOCUMENTS[2]}
    voyage = support.reply_of(OPEN_RERANK, asked | {"top_k": 2})
    assert (voyage["object"], [set(one) for one in voyage["data"]]) == ("list", [{"index", "relevance_score"}] * 2)
    shown = support.reply_of(OPEN_RERANK, asked | {"top_k": 1, "return_documents": True})
    assert shown["data"][0]["document"] == DOCUMENTS[2]
    assert voyage["usage"] == jina["usage"]
    assert support.whole_of(OPEN_RERANK, asked | {"top_k": 1, "top_n": 1}).status == 400


@pytest.mark.parametrize(
    ("given", "flags"),
    [
        ("I will kill them", [{"violence"}]),
        (["kind words", "hate and gore"], [set(), {"hate", "violence/graphic"}]),
        (
            [{"type": "text", "text": "hate"}, {"type": "image_url", "image_url": {"url": "https://x/y.png"}}],
            [{"hate"}],
        ),
    ],
)
def test_moderations(given: Any, flags: list[set[str]]) -> None:
    found = support.reply_of(MODERATE, {"input": given})
    specs_schema.openai("CreateModerationResponse").validate(found)
    for one, wanted in zip(found["results"], flags, strict=True):
        assert {name for name, flagged in one["categories"].items() if flagged} == wanted
        assert one["flagged"] == bool(wanted)
        assert {name for name, score in one["category_scores"].items() if score > 0.5} == wanted
    assert support.refusal_of(MODERATE, {"input": []})["param"] == "input"


@pytest.mark.parametrize("recording", recordings("openai.moderations"), ids=repr)
def test_recorded_moderations_are_accepted(recording: Recording) -> None:
    if recording.status == 200 and recording.request is not None:
        theirs, ours = json.loads(recording.body or b""), support.reply_of(MODERATE, recording.request)
        assert set(theirs) == set(ours)
        assert set(theirs["results"][0]["categories"]) <= set(ours["results"][0]["categories"])


def test_images() -> None:
    found = support.reply_of(IMAGES, {"prompt": "A cat", "n": 2})
    pictures = [base64.b64decode(one["b64_json"]) for one in found["data"]]
    assert len(set(pictures)) == 2
    assert all(one.startswith(b"\x89PNG") for one in pictures)
    assert found["usage"]["total_tokens"] == found["usage"]["input_tokens"] + 2 * 272
    linked = support.reply_of(IMAGES, {"prompt": "A cat", "response_format": "url"})
    assert linked["data"][0]["url"].startswith("data:image/png;base64,")
    for wrong in (
        {"prompt": ""},
        {"prompt": "x", "n": 11},
        {"prompt": "x", "size": "big"},
        {"prompt": "x", "stream": "yes"},
    ):
        assert support.whole_of(IMAGES, wrong).status == 400


@pytest.mark.parametrize(
    ("shape", "kind"), [("mp3", b"audio/mpeg"), ("wav", b"audio/wav"), ("pcm", b"audio/pcm"), ("opus", b"audio/ogg")]
)
def test_speech(shape: str, kind: bytes) -> None:
    whole = support.whole_of(SPEECH, {"model": "t", "input": "Hello there", "voice": "alloy", "response_format": shape})
    assert dict(whole.fields)[b"content-type"] == kind
    if shape == "wav":
        with wave.open(io.BytesIO(whole.body)) as file:
            assert file.getnframes() / file.getframerate() == pytest.approx(0.2)
    assert len(whole.body) >= 9600


@pytest.mark.parametrize("more", [{"voice": None}, {"speed": 5}, {"response_format": "x"}, {"stream_format": "sse"}])
def test_speech_that_is_refused(more: dict[str, Any]) -> None:
    asked = {"model": "tts-1", "input": "Hello", "voice": "alloy"} | more
    body = {name: one for name, one in asked.items() if one is not None}
    assert support.whole_of(SPEECH, body).status == 400


def test_steps_and_knobs_work_here_too() -> None:
    assert support.whole_of(EMBED, _embed(), step=Status(429)).status == 429
    assert support.whole_of(EMBED, _embed(model="mock-fault-503")).status == 503
    assert support.reply_of(EMBED, _embed(), x_mock_input_tokens="9")["usage"]["total_tokens"] == 9
    script = support.script_of(EMBED, _embed(), step=Stream(cut_after=3))
    assert isinstance(script[-1], Abort)
    told = support.script_of(EMBED, _embed(), step=Stream(error_after=0))[0]
    assert isinstance(told, Whole)
    assert (told.status, set(json.loads(told.body))) == (200, {"error"})
