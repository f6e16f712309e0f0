"""Rerank in the words of Jina and Voyage."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.recordings import recordings

from plexus.canonical.content import Extras
from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError
from plexus.canonical.reranking import Ranked, RerankRequest, RerankResponse
from plexus.canonical.usage import usage
from plexus.protocols import envelope
from plexus.protocols.codec import Inbound
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.rerank import JINA_VOYAGE
from plexus.protocols.rerank.jina_voyage import fits, serves

JINA, VOYAGE = ChatDialect(rerank="top_n"), ChatDialect(rerank="top_k")
PLAIN = {"model": "m", "query": "q", "documents": ["a", "b"]}


def read(body: Any) -> RerankRequest:
    return JINA_VOYAGE.decode_request(Inbound(envelope=envelope.read(json.dumps({**PLAIN, **body}).encode())))  # type: ignore[no-any-return]


def written(request: RerankRequest, dialect: ChatDialect) -> tuple[Any, list[tuple[str, str]]]:
    outbound, losses = JINA_VOYAGE.encode_request(request, dialect)
    assert outbound.path == "/rerank"
    return json.loads(outbound.body), [(loss.path, loss.reason) for loss in losses]


def test_the_recording_of_coheres_v1_both_ways() -> None:
    (recording,) = [one for one in recordings("cohere.rerank") if one.request_path == "/v1/rerank"]
    assert recording.body is not None
    assert recording.request is not None
    request = read(recording.request)
    response = JINA_VOYAGE.decode_response(recording.body, JINA)
    wire = json.loads(recording.body)
    assert [(one.index, one.score) for one in response.results] == [
        (one["index"], one["relevance_score"]) for one in wire["results"]
    ]
    assert response.usage is not None
    assert (response.usage.input, json.loads(response.usage.raw or "")) == (0, wire["meta"])
    body, losses = written(request, JINA)
    assert (body, losses) == ({**recording.request, "return_documents": False}, [])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"top": None, "return_documents": True, "as_data": False}),
        ({"top_n": 1, "return_documents": False}, {"top": 1, "return_documents": False, "as_data": False}),
        ({"top_k": 1}, {"top": 1, "return_documents": False, "as_data": True}),
        ({"truncation": False}, {"truncate": False, "as_data": True}),
        ({"top_k": 1, "return_documents": True}, {"return_documents": True, "as_data": True}),
        ({"documents": ["a", {"text": "b"}]}, {"documents": ("a", "b")}),
    ],
)
def test_requests(body: Any, expected: dict[str, Any]) -> None:
    request = read(body)
    assert {name: getattr(request, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"query": None}, "query"),
        ({"documents": None}, "documents"),
        ({"documents": [{"image": "x"}]}, "documents[0]"),
        ({"documents": ["a", 7]}, "documents[1]"),
    ],
)
def test_what_is_not_allowed_names_its_member(body: Any, param: str) -> None:
    with pytest.raises(ClientError) as refused:
        read(body)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("dialect", "body", "expected", "lost"),
    [
        (JINA, {"top_k": 1}, {"top_n": 1, "return_documents": False}, []),
        (VOYAGE, {"top_n": 1}, {"top_k": 1}, []),
        (VOYAGE, {"truncation": False}, {"truncation": False}, []),
        (JINA, {"truncation": False}, {"return_documents": False}, [("truncation", "unsupported")]),
        (JINA, {"max_tokens_per_doc": 9}, {"return_documents": False}, [("max_tokens_per_doc", "unsupported")]),
        (JINA, {"rank_fields": ["x"]}, {"return_documents": False, "rank_fields": ["x"]}, []),
        (VOYAGE, {"rank_fields": ["x"]}, {}, [("rank_fields", "foreign")]),
    ],
)
def test_a_providers_words(
    dialect: ChatDialect, body: Any, expected: dict[str, Any], lost: list[tuple[str, str]]
) -> None:
    assert written(read(body), dialect) == ({**PLAIN, **expected}, lost)


def test_refused_members_are_left_out_and_our_own_is_no_loss() -> None:
    dialect = ChatDialect(rerank="top_n", refused_members=frozenset({"return_documents", "top_n"}))
    assert written(read({"top_n": 1}), dialect) == (PLAIN, [("top_n", "refused")])


def test_members_of_another_protocol_are_lost() -> None:
    request = msgspec.structs.replace(read({}), extras=Extras("cohere", {"priority": msgspec.Raw(b"1")}))
    assert written(request, JINA)[1] == [("priority", "foreign")]


def test_who_serves_it_and_which_bodies_stay() -> None:
    assert [serves(one) for one in (ChatDialect(), JINA, VOYAGE)] == [False, True, True]
    plain, voyage = (envelope.read(json.dumps(body).encode()) for body in (PLAIN, {**PLAIN, "top_k": 1}))
    assert [fits(plain, JINA), fits(plain, VOYAGE)] == [True, False]
    assert [fits(voyage, JINA), fits(voyage, VOYAGE)] == [False, True]


@pytest.mark.parametrize("name", ["results", "data"])
def test_either_reply_is_read(name: str) -> None:
    wire = {name: [{"index": 1, "relevance_score": 0.5}], "usage": {"total_tokens": 9}, "model": "r"}
    response = JINA_VOYAGE.decode_response(json.dumps(wire).encode(), VOYAGE)
    assert (response.results, response.model) == ((Ranked(1, 0.5),), "r")
    assert response.usage is not None
    assert response.usage.input == 9


def test_an_error_inside_a_200_is_one() -> None:
    with pytest.raises(GatewayError) as failed:
        JINA_VOYAGE.decode_response(b'{"error":{"message":"Later","code":"rate_limit_exceeded"}}', JINA)
    assert failed.value.kind is ErrorKind.RATE_LIMIT


RESPONSE = RerankResponse(results=(Ranked(1, 0.5), Ranked(0, 0.25)), model="r", id="i", usage=usage(input=4))


@pytest.mark.parametrize(
    ("body", "name", "documents"),
    [
        ({}, "results", [{"text": "b"}, {"text": "a"}]),
        ({"return_documents": False}, "results", [None, None]),
        ({"top_k": 2}, "data", [None, None]),
        ({"top_k": 2, "return_documents": True}, "data", ["b", "a"]),
    ],
)
def test_replies(body: Any, name: str, documents: list[Any]) -> None:
    raw, losses = JINA_VOYAGE.encode_response(RESPONSE, read(body))
    reply = json.loads(raw)
    assert [(one["index"], one["relevance_score"]) for one in reply[name]] == [(1, 0.5), (0, 0.25)]
    assert [one.get("document") for one in reply[name]] == documents
    assert (reply["model"], reply["usage"], list(losses)) == ("r", {"total_tokens": 4}, [])
    assert ("object" in reply) is (name == "data")


def test_a_place_that_no_document_has_is_the_providers_fault() -> None:
    with pytest.raises(ProviderError):
        JINA_VOYAGE.encode_response(RerankResponse(results=(Ranked(2, 0.5),)), read({}))
