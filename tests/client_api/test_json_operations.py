"""Embeddings and rerank through the whole app: every client's shape before every provider's."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest
from tests.gateway import CHAT, GEMINI, MESSAGES, gateway

from plexus.mock_provider import Raw, Status
from plexus.protocols.openai_chat.dialect import ChatDialect

COHERE = "cohere"
UPSTREAM = pytest.mark.parametrize("upstream", [CHAT, GEMINI, COHERE])
JINA, VOYAGE = (
    {"rerank": "top_n"},
    {"rerank": "top_k", "embed_dimensions": "output_dimension", "embed_purpose": "input_type"},
)

Case = tuple[str, dict[str, Any], Callable[[Any], list[list[float]]]]
TEXTS = ["a red fox", "a blue sky"]
EMBEDS: dict[str, Case] = {
    CHAT: (
        "/v1/embeddings",
        {"model": "chat", "input": TEXTS},
        lambda reply: [one["embedding"] for one in reply["data"]],
    ),
    "packed": (
        "/v1/embeddings",
        {"model": "chat", "input": TEXTS, "encoding_format": "base64"},
        lambda reply: [unpacked(one["embedding"]) for one in reply["data"]],
    ),
    GEMINI: (
        "/v1beta/models/chat:batchEmbedContents",
        {"requests": [{"model": "models/chat", "content": {"parts": [{"text": text}]}} for text in TEXTS]},
        lambda reply: [one["values"] for one in reply["embeddings"]],
    ),
    "one": (
        "/v1beta/models/chat:embedContent",
        {"content": {"parts": [{"text": TEXTS[0]}]}},
        lambda reply: [reply["embedding"]["values"]],
    ),
    COHERE: (
        "/v2/embed",
        {"model": "chat", "texts": TEXTS, "input_type": "search_document", "embedding_types": ["float", "base64"]},
        lambda reply: reply["embeddings"]["float"],
    ),
}
OWN = {"packed": CHAT, "one": GEMINI}
"""Whose protocol a case is of."""


def unpacked(text: str) -> list[float]:
    raw = base64.b64decode(text)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


def json_body(raw: bytes) -> Raw:
    return Raw(raw, content_type="application/json")


def dialects(answers: dict[str, Any]) -> dict[str, Any]:
    return {CHAT: ChatDialect(**answers)}


@UPSTREAM
@pytest.mark.parametrize("client", EMBEDS)
async def test_everyone_gets_the_vectors_of_everyone(client: str, upstream: str) -> None:
    path, body, vectors = EMBEDS[client]
    async with gateway(upstream) as bench:
        reply = await bench.client.post(path, json=body)
        assert reply.status_code == 200, reply.text
        found = vectors(reply.json())
        assert len(found) == (1 if client == "one" else 2)
        size = {CHAT: 1536, GEMINI: 3072, COHERE: 1024}[upstream]
        assert all(len(vector) == size for vector in found)
        assert all(abs(sum(number * number for number in vector) - 1) < 1e-3 for vector in found)
        record = await bench.record()
        assert record.usage is not None
        assert (record.operation, record.stream, record.status) == ("embed", False, 200)
        assert (record.lane == "translate") is (upstream != OWN.get(client, client))
        assert record.usage.input > 0
        assert not record.usage.estimated
        assert record.usage.output == 0
        assert reply.headers["content-type"] == "application/json"


async def test_the_same_protocol_keeps_the_bytes_both_ways() -> None:
    async with gateway(CHAT, models=("chat",)) as bench:
        raw = b'{"model" : "chat", "input":["a"] ,"unknown":{"x":1.0}}'
        answer = b'{"object":"list","data":[{"index":0,"embedding":[0.10,1e-05]}],  "usage":{"prompt_tokens":1}}'
        bench.providers[0].script(json_body(answer))
        reply = await bench.client.post("/v1/embeddings", content=raw)
        assert (reply.content, bench.providers[0].calls[0].body) == (answer, raw)
        assert (await bench.record()).lane == "pass"


async def test_settings_reach_a_provider_in_its_words() -> None:
    async with gateway(GEMINI) as bench:
        body = {"model": "chat", "input": "a", "dimensions": 8, "input_type": "query", "user": "u"}
        reply = await bench.client.post("/v1/embeddings", json=body)
        assert len(reply.json()["data"][0]["embedding"]) == 8
        assert reply.headers["x-plexus-losses"] == "user;unsupported"
        asked = bench.providers[0].calls[0].json
        assert (asked["taskType"], asked["outputDimensionality"]) == ("RETRIEVAL_QUERY", 8)
        strict = await bench.client.post("/v1/embeddings", json=body, headers={"x-plexus-strict": "true"})
        assert (strict.status_code, strict.json()["error"]["code"]) == (400, "loss_refused")


async def test_a_dialect_of_the_same_protocol_is_translated_too() -> None:
    async with gateway(CHAT, dialects=dialects(VOYAGE)) as bench:
        reply = await bench.client.post("/v1/embeddings", json={"model": "chat", "input": "a", "dimensions": 8})
        assert len(reply.json()["data"][0]["embedding"]) == 8
        assert bench.providers[0].calls[0].json == {"model": "mock-chat", "input": ["a"], "output_dimension": 8}
        assert (await bench.record()).lane == "translate"


async def test_a_missing_usage_is_estimated_for_record_and_client() -> None:
    async with gateway(GEMINI) as bench:
        bench.providers[0].script(json_body(b'{"embedding":{"values":[1]}}'))
        reply = await bench.client.post("/v1/embeddings", json={"model": "chat", "input": "Hello, how are you today?"})
        counted = reply.json()["usage"]["prompt_tokens"]
        record = await bench.record()
        assert record.usage is not None
        assert (record.usage.input, record.usage.output, record.usage.estimated) == (counted, 0, True)
        assert counted > 5
        assert record.notes == ("tokens_estimated",)


async def test_a_missing_usage_on_the_lane_that_keeps_the_bytes_is_estimated_in_the_record() -> None:
    async with gateway(GEMINI) as bench:
        bench.providers[0].script(json_body(b'{"embedding":{"values":[1]}}'))
        path, body, _ = EMBEDS["one"]
        reply = await bench.client.post(path, json=body)
        assert reply.content == b'{"embedding":{"values":[1]}}'
        record = await bench.record()
        assert record.usage is not None
        assert (record.usage.input > 0, record.usage.output, record.usage.estimated) == (True, 0, True)


@pytest.mark.parametrize("upstream", [GEMINI, COHERE])
async def test_tokens_of_another_vocabulary_are_a_400(upstream: str) -> None:
    async with gateway(upstream) as bench:
        reply = await bench.client.post("/v1/embeddings", json={"model": "chat", "input": [[1, 2]]})
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "input")
        assert not bench.providers[0].calls


async def test_tokens_go_to_the_target_that_can_take_them() -> None:
    async with gateway(GEMINI, CHAT) as bench:
        reply = await bench.client.post("/v1/embeddings", json={"model": "chat", "input": [1, 2]})
        assert (reply.status_code, reply.headers["x-plexus-target"]) == (200, "p1/mock-chat")
        assert reply.json()["usage"]["prompt_tokens"] == 2


async def test_failover_crosses_protocols() -> None:
    async with gateway(CHAT, MESSAGES, GEMINI) as bench:
        bench.providers[0].script(Status(500), Status(500))
        reply = await bench.client.post("/v1/embeddings", json={"model": "chat", "input": "a"})
        assert (reply.status_code, reply.headers["x-plexus-target"]) == (200, "p2/mock-chat")
        record = await bench.record()
        assert [one.error for one in record.attempts] == ["upstream_error", "upstream_error", None]
        assert record.reason == "in_order, serves embed"


async def test_a_reply_with_nothing_in_it_is_tried_again() -> None:
    async with gateway(CHAT) as bench:
        bench.providers[0].script(json_body(b'{"object":"list","data":[]}'))
        reply = await bench.client.post("/v1/embeddings", json={"model": "chat", "input": "a"})
        assert len(reply.json()["data"]) == 1
        assert [one.error for one in (await bench.record()).attempts] == ["upstream_empty", None]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/v1/embeddings", {"model": "chat", "input": "a"}, lambda reply: reply["error"]["type"]),
        (
            "/v1beta/models/chat:embedContent",
            {"content": {"parts": [{"text": "a"}]}},
            lambda reply: reply["error"]["status"],
        ),
        ("/v2/embed", {"model": "chat", "texts": ["a"], "input_type": "clustering"}, lambda reply: reply["message"]),
    ],
)
@UPSTREAM
async def test_failures_come_in_the_clients_shape(path: str, body: Any, says: Any, upstream: str) -> None:
    async with gateway(upstream) as bench:
        bench.providers[0].script(Status(400, message="Not so"))
        reply = await bench.client.post(path, json=body)
        assert reply.status_code == 400
        assert says(reply.json())
        assert "Not so" in reply.text
        assert (await bench.record()).error == "bad_request"


DOCUMENTS = ["a blue sky", "a red fox", {"text": "red fox, red fox"}]
RERANKS: dict[str, tuple[str, dict[str, Any], str]] = {
    "jina": ("/v1/rerank", {"top_n": 2}, "results"),
    "voyage": ("/v1/rerank", {"top_k": 2}, "data"),
    COHERE: ("/v2/rerank", {"top_n": 2}, "results"),
}


@pytest.mark.parametrize("client", RERANKS)
@pytest.mark.parametrize(("upstream", "answers"), [(CHAT, JINA), (CHAT, VOYAGE), (COHERE, {})])
async def test_everyone_gets_the_ranks_of_everyone(client: str, upstream: str, answers: dict[str, Any]) -> None:
    path, members, place = RERANKS[client]
    async with gateway(upstream, dialects=dialects(answers)) as bench:
        documents = DOCUMENTS if path == "/v1/rerank" else DOCUMENTS[:2]
        reply = await bench.client.post(
            path, json={"model": "chat", "query": "red fox", "documents": documents, **members}
        )
        assert reply.status_code == 200, reply.text
        ranked = reply.json()[place]
        assert [one["index"] for one in ranked] == ([1, 2] if path == "/v1/rerank" else [1, 0])
        assert ranked[0]["relevance_score"] == 1.0
        shown = ranked[0].get("document")
        assert shown == ({"text": "a red fox"} if client == "jina" else None)
        record = await bench.record()
        assert record.usage is not None
        assert (record.operation, record.status, record.usage.output) == ("rerank", 200, 0)
        if upstream == COHERE:
            assert json.loads(record.usage.raw or "")["billed_units"] == {"search_units": 1}
        else:
            assert record.usage.input > 0


async def test_the_shape_is_kept_over_a_failover() -> None:
    async with gateway(CHAT, COHERE, dialects=dialects(JINA)) as bench:
        bench.providers[0].script(Status(503), Status(503))
        body = {"model": "chat", "query": "red", "documents": ["red"], "top_k": 1}
        reply = await bench.client.post("/v1/rerank", json=body)
        assert (reply.status_code, reply.json()["data"]) == (200, [{"index": 0, "relevance_score": 1.0}])


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank", "/v1/moderations", "/v1/embeddings", "/v2/embed"])
async def test_what_no_target_serves_is_a_400_that_says_so(path: str) -> None:
    async with gateway(MESSAGES) as bench:
        reply = await bench.client.post(path, json={"model": "chat"})
        assert reply.status_code == 400
        assert "No target of the model 'chat' serves" in reply.text
        assert not bench.providers[0].calls
        record = await bench.record()
        assert (record.error, record.error_code, record.attempts) == ("bad_request", "operation_not_served", ())


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v2/embed", "/v2/rerank"])
async def test_a_key_is_needed_and_post(path: str) -> None:
    async with gateway(CHAT) as bench:
        reply = await bench.client.post(
            path, json={"model": "chat"}, headers={"authorization": "Bearer wrong-key-0000"}
        )
        assert reply.status_code == 401
        assert (await bench.client.get(path)).headers["allow"] == "POST"
        assert not bench.journal.records


async def test_a_wish_for_a_stream_is_none_of_ours() -> None:
    async with gateway(CHAT) as bench:
        reply = await bench.client.post("/v1/embeddings", json={"model": "chat", "input": "a", "stream": False})
        assert reply.status_code == 400  # the provider's own word for a member that it does not know
        record = await bench.record()
        assert record.stream is False


async def test_a_batch_that_only_gemini_can_do_goes_there() -> None:
    requests = [
        {"model": "models/chat", "content": {"parts": [{"text": text}]}, "outputDimensionality": size}
        for text, size in (("a", 8), ("b", 16))
    ]
    async with gateway(CHAT, GEMINI) as bench:
        reply = await bench.client.post("/v1beta/models/chat:batchEmbedContents", json={"requests": requests})
        assert (reply.status_code, reply.headers["x-plexus-target"]) == (200, "p1/mock-chat")
        assert [len(one["values"]) for one in reply.json()["embeddings"]] == [8, 16]
