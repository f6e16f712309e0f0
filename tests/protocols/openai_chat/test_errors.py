from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError, bad_request
from plexus.canonical.headers import Headers
from plexus.protocols.openai_chat.errors import decode_error, encode_error, encode_stream_error

K = ErrorKind
HTML = b"<!doctype html><html><title>404</title></html>"


def told(error: GatewayError) -> tuple[int, dict[str, Any], dict[bytes, bytes]]:
    reply = encode_error(error, "req_1")
    return reply.status, json.loads(reply.body)["error"], dict(reply.headers)


@pytest.mark.parametrize(
    ("kind", "status", "type_", "code"),
    [
        (K.BAD_REQUEST, 400, "invalid_request_error", None),
        (K.CONTEXT_LENGTH, 400, "invalid_request_error", "context_length_exceeded"),
        (K.CONTENT_REJECTED, 400, "invalid_request_error", "content_filter"),
        (K.KEY_INVALID, 401, "invalid_request_error", "invalid_api_key"),
        (K.KEY_FORBIDDEN, 403, "invalid_request_error", "permission_denied"),
        (K.MODEL_UNKNOWN, 404, "invalid_request_error", "model_not_found"),
        (K.BODY_TOO_LARGE, 413, "invalid_request_error", "request_too_large"),
        (K.RATE_LIMIT, 429, "rate_limit_error", "rate_limit_exceeded"),
        (K.QUOTA_EXCEEDED, 429, "rate_limit_error", "insufficient_quota"),
        (K.UPSTREAM_AUTH, 502, "server_error", "upstream_auth"),
        (K.UPSTREAM_BILLING, 502, "server_error", "upstream_auth"),
        (K.UPSTREAM_MALFORMED, 502, "server_error", "upstream_error"),
        (K.CONNECT_FAILED, 502, "server_error", "upstream_error"),
        (K.OVERLOADED, 503, "server_error", "overloaded"),
        (K.UNAVAILABLE, 503, "server_error", "overloaded"),
        (K.STALL_TIMEOUT, 504, "server_error", "upstream_timeout"),
        (K.INTERNAL, 500, "server_error", "internal_error"),
    ],
)
def test_what_a_client_is_told(kind: ErrorKind, status: int, type_: str, code: str | None) -> None:
    assert told(GatewayError(kind, "Why."))[:2] == (
        status,
        {"message": "Why.", "type": type_, "param": None, "code": code},
    )


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_an_answer(kind: ErrorKind) -> None:
    status, body, _ = told(ProviderError(kind, "m", code="theirs", param="p"))
    assert 400 <= status < 600
    assert set(body) == {"message", "type", "param", "code"}
    frame = encode_stream_error(ProviderError(kind, "m", param="p"))
    assert frame.startswith(b'data: {"error":')
    assert frame.endswith(b"}\n\n")
    assert json.loads(frame[6:])["error"]["param"] is None


def test_the_providers_code_is_kept_for_faults_of_the_body_only() -> None:
    assert told(bad_request("m", code="unsupported_value", param="stop"))[1]["code"] == "unsupported_value"
    assert told(ProviderError(K.UPSTREAM_AUTH, "m", code="invalid_api_key"))[1]["code"] == "upstream_auth"


def test_retry_after_is_in_whole_seconds_on_limits_only() -> None:
    assert told(ProviderError(K.RATE_LIMIT, "m", retry_after=1.2))[2] == {b"retry-after": b"2"}
    assert told(ProviderError(K.UPSTREAM_ERROR, "m", retry_after=1.2))[2] == {}


def body(**members: Any) -> bytes:
    return json.dumps({"error": members}).encode()


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (400, body(message="m", type="invalid_request_error", code="context_length_exceeded"), K.CONTEXT_LENGTH),
        (400, body(message="m", code="content_filter"), K.CONTENT_REJECTED),
        (400, body(message="m", code="content_policy_violation"), K.CONTENT_REJECTED),
        (400, body(message="m", type="invalid_request_error", param="stop"), K.BAD_REQUEST),
        (422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}', K.BAD_REQUEST),
        (400, b'{"message":"Invalid role","request_id":"1"}', K.BAD_REQUEST),
        (400, b'[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]', K.BAD_REQUEST),
        (401, body(message="m", code="invalid_api_key"), K.UPSTREAM_AUTH),
        (401, b"", K.UPSTREAM_AUTH),
        (402, body(message="m"), K.UPSTREAM_BILLING),
        (403, body(message="m"), K.UPSTREAM_FORBIDDEN),
        (403, body(message="m", code="unsupported_country_region_territory"), K.UPSTREAM_FORBIDDEN),
        (404, body(message="m", type="invalid_request_error", code="model_not_found"), K.UPSTREAM_MODEL_UNKNOWN),
        (404, body(message="m", type="invalid_request_error", param="previous_response_id"), K.NOT_FOUND),
        (404, HTML, K.UPSTREAM_PATH),
        (404, b'{"detail":"Not Found"}', K.UPSTREAM_PATH),
        (405, b"", K.UPSTREAM_PATH),
        (403, HTML, K.UPSTREAM_FOREIGN),
        (408, b"", K.UPSTREAM_CONFLICT),
        (413, b"", K.BODY_TOO_LARGE),
        (429, body(message="m", type="insufficient_quota", code="insufficient_quota"), K.UPSTREAM_BILLING),
        (429, body(message="m"), K.RATE_LIMIT),
        (429, b'{"error":"slow down"}', K.RATE_LIMIT),
        (500, body(message="m", type="server_error"), K.UPSTREAM_ERROR),
        (502, HTML, K.UPSTREAM_GATEWAY),
        (503, b"", K.OVERLOADED),
        (529, b"", K.OVERLOADED),
        (301, HTML, K.UPSTREAM_REDIRECT),
        (418, b"short and stout", K.BAD_REQUEST),
    ],
)
def test_what_a_provider_says(status: int, answer: bytes, kind: ErrorKind) -> None:
    error = decode_error(status, Headers(), answer)
    assert error.kind is kind
    assert error.status == status
    assert error.message
    assert "<" not in error.message


def test_the_clients_fault_and_the_providers() -> None:
    assert isinstance(decode_error(400, Headers(), b""), ClientError)
    assert isinstance(decode_error(401, Headers(), b""), ProviderError)


def test_waits() -> None:
    headers = Headers([(b"retry-after-ms", b"1500"), (b"retry-after", b"9"), (b"x-should-retry", b"false")])
    error = decode_error(429, headers, b"")
    assert (error.retry_after, error.should_retry) == (1.5, False)
    google = b'[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"45.8s"}]}}]'
    error = decode_error(429, Headers(), google)
    assert (error.kind, error.retry_after) == (K.RATE_LIMIT, 45.8)


@given(status=st.integers(300, 599), answer=st.binary(max_size=80))
def test_any_bytes_are_a_typed_error(status: int, answer: bytes) -> None:
    assert decode_error(status, Headers(), answer).status == status
