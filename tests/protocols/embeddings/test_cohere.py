"""Cohere's embeddings."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.protocols.embeddings.asking import inbound, read, reply, written
from tests.recordings import recordings

from plexus.canonical.content import Extras
from plexus.canonical.embedding import EmbedRequest, EmbedResponse, Tokens, Vector
from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.canonical.headers import Headers
from plexus.canonical.usage import usage
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.embeddings import COHERE
from plexus.protocols.embeddings.cohere import billed

DIALECT = CohereDialect()


def asked(**members: Any) -> EmbedRequest:
    return EmbedRequest(**{"origin": "openai_chat", "model": "m", "inputs": ("a", "b"), **members})


def test_the_recording_both_ways() -> None:
    (recording,) = [one for one in recordings("cohere.embeddings") if one.status == 200]
    assert recording.body is not None
    request = read(COHERE, recording.request)
    body, losses = written(COHERE, request)
    assert (body, losses) == (recording.request, [])
    response = COHERE.decode_response(recording.body, DIALECT)
    wire = json.loads(recording.body)
    again = reply(COHERE, response, request)
    for name in ("id", "texts", "embeddings", "response_type"):
        assert again[name] == wire[name]
    assert again["meta"]["billed_units"]["input_tokens"] == 7
    tap = COHERE.tap(DIALECT)
    tap.read(recording.body)
    assert (tap.usage, tap.empty) == (response.usage, False)


def test_the_recorded_failure() -> None:
    (recording,) = [one for one in recordings("cohere.embeddings") if one.status == 404]
    assert recording.body is not None
    assert COHERE.decode_error(404, Headers(), recording.body).kind is ErrorKind.UPSTREAM_MODEL_UNKNOWN


@pytest.mark.parametrize(
    ("members", "expected", "lost"),
    [
        ({}, {"input_type": "search_document"}, []),
        ({"purpose": "query"}, {"input_type": "search_query"}, []),
        ({"purpose": "code_query"}, {"input_type": "search_query"}, [("taskType", "approximated")]),
        ({"purpose": "similarity"}, {"input_type": "clustering"}, [("taskType", "approximated")]),
        ({"dimensions": 256, "truncate": "start"}, {"output_dimension": 256, "truncate": "START"}, []),
        ({"title": "T", "user": "u"}, {}, [("title", "unsupported"), ("user", "unsupported")]),
        ({"encodings": ("base64",)}, {"embedding_types": ["float"]}, []),
        ({"extras": Extras("openai_chat", {"x": msgspec.Raw(b"1")})}, {}, [("x", "foreign")]),
        ({"extras": Extras("cohere", {"priority": msgspec.Raw(b"1")})}, {"priority": 1}, []),
    ],
)
def test_settings(members: dict[str, Any], expected: dict[str, Any], lost: list[tuple[str, str]]) -> None:
    plain = {"model": "m", "texts": ["a", "b"], "input_type": "search_document", "embedding_types": ["float"]}
    assert written(COHERE, asked(**members)) == ({**plain, **expected}, lost)


def test_a_refused_member_is_left_out() -> None:
    body, losses = written(COHERE, asked(dimensions=8), CohereDialect(refused_members=frozenset({"output_dimension"})))
    assert "output_dimension" not in body
    assert losses == [("output_dimension", "refused")]


@pytest.mark.parametrize("members", [{"inputs": (Tokens((1,)),)}, {"inputs": ("a",) * 97}, {"encodings": ("ubinary",)}])
def test_what_cannot_be_asked_is_a_400(members: dict[str, Any]) -> None:
    with pytest.raises(ClientError):
        COHERE.encode_request(asked(**members), DIALECT)


def test_mixed_inputs_of_text_are_texts() -> None:
    given = [{"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
    request = read(COHERE, {"model": "m", "input_type": "clustering", "inputs": given, "truncate": "END"})
    assert (request.inputs, request.purpose, request.truncate) == (("a\nb",), "clustering", "end")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"texts": ["a"]}, "input_type"),
        ({"input_type": "clustering"}, "texts"),
        ({"input_type": "image", "images": ["data:image/png;base64,"]}, "images"),
        ({"input_type": "image", "inputs": [{"content": [{"type": "image_url", "image_url": {}}]}]}, "inputs"),
        ({"input_type": "clustering", "texts": ["a"], "embedding_types": ["int4"]}, "embedding_types"),
    ],
)
def test_what_is_not_allowed_names_its_member(body: Any, param: str) -> None:
    with pytest.raises(ClientError) as refused:
        COHERE.decode_request(inbound({"model": "m", **body}))
    assert refused.value.param == param


def test_every_kind_of_number_that_was_asked_for() -> None:
    request = read(
        COHERE, {"model": "m", "input_type": "clustering", "texts": ["a"], "embedding_types": ["float", "base64"]}
    )
    body = reply(COHERE, EmbedResponse(vectors=(Vector(packed=b"\0\0\x80\x3f"),), usage=usage(input=2)), request)
    assert body["embeddings"] == {"float": [[1.0]], "base64": ["AACAPw=="]}
    assert body["meta"]["billed_units"] == {"input_tokens": 2}


def test_a_reply_without_floats_is_the_providers_fault() -> None:
    with pytest.raises(ProviderError):
        COHERE.decode_response(b'{"embeddings":{"int8":[[1]]}}', DIALECT)
    tap = COHERE.tap(DIALECT)
    tap.read(b'{"embeddings":{"int8":[[1]]}}')
    assert (tap.failure, tap.empty) == (None, False)


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"billed_units": {"input_tokens": 7, "image_tokens": 50}}, (57, 50)),
        ({"billed_units": {"search_units": 1}}, (0, 0)),
        ({"billed_units": {}}, None),
        ({"api_version": {}}, None),
        (7, None),
    ],
)
def test_what_is_billed(meta: Any, expected: tuple[int, int] | None) -> None:
    found = billed(msgspec.Raw(json.dumps(meta).encode()))
    assert (None if found is None else (found.input, found.image_input)) == expected
