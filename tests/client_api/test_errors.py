from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.canonical.errors import ErrorKind
from plexus.canonical.headers import Headers
from plexus.client_api.endpoints import ENDPOINTS
from plexus.client_api.errors import answer_error, not_found, protocol_of, wrong_method
from plexus.protocols.registry import CODECS


@pytest.mark.parametrize(
    ("path", "field", "query", "protocol"),
    [
        (b"/v1/models", b"accept", b"", "openai_chat"),
        (b"/v1/models", b"anthropic-version", b"", "anthropic_messages"),
        (b"/v1/models", b"x-goog-api-key", b"", "gemini"),
        (b"/v1/models", b"accept", b"a=b&key=k", "gemini"),
        (b"/v1/models", b"accept", b"monkey=k", "openai_chat"),
        (b"/v1beta/nothing", b"anthropic-version", b"", "gemini"),
        (b"/v1/messages/batches", b"accept", b"", "anthropic_messages"),
        (b"/v1/responses/x", b"accept", b"", "openai_responses"),
        (b"/v1/chat/completion", b"x-goog-api-key", b"key=k", "openai_chat"),
    ],
)
def test_in_whose_words(path: bytes, field: bytes, query: bytes, protocol: str) -> None:
    assert protocol_of(path, Headers([(field, b"x")]), query) == protocol


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        (b"/chat/completions", "/v1/chat/completions"),
        (b"/v1/v1/chat/completions", "/v1/chat/completions"),
        (b"/messages", "/v1/messages"),
        (b"/v1/nothing/like/it", None),
    ],
)
def test_a_path_that_does_not_exist_with_the_nearest_that_does(path: bytes, meant: str | None) -> None:
    error = not_found(b"POST", path)
    assert error.kind is ErrorKind.NOT_FOUND
    assert f"POST {path.decode()}" in error.message
    assert ("Did you mean" in error.message) == (meant is not None)
    if meant is not None:
        assert error.message.endswith(f"Did you mean {meant}?")


def test_no_path_is_meant_by_itself() -> None:
    for path in ENDPOINTS:
        assert "Did you mean" not in not_found(b"GET", path).message


def test_bytes_that_are_no_utf8_are_told() -> None:
    assert "/v1/\xff" in not_found(b"GET", b"/v1/\xff").message


def test_another_method() -> None:
    error = wrong_method(b"GET", b"/v1/messages", b"POST")
    assert (error.kind, error.message) == (ErrorKind.METHOD_NOT_ALLOWED, "/v1/messages takes POST, not GET.")


class Answered:
    def respond(self, status: int, fields: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status, self.fields, self.body = status, dict(fields), body


@pytest.mark.parametrize("protocol", ["openai_chat", "anthropic_messages"])
def test_an_answer_bears_its_id(protocol: str) -> None:
    incoming: Any = Answered()
    codec = CODECS[protocol, "generate"]
    answer_error(incoming, wrong_method(b"GET", b"/x", b"POST"), "req_7", codec, ((b"allow", b"POST"),))
    assert incoming.status == 405
    assert incoming.fields[b"x-request-id"] == b"req_7"
    assert incoming.fields[b"allow"] == b"POST"
    assert "takes POST" in json.loads(incoming.body)["error"]["message"]
