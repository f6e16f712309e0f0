"""OpenAI's embeddings, and the words of others for the same."""

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
from plexus.protocols.embeddings import OPENAI
from plexus.protocols.embeddings.openai import fits, input_usage
from plexus.protocols.openai_chat.dialect import ChatDialect

VOYAGE = ChatDialect(embed_dimensions="output_dimension", embed_purpose="input_type", embed_truncation=True)
JINA = ChatDialect(embed_purpose="task")
PERPLEXITY = ChatDialect(embed_formats=frozenset({"int8"}))
GOOD = [one for one in recordings("openai.embeddings") if one.status == 200]
BAD = [one for one in recordings("openai.embeddings") if one.status != 200]


def asked(**members: Any) -> EmbedRequest:
    return EmbedRequest(**{"origin": "gemini", "model": "m", "inputs": ("a", "b"), **members})


@pytest.mark.parametrize("recording", GOOD, ids=repr)
def test_recorded_replies(recording: Recording) -> None:
    assert recording.body is not None
    assert recording.request is not None
    dialect = PERPLEXITY if recording.provider == "perplexity" else ChatDialect()
    response = OPENAI.decode_response(recording.body, dialect)
    wire = json.loads(recording.body)
    assert len(response.vectors) == len(wire["data"])
    assert response.usage is not None
    assert response.usage.input == wire["usage"].get("prompt_tokens", wire["usage"]["total_tokens"])
    asked_for = recording.request.get("dimensions") or recording.request.get("output_dimension")
    for vector, of in zip(response.vectors, wire["data"], strict=True):
        assert isinstance(of["embedding"], str) or numbers(vector) == of["embedding"]
        assert len(numbers(vector)) == (asked_for or len(numbers(response.vectors[0]))) >= 128
    tap = OPENAI.tap(dialect)
    tap.read(recording.body)
    assert (tap.usage, tap.empty) == (response.usage, False)


@pytest.mark.parametrize("recording", BAD, ids=repr)
def test_recorded_failures(recording: Recording) -> None:
    assert recording.body is not None
    error = OPENAI.decode_error(recording.status, Headers(), recording.body)
    assert error.message == json.loads(recording.body)["error"]["message"]


@pytest.mark.parametrize("recording", [one for one in GOOD if one.provider != "voyage"], ids=repr)
def test_recorded_requests_come_out_as_they_went_in(recording: Recording) -> None:
    assert recording.request is not None
    given = dict(recording.request)
    body, losses = written(OPENAI, read(OPENAI, given))
    given.pop("encoding_format", None)  # numbers are written by us as the client wants them
    if not isinstance(given["input"], list) or isinstance(given["input"][0], int):
        given["input"] = [given["input"]]
    assert (body, losses) == (given, [])


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        ([1, 2], (Tokens((1, 2)),)),
        ([[1, 2], [3]], (Tokens((1, 2)), Tokens((3,)))),
        (["a", [3]], ("a", Tokens((3,)))),
    ],
)
def test_inputs(given: Any, inputs: tuple[Any, ...]) -> None:
    assert read(OPENAI, {"model": "m", "input": given}).inputs == inputs


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "m"}, "input"),
        ({"model": "m", "input": {"image": "x"}}, "input"),
        ({"model": "m", "input": ["a", 1]}, "input"),
        ({"model": "m", "input": "a", "encoding_format": "hex"}, "encoding_format"),
        ({"model": "m", "input": "a", "dimensions": "many"}, "dimensions"),
    ],
)
def test_what_is_not_allowed_names_its_member(body: Any, param: str) -> None:
    with pytest.raises(ClientError) as refused:
        OPENAI.decode_request(inbound(body))
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("dialect", "members", "expected", "lost"),
    [
        (ChatDialect(), {"dimensions": 8}, {"dimensions": 8}, []),
        (VOYAGE, {"dimensions": 8}, {"output_dimension": 8}, []),
        (ChatDialect(embed_dimensions=None), {"dimensions": 8}, {}, [("dimensions", "unsupported")]),
        (ChatDialect(), {"purpose": "query"}, {}, [("input_type", "unsupported")]),
        (VOYAGE, {"purpose": "query"}, {"input_type": "query"}, []),
        (VOYAGE, {"purpose": "document"}, {"input_type": "document"}, []),
        (VOYAGE, {"purpose": "code_query"}, {"input_type": "query"}, [("input_type", "approximated")]),
        (VOYAGE, {"purpose": "clustering"}, {"input_type": "document"}, [("input_type", "approximated")]),
        (JINA, {"purpose": "query"}, {"task": "retrieval.query"}, []),
        (JINA, {"purpose": "similarity"}, {"task": "text-matching"}, []),
        (JINA, {"purpose": "fact_check"}, {}, [("task", "unsupported")]),
        (ChatDialect(), {"truncate": "end"}, {}, [("truncate", "unsupported")]),
        (VOYAGE, {"truncate": "none"}, {"truncation": False}, []),
        (VOYAGE, {"truncate": "end"}, {"truncation": True}, []),
        (VOYAGE, {"truncate": "start"}, {"truncation": True}, [("truncate", "approximated")]),
        (ChatDialect(), {"user": "u"}, {"user": "u"}, []),
        (ChatDialect(refused_members=frozenset({"user"})), {"user": "u"}, {}, [("user", "refused")]),
        (ChatDialect(), {"title": "T"}, {}, [("title", "unsupported")]),
        (ChatDialect(), {"extras": Extras("gemini", {"x": msgspec.Raw(b"1")})}, {}, [("x", "foreign")]),
        (ChatDialect(), {"extras": Extras("openai_chat", {"x": msgspec.Raw(b"1")})}, {"x": 1}, []),
    ],
)
def test_settings_in_each_providers_words(
    dialect: ChatDialect, members: dict[str, Any], expected: dict[str, Any], lost: list[tuple[str, str]]
) -> None:
    body, losses = written(OPENAI, asked(**members), dialect)
    assert (body, losses) == ({"model": "m", "input": ["a", "b"], **expected}, lost)


def test_numbers_that_only_cohere_makes_are_refused() -> None:
    with pytest.raises(ClientError) as refused:
        OPENAI.encode_request(asked(encodings=("float", "int8")), ChatDialect())
    assert (refused.value.kind, refused.value.param) == (ErrorKind.BAD_REQUEST, "embedding_types")


@pytest.mark.parametrize(
    ("members", "dialect", "expected"),
    [
        ({}, ChatDialect(), True),
        ({"dimensions": 8, "encoding_format": "base64", "input_type": "query"}, ChatDialect(), True),
        ({"dimensions": 8}, VOYAGE, False),
        ({"output_dimension": 8, "input_type": "query"}, VOYAGE, True),
        ({"task": "retrieval.query"}, VOYAGE, False),
        ({"input_type": "query"}, JINA, False),
        ({"task": "retrieval.query"}, JINA, True),
        ({}, PERPLEXITY, False),
        ({"encoding_format": "base64"}, PERPLEXITY, False),
        ({"encoding_format": "base64_int8"}, PERPLEXITY, True),
        ({"encoding_format": "base64"}, ChatDialect(embed_formats=frozenset({"float"})), False),
    ],
)
def test_which_bodies_stay(members: dict[str, Any], dialect: ChatDialect, expected: bool) -> None:
    body = envelope.read(json.dumps({"model": "m", "input": "a", **members}).encode())
    assert fits(body, dialect) is expected


def test_vectors_come_in_the_order_of_the_inputs() -> None:
    data = [{"index": 1, "embedding": [1]}, {"index": 0, "embedding": [0]}]
    response = OPENAI.decode_response(json.dumps({"data": data}).encode(), ChatDialect())
    assert [numbers(vector) for vector in response.vectors] == [[0], [1]]


def test_an_error_inside_a_200_is_one() -> None:
    body = json.dumps({"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}).encode()
    with pytest.raises(GatewayError) as failed:
        OPENAI.decode_response(body, ChatDialect())
    assert failed.value.kind is ErrorKind.RATE_LIMIT


@pytest.mark.parametrize(
    ("wire", "count"),
    [
        ({"prompt_tokens": 3, "total_tokens": 3}, 3),
        ({"total_tokens": 4}, 4),
        ({"prompt_tokens": 5, "cost": {"currency": "USD"}}, 5),
        ({}, None),
        ({"total_tokens": "many"}, None),
    ],
)
def test_usage(wire: Any, count: int | None) -> None:
    found = input_usage(msgspec.Raw(json.dumps(wire).encode()))
    assert (None if found is None else found.input) == count


def test_the_reply() -> None:
    response = EmbedResponse(
        vectors=(Vector(numbers=msgspec.Raw(b"[1.0]")), Vector(packed=b"\0\0\0\xc0")), usage=usage(input=7)
    )
    body = reply(OPENAI, response, asked())
    assert body == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [1.0]},
            {"object": "embedding", "index": 1, "embedding": [-2.0]},
        ],
        "model": "m",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }
    packed = reply(OPENAI, response, asked(encodings=("base64",)))
    assert [one["embedding"] for one in packed["data"]] == ["AACAPw==", "AAAAwA=="]
