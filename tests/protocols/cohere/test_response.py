from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.canonical.content import Text
from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.response import GenerateResponse
from plexus.protocols.cohere import CODEC
from plexus.protocols.cohere.dialect import CohereDialect


def reply(message: Any, dialect: CohereDialect | None = None, **members: Any) -> GenerateResponse:
    body = json.dumps({"id": "r", "message": message, "finish_reason": "COMPLETE", **members}).encode()
    return CODEC.decode_response(body, dialect or CODEC.default_dialect)


@pytest.mark.parametrize(("body", "kind", "words"), [
    (b'{"message":"broken"}', ErrorKind.UPSTREAM_ERROR, "broken"),
    (b'{"message":"too long","error_type":"TOO_MANY_TOKENS"}', ErrorKind.CONTEXT_LENGTH, "too long"),
    (b'{"message":{"content":[]},"finish_reason":"ERROR"}', ErrorKind.UPSTREAM_ERROR, "ERROR"),
    (b"{}", ErrorKind.UPSTREAM_MALFORMED, "no message"),
    (b"[]", ErrorKind.UPSTREAM_MALFORMED, "cannot be read"),
    (b'{"message":7}', ErrorKind.UPSTREAM_MALFORMED, "cannot be read"),
])  # fmt: skip
def test_what_is_no_reply(body: bytes, kind: ErrorKind, words: str) -> None:
    with pytest.raises(ProviderError, match=words) as caught:
        CODEC.decode_response(body, CODEC.default_dialect)
    assert caught.value.kind is kind


def cited(response: GenerateResponse) -> list[list[int | None]]:
    blocks = response.candidates[0].blocks
    return [[citation.start for citation in block.citations] for block in blocks if isinstance(block, Text)]


def test_citations_find_their_part() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "thinking", "thinking": "b"}, {"type": "text", "text": "c"}]
    places = [{"start": number, "content_index": index} for number, index in enumerate((0, 2, None, 9, 0))]
    assert cited(reply({"content": parts, "citations": places})) == [[0, 4], [1, 2, 3]]


def test_citations_without_a_text_are_kept_beside_the_reply() -> None:
    response = reply({"content": [{"thinking": "b"}], "citations": [{"start": 0}, 7]})
    assert response.extras is not None
    assert list(response.extras.members) == ["message.citations"]


def test_one_element_stands_for_a_list() -> None:
    response = reply({"content": {"text": "a"}, "tool_calls": {"id": "c", "function": {"name": "f"}}})
    assert [type(block).__name__ for block in response.candidates[0].blocks] == ["Text", "ToolCall"]


def test_the_dialect_says_which_counts() -> None:
    usage = {"billed_units": {"input_tokens": 1}, "tokens": {"input_tokens": 500}}
    found = [reply({}, dialect, usage=usage).usage for dialect in (None, CohereDialect(counts="tokens"))]
    assert [counts.input for counts in found if counts is not None] == [1, 500]


def test_log_probabilities() -> None:
    assert reply({}, logprobs=[{"text": "a", "token_ids": [1], "logprobs": [-1]}]).candidates[0].logprobs is not None
