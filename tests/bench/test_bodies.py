from __future__ import annotations

import json

import pytest
from tests.specs_schema import openai

from bench import bodies


@pytest.mark.parametrize(("size", "low", "high"), [("300 B", 280, 320), ("30 kB", 29_000, 31_000)])
def test_a_body_is_as_large_as_it_says(size: str, low: int, high: int) -> None:
    assert low <= len(bodies.chat("bench-1", size, stream=False)) <= high


def test_a_request_is_whole() -> None:
    body = bodies.chat("bench-1", "30 kB", stream=True)
    head, _, rest = bodies.http("/v1/chat/completions", body, "sk-1").partition(b"\r\n\r\n")
    assert rest == body
    assert f"content-length: {len(body)}".encode() in head


@pytest.mark.parametrize("size", bodies.SIZES)
def test_a_body_is_what_the_vendor_documents(size: str) -> None:
    body = json.loads(bodies.chat("bench-1", size, stream=True))
    assert list(openai("CreateChatCompletionRequest").iter_errors(body)) == []
