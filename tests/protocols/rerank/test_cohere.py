"""Rerank as Cohere's v2 has it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.recordings import recordings

from plexus.canonical.content import Extras
from plexus.canonical.reranking import RerankRequest
from plexus.protocols import envelope
from plexus.protocols.codec import Inbound
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.rerank import COHERE

DIALECT = CohereDialect()


def read(body: Any) -> RerankRequest:
    return COHERE.decode_request(Inbound(envelope=envelope.read(json.dumps(body).encode())))  # type: ignore[no-any-return]


def test_the_recording_both_ways() -> None:
    (recording,) = [one for one in recordings("cohere.rerank") if one.request_path == "/v2/rerank"]
    assert recording.body is not None
    request = read(recording.request)
    outbound, losses = COHERE.encode_request(request, DIALECT)
    assert (outbound.path, json.loads(outbound.body), list(losses)) == ("/rerank", recording.request, [])
    response = COHERE.decode_response(recording.body, DIALECT)
    raw, _ = COHERE.encode_response(response, request)
    again, wire = json.loads(raw), json.loads(recording.body)
    assert (again["id"], again["results"]) == (wire["id"], wire["results"])
    tap = COHERE.tap(DIALECT)
    tap.read(recording.body)
    assert tap.usage is not None
    assert (json.loads(tap.usage.raw or "")["billed_units"], tap.empty) == ({"search_units": 1}, False)


@pytest.mark.parametrize(
    ("members", "expected", "lost"),
    [
        ({"max_document_tokens": 9}, {"max_tokens_per_doc": 9}, []),
        ({"truncate": True}, {}, []),
        ({"truncate": False}, {}, [("truncation", "unsupported")]),
        ({"extras": Extras("openai_chat", {"x": msgspec.Raw(b"1")})}, {}, [("x", "foreign")]),
        ({"extras": Extras("cohere", {"priority": msgspec.Raw(b"1")})}, {"priority": 1}, []),
    ],
)
def test_settings(members: dict[str, Any], expected: dict[str, Any], lost: list[tuple[str, str]]) -> None:
    request = RerankRequest(origin="openai_chat", model="m", query="q", documents=("a",), **members)
    outbound, losses = COHERE.encode_request(request, DIALECT)
    assert json.loads(outbound.body) == {"model": "m", "query": "q", "documents": ["a"], **expected}
    assert [(loss.path, loss.reason) for loss in losses] == lost


def test_a_refused_member_is_left_out() -> None:
    request = RerankRequest(origin="cohere", model="m", query="q", documents=("a",), top=1)
    outbound, losses = COHERE.encode_request(request, CohereDialect(refused_members=frozenset({"top_n"})))
    assert "top_n" not in json.loads(outbound.body)
    assert [loss.reason for loss in losses] == ["refused"]
