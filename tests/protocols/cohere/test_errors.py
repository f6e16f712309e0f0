from __future__ import annotations

import json

import pytest

from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.cohere.errors import decode_error, encode_error, failed

K = ErrorKind


def body(message: object, **more: object) -> bytes:
    return json.dumps({"id": "1", "message": message, **more}).encode()


@pytest.mark.parametrize(("status", "message", "more", "kind", "code"), [
    (400, "invalid request: message must be at least 1 token long", {}, K.BAD_REQUEST, None),
    (400, "too many tokens: size limit exceeded", {"error_type": "TOO_MANY_TOKENS"}, K.CONTEXT_LENGTH, None),
    (400, "odd", {"error_type": "INVALID_THING"}, K.BAD_REQUEST, "INVALID_THING"),
    (401, "invalid api token", {}, K.UPSTREAM_AUTH, None),
    (402, "Please add or update your payment method", {}, K.UPSTREAM_BILLING, None),
    (404, "model 'x' not found", {}, K.UPSTREAM_MODEL_UNKNOWN, None),
    (422, "invalid", {}, K.BAD_REQUEST, None),
    (429, "You are past the per minute request limit", {}, K.RATE_LIMIT, None),
    (498, "invalid token", {}, K.UPSTREAM_AUTH, None),
    (499, "request cancelled", {}, K.UPSTREAM_ERROR, None),
    (500, "internal server error", {}, K.UPSTREAM_ERROR, None),
    (503, "service unavailable", {}, K.OVERLOADED, None),
    (504, "gateway timeout", {}, K.UPSTREAM_GATEWAY, None),
])  # fmt: skip
def test_by_type_and_status(
    status: int, message: str, more: dict[str, object], kind: ErrorKind, code: str | None
) -> None:
    error = decode_error(status, Headers(), body(message, **more))
    assert (error.kind, error.message, error.status, error.code) == (kind, message, status, code)


@pytest.mark.parametrize(("status", "text", "kind"), [
    (404, b"404 page not found", K.UPSTREAM_PATH), (404, b"<html>", K.UPSTREAM_PATH), (403, b"<html>", K.UPSTREAM_FOREIGN),
    (502, b"<html>", K.UPSTREAM_GATEWAY), (500, b"", K.UPSTREAM_ERROR), (400, body(7), K.BAD_REQUEST),
    (500, b'{"message":"\xff"}', K.UPSTREAM_ERROR),
])  # fmt: skip
def test_what_is_no_error_of_cohere(status: int, text: bytes, kind: ErrorKind) -> None:
    error = decode_error(status, Headers(), text)
    assert (error.kind, error.message) == (kind, f"The provider answered {status}.")


def test_waits_come_from_the_headers() -> None:
    error = decode_error(429, Headers([(b"retry-after", b"7"), (b"x-should-retry", b"true")]), body("slow down"))
    assert (error.retry_after, error.should_retry) == (7.0, True)


@pytest.mark.parametrize(("word", "message", "words"), [
    ("ERROR", None, "ended with ERROR"), ("ERROR", "out of memory", "out of memory"), (None, "cut", "cut"),
])  # fmt: skip
def test_a_generation_that_broke(word: str | None, message: str | None, words: str) -> None:
    error = failed(word, message)
    assert (error.kind, error.code) == (K.UPSTREAM_ERROR, word)
    assert words in error.message


@pytest.mark.parametrize(
    ("kind", "wait", "status", "shown"),
    [
        (K.BAD_REQUEST, None, 400, None),
        (K.RATE_LIMIT, 2.4, 429, b"3"),
        (K.OVERLOADED, None, 503, b"1"),
        (K.UPSTREAM_AUTH, None, 502, None),
    ],
)
def test_a_message_and_the_calls_id(kind: ErrorKind, wait: float | None, status: int, shown: bytes | None) -> None:
    reply = encode_error(ProviderError(kind, "No.", retry_after=wait), "req_1")
    assert (reply.status, json.loads(reply.body)) == (status, {"id": "req_1", "message": "No."})
    assert dict(reply.headers).get(b"retry-after") == shown
    assert encode_error(ClientError(kind, "No."), "req_1").body == reply.body
