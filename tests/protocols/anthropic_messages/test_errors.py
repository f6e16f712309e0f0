from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.anthropic_messages.making import frames
from tests.specs_schema import anthropic

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.anthropic_messages.errors import (
    decode_error,
    encode_error,
    encode_stream_error,
    error_event,
    error_in_reply,
)
from plexus.protocols.anthropic_messages.wire import ErrorBody

K = ErrorKind

TOLD = {
    K.BAD_REQUEST: (400, "invalid_request_error"),
    K.CONTEXT_LENGTH: (400, "invalid_request_error"),
    K.CONTENT_REJECTED: (400, "invalid_request_error"),
    K.LOSS_REFUSED: (400, "invalid_request_error"),
    K.KEY_INVALID: (401, "authentication_error"),
    K.KEY_FORBIDDEN: (403, "permission_error"),
    K.MODEL_UNKNOWN: (404, "not_found_error"),
    K.NOT_FOUND: (404, "not_found_error"),
    K.METHOD_NOT_ALLOWED: (405, "invalid_request_error"),
    K.BODY_TOO_LARGE: (413, "request_too_large"),
    K.QUOTA_EXCEEDED: (429, "rate_limit_error"),
    K.RATE_LIMIT: (429, "rate_limit_error"),
    K.OVERLOADED: (529, "overloaded_error"),
    K.UNAVAILABLE: (529, "overloaded_error"),
    K.SHUTTING_DOWN: (529, "overloaded_error"),
    K.UPSTREAM_AUTH: (502, "api_error"),
    K.UPSTREAM_BILLING: (502, "api_error"),
    K.UPSTREAM_CUT: (502, "api_error"),
    K.UPSTREAM_MODEL_UNKNOWN: (502, "api_error"),
    K.CONNECT_FAILED: (502, "api_error"),
    K.CONNECT_TIMEOUT: (504, "timeout_error"),
    K.FIRST_TOKEN_TIMEOUT: (504, "timeout_error"),
    K.STALL_TIMEOUT: (504, "timeout_error"),
    K.DEADLINE: (504, "timeout_error"),
    K.INTERNAL: (500, "api_error"),
}


@pytest.mark.parametrize(("kind", "told"), TOLD.items(), ids=str)
def test_clients_are_told_in_their_own_words(kind: ErrorKind, told: tuple[int, str]) -> None:
    reply = encode_error(GatewayError(kind, "what happened"), "req_1")
    body = json.loads(reply.body)
    assert (reply.status, body["error"]["type"]) == told
    assert body == {
        "type": "error",
        "error": {"type": told[1], "message": "what happened"},
        "request_id": "req_1",
    }
    if told[1] != "request_too_large":  # the schema of the vendor's library does not list it; the service sends it
        anthropic("ErrorResponse").validate(body)


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_has_an_answer(kind: ErrorKind) -> None:
    assert 400 <= encode_error(GatewayError(kind, "x"), "r").status < 600
    [frame] = frames(encode_stream_error(GatewayError(kind, "x")))
    assert frame["type"] == "error"
    assert frame["error"]["message"] == "x"


@pytest.mark.parametrize(
    ("kind", "after", "fields"),
    [
        (K.RATE_LIMIT, 2.1, ((b"retry-after", b"3"),)),
        (K.OVERLOADED, 0.2, ((b"retry-after", b"1"),)),
        (K.RATE_LIMIT, None, ()),
        (K.BAD_REQUEST, 3.0, ()),
    ],
)
def test_when_to_come_back(kind: ErrorKind, after: float | None, fields: object) -> None:
    assert encode_error(GatewayError(kind, "x", retry_after=after), "r").headers == fields


@pytest.mark.parametrize(
    ("status", "word", "message", "kind"),
    [
        (400, "invalid_request_error", "max_tokens: Field required", K.BAD_REQUEST),
        (400, "invalid_request_error", "prompt is too long: 201000 tokens > 200000 maximum", K.CONTEXT_LENGTH),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
            K.CONTEXT_LENGTH,
        ),
        (400, "invalid_request_error", "The prompt is too long for a poem", K.BAD_REQUEST),
        (400, "invalid_request_error", "Output blocked by content filtering policy", K.CONTENT_REJECTED),
        (404, "not_found_error", "model: claude-9", K.UPSTREAM_MODEL_UNKNOWN),
        (404, "not_found_error", "Not found", K.UPSTREAM_PATH),
        (404, "not_found_error", "File file_1 not found", K.NOT_FOUND),
        (413, "request_too_large", "x", K.BODY_TOO_LARGE),
        (429, "rate_limit_error", "x", K.RATE_LIMIT),
        (500, "api_error", "x", K.UPSTREAM_ERROR),
        (502, "api_error", "x", K.UPSTREAM_GATEWAY),
        (504, "timeout_error", "x", K.UPSTREAM_GATEWAY),
        (529, "overloaded_error", "x", K.OVERLOADED),
        (500, "overloaded_error", "x", K.OVERLOADED),
    ],
)
def test_typed_errors_of_providers(status: int, word: str, message: str, kind: ErrorKind) -> None:
    body = json.dumps({"type": "error", "error": {"type": word, "message": message}}).encode()
    error = decode_error(status, Headers(), body)
    assert (error.kind, error.message, error.code, error.status) == (kind, message, word, status)


@pytest.mark.parametrize(
    ("status", "word", "message", "kind"),
    [
        (400, "invalid_request_error", "Your credit balance is too low to access the API", K.UPSTREAM_BILLING),
        (401, "authentication_error", "invalid x-api-key", K.UPSTREAM_AUTH),
        (402, "billing_error", "x", K.UPSTREAM_BILLING),
        (403, "permission_error", "org acme may not", K.UPSTREAM_FORBIDDEN),
    ],
)
def test_what_providers_say_of_our_account_is_for_the_operator(
    status: int, word: str, message: str, kind: ErrorKind
) -> None:
    body = json.dumps({"type": "error", "error": {"type": word, "message": message}}).encode()
    error = decode_error(status, Headers(), body)
    assert (error.kind, error.hint, error.code) == (kind, message, word)
    assert message not in encode_error(error, "r").body.decode()


@pytest.mark.parametrize(
    ("status", "code", "told"), [(504, None, 504), (502, None, 502), (200, "timeout_error", 504), (408, None, 504)]
)
def test_a_timeout_at_the_provider_is_one_for_the_client(status: int, code: str | None, told: int) -> None:
    kind = K.UPSTREAM_CONFLICT if status == 408 else K.UPSTREAM_GATEWAY
    assert encode_error(ProviderError(kind, "x", status=status, code=code), "r").status == told


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, K.UPSTREAM_REDIRECT),
        (400, K.BAD_REQUEST),
        (401, K.UPSTREAM_AUTH),
        (404, K.UPSTREAM_PATH),
        (405, K.UPSTREAM_PATH),
        (409, K.UPSTREAM_CONFLICT),
        (418, K.BAD_REQUEST),
        (422, K.BAD_REQUEST),
        (429, K.RATE_LIMIT),
        (500, K.UPSTREAM_ERROR),
        (502, K.UPSTREAM_GATEWAY),
        (503, K.OVERLOADED),
        (504, K.UPSTREAM_GATEWAY),
        (529, K.OVERLOADED),
        (599, K.UPSTREAM_ERROR),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]", b'{"detail": "x"}', b'{"error": "x"}'])
def test_without_a_type_the_status_speaks(status: int, kind: ErrorKind, body: bytes) -> None:
    error = decode_error(status, Headers(), body)
    assert error.kind is kind
    assert str(status) in (error.hint or error.message)


def test_client_and_provider_faults_differ_in_class() -> None:
    assert isinstance(decode_error(400, Headers(), b""), ClientError)
    assert isinstance(decode_error(413, Headers(), b""), ClientError)
    assert isinstance(decode_error(401, Headers(), b""), ProviderError)


DATE = (b"Date", b"Tue, 24 Nov 2026 10:00:00 GMT")


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ([(b"Retry-After", b"12")], 12.0),
        ([(b"retry-after", b"1.5")], 1.5),
        ([(b"retry-after", b"9"), (b"retry-after-ms", b"250")], 0.25),
        ([DATE, (b"retry-after", b"Tue, 24 Nov 2026 10:01:30 GMT")], 90.0),
        ([DATE, (b"retry-after", b"Tue, 24 Nov 2026 09:00:00 GMT")], None),
        ([(b"retry-after", b"Tue, 24 Nov 2026 10:01:30 GMT")], None),
        ([DATE, (b"retry-after", b"soon")], None),
        ([(b"retry-after", b"0")], None),
        ([(b"retry-after", b"-3")], None),
        ([(b"retry-after", b"nan")], None),
        ([(b"retry-after", b"inf")], None),
        ([], None),
    ],
)
def test_retry_after_in_all_its_forms(fields: list[tuple[bytes, bytes]], seconds: float | None) -> None:
    assert decode_error(429, Headers(fields), b"").retry_after == seconds


@pytest.mark.parametrize(("said", "heard"), [(b"true", True), (b"false", False), (b"maybe", None), (None, None)])
def test_x_should_retry_is_heard(said: bytes | None, heard: bool | None) -> None:
    fields = [] if said is None else [(b"x-should-retry", said)]
    assert decode_error(500, Headers(fields), b"").should_retry is heard


@given(status=st.integers(300, 599), body=st.binary(max_size=60))
def test_any_answer_has_a_kind(status: int, body: bytes) -> None:
    assert decode_error(status, Headers(), body).status == status


def test_errors_inside_a_200() -> None:
    assert error_event(ErrorBody(type="rate_limit_error", message="x")).kind is K.RATE_LIMIT
    assert error_event(ErrorBody()).kind is K.UPSTREAM_ERROR
    assert error_event(ErrorBody(type="overloaded_error")).status == 200
    assert error_in_reply(b'{"content": []}') is None
    assert error_in_reply(b'{"error": {}}') is None
    found = error_in_reply(b'{"type": "error", "error": {"type": "authentication_error", "message": "x"}}')
    assert found is not None
    assert found.kind is K.UPSTREAM_AUTH
