from __future__ import annotations

import json

import pytest

from plexus.canonical.errors import ErrorKind
from plexus.canonical.headers import Headers
from plexus.protocols.ollama.errors import decode_error, decode_stream_error, read_message

K = ErrorKind


def body(text: object) -> bytes:
    return json.dumps({"error": text}).encode()


@pytest.mark.parametrize(("status", "text", "kind"), [
    (400, '"llama3" does not support thinking', K.BAD_REQUEST),
    (401, "unauthorized", K.UPSTREAM_AUTH),
    (404, "model 'x' not found", K.UPSTREAM_MODEL_UNKNOWN),
    (429, "too many requests", K.RATE_LIMIT),
    (503, "server busy, please try again. maximum pending requests exceeded", K.OVERLOADED),
    (500, "model requires more system memory (8.4 GiB) than is available (5.1 GiB)", K.UPSTREAM_ERROR),
    (502, "upstream", K.UPSTREAM_GATEWAY),
    (400, "the input length exceeds the context length", K.CONTEXT_LENGTH),
    (413, "the input length exceeds the context length", K.CONTEXT_LENGTH),
    (500, "the input length exceeds the context length", K.CONTEXT_LENGTH),
])  # fmt: skip
def test_by_status(status: int, text: str, kind: ErrorKind) -> None:
    error = decode_error(status, Headers(), body(text))
    assert (error.kind, error.message, error.status, error.code) == (kind, text, status, None)


@pytest.mark.parametrize(("status", "text", "kind"), [
    (404, b"404 page not found", K.UPSTREAM_PATH),
    (403, b"<html>", K.UPSTREAM_FOREIGN),
    (502, b"<html>", K.UPSTREAM_GATEWAY),
    (500, b"", K.UPSTREAM_ERROR),
    (400, b'{"error":7}', K.BAD_REQUEST),
    (500, b'{"error":"\xff"}', K.UPSTREAM_ERROR),
])  # fmt: skip
def test_what_is_no_error_of_ollama(status: int, text: bytes, kind: ErrorKind) -> None:
    error = decode_error(status, Headers(), text)
    assert (error.kind, error.message) == (kind, f"The provider answered {status}.")


def test_an_object_of_a_proxy() -> None:
    assert read_message(body({"message": "no"})) == "no"
    assert read_message(b"{}") is None


def test_waits_come_from_the_headers() -> None:
    error = decode_error(503, Headers([(b"retry-after", b"7"), (b"x-should-retry", b"false")]), body("busy"))
    assert (error.retry_after, error.should_retry) == (7.0, False)


def test_an_error_in_a_stream_is_the_servers_own() -> None:
    error = decode_stream_error(body("an error was encountered while running the model"))
    assert (error.kind, error.status) == (K.UPSTREAM_ERROR, 500)
