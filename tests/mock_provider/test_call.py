"""What is remembered of a call."""

from __future__ import annotations

import asyncio

import pytest

from plexus.canonical.headers import Headers
from plexus.mock_provider.call import MockCall


def _call(body: bytes) -> MockCall:
    return MockCall(1, "POST", "/v1/messages", "", Headers(), body)


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff"])
def test_a_body_that_is_no_object_reads_as_an_empty_one(body: bytes) -> None:
    assert (_call(body).json, _call(body).model) == ({}, "")


def test_the_model() -> None:
    assert _call(b'{"model": "m"}').model == "m"
    assert _call(b'{"model": 1}').model == ""


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1beta/models/gemini-3:generateContent", "gemini-3"),
        ("/v1beta/models/mock-chat%3Flatency=1:streamGenerateContent", "mock-chat?latency=1"),
        ("/model/anthropic.claude/converse-stream", "anthropic.claude"),
        ("/v1/models/m", "in-the-body"),
    ],
)
def test_the_model_in_the_path(path: str, model: str) -> None:
    assert MockCall(1, "POST", path, "", Headers(), b'{"model": "in-the-body"}').model == model


async def test_done_waits_for_the_end() -> None:
    call = _call(b"")
    waiting = asyncio.create_task(call.done())
    await asyncio.sleep(0)
    assert (waiting.done(), call.ended) == (False, False)
    call.end()
    await waiting
    assert call.ended
