"""Providers' failures become kinds; our own are told as Anthropic tells them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import specs_schema

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.anthropic_messages.errors import (
    TYPE_KINDS,
    TYPE_STATUSES,
    decode_error,
    decode_stream_error,
    encode_error,
    encode_stream_error,
)
from plexus.protocols.faults import shown_status
from plexus.protocols.sse import split_events

K = ErrorKind


def told(status: int, body: Any, *headers: tuple[bytes, bytes]) -> GatewayError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode_error(status, Headers(list(headers)), content)


def error(kind: str, message: str = "m") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


@pytest.mark.parametrize(("word", "kind"), TYPE_KINDS.items())
def test_the_type_wins_over_the_status(word: str, kind: ErrorKind) -> None:
    assert told(418, error(word)).kind is kind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), K.CONTEXT_LENGTH),
        (400, error("invalid_request_error", "Your credit balance is too low to access"), K.UPSTREAM_BILLING),
        (413, error("request_too_large", "prompt is too long"), K.BODY_TOO_LARGE),
        (404, error("not_found_error", "model: claude-9"), K.UPSTREAM_MODEL_UNKNOWN),
        (404, error("not_found_error", "File not found"), K.NOT_FOUND),
        (404, {}, K.UPSTREAM_PATH),
        (529, error("odd_error"), K.OVERLOADED),
        (500, b"<html>", K.UPSTREAM_ERROR),
        (403, b"<html>", K.UPSTREAM_FOREIGN),
        (200, b"  <!doctype html>", K.UPSTREAM_FOREIGN),
        (404, b"<html>", K.UPSTREAM_PATH),
    ],
    ids=str,
)
def test_what_the_words_say(status: int, body: Any, kind: ErrorKind) -> None:
    assert told(status, body).kind is kind


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        (error("api_error", "no"), "no", "api_error"),
        ({"error": "no"}, "no", None),
        ({"message": "no"}, "no", None),
        ({"error": {}}, "The provider answered 400.", None),
        ({"error": 5}, "The provider answered 400.", None),
        (b"", "The provider answered 400.", None),
        ([], "The provider answered 400.", None),
    ],
)
def test_the_message_in_all_its_places(body: Any, message: str, code: str | None) -> None:
    found = told(400, body)
    assert (found.message, found.code, found.status) == (message, code, 400)


def test_the_headers_say_when_to_come_back() -> None:
    found = told(529, error("overloaded_error"), (b"retry-after", b"7"), (b"x-should-retry", b"true"))
    assert (found.retry_after, found.should_retry) == (7.0, True)


@pytest.mark.parametrize(("word", "status"), [*TYPE_STATUSES.items(), ("from_the_future", 500)])
def test_an_error_event_has_the_status_of_its_type(word: str, status: int) -> None:
    found = decode_stream_error(json.dumps(error(word)).encode())
    assert found.status == status


@given(
    st.integers(100, 599), st.binary(max_size=80) | st.sampled_from([b"null", b'{"error":[]}', b'{"error":{"type":5}}'])
)
@settings(deadline=None)
def test_any_reply_is_an_error_that_can_be_told(status: int, body: bytes) -> None:
    found = decode_error(status, Headers(), body)
    assert isinstance(found, ProviderError)
    assert found.message
    decode_stream_error(body)


# --- writing


@pytest.mark.parametrize("kind", list(K))
def test_every_kind_is_told_in_anthropics_shape(kind: ErrorKind) -> None:
    reply = encode_error(GatewayError(kind, "It failed.", hint="10.0.0.7"), "req_1")
    document = json.loads(reply.body)
    if kind is not K.BODY_TOO_LARGE:  # request_too_large stands on the errors page, not in the SDK's schema
        specs_schema.anthropic("ErrorResponse").validate(document)
    assert document["type"] == "error"
    assert document["request_id"] == "req_1"
    assert document["error"]["message"] == "It failed."
    assert document["error"]["type"] in TYPE_STATUSES
    shown = shown_status(kind)
    assert reply.status == (529 if shown == 503 else shown)
    assert dict(reply.headers)[b"request-id"] == b"req_1"
    assert (b"retry-after" in dict(reply.headers)) == (reply.status in (429, 529))
    assert b"10.0.0.7" not in reply.body


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (K.KEY_INVALID, "authentication_error"),
        (K.KEY_FORBIDDEN, "permission_error"),
        (K.MODEL_UNKNOWN, "not_found_error"),
        (K.BAD_REQUEST, "invalid_request_error"),
        (K.CONTEXT_LENGTH, "invalid_request_error"),
        (K.METHOD_NOT_ALLOWED, "invalid_request_error"),
        (K.QUOTA_EXCEEDED, "rate_limit_error"),
        (K.UPSTREAM_AUTH, "api_error"),  # our account is not the client's
        (K.UPSTREAM_CUT, "api_error"),
        (K.STALL_TIMEOUT, "timeout_error"),
        (K.SHUTTING_DOWN, "overloaded_error"),
    ],
)
def test_the_word_for_a_kind(kind: ErrorKind, word: str) -> None:
    (event,) = split_events(encode_stream_error(GatewayError(kind, "m"), b""))
    assert event.name == b"error"
    assert json.loads(event.data) == {"type": "error", "error": {"type": word, "message": "m"}}


@pytest.mark.parametrize(("seconds", "shown"), [(None, b"1"), (0.2, b"1"), (2.1, b"3")])
def test_retry_after_is_in_whole_seconds_rounded_up(seconds: float | None, shown: bytes) -> None:
    reply = encode_error(GatewayError(K.OVERLOADED, "m", retry_after=seconds), "r")
    assert dict(reply.headers)[b"retry-after"] == shown
