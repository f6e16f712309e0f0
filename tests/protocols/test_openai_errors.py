from __future__ import annotations

import json

import pytest

from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.openai_errors import decode_error, decode_error_body, encode_error

K = ErrorKind


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":{"message":"x","code":"context_length_exceeded"}}', K.CONTEXT_LENGTH),
        (400, b'{"error":{"message":"x","type":"invalid_request_error"}}', K.BAD_REQUEST),
        (401, b"", K.UPSTREAM_AUTH),
        (404, b'{"error":{"message":"x","code":"model_not_found"}}', K.UPSTREAM_MODEL_UNKNOWN),
        (404, b'{"error":{"message":"x","code":"previous_response_not_found"}}', K.NOT_FOUND),
        (404, b'{"error":{"message":"x","param":"model"}}', K.UPSTREAM_MODEL_UNKNOWN),
        (404, b'{"error":{"message":"x"}}', K.UPSTREAM_PATH),
        (404, b"<html>", K.UPSTREAM_PATH),
        (400, b"<html>", K.UPSTREAM_FOREIGN),
        (429, b'{"error":{"message":"x","code":"insufficient_quota"}}', K.UPSTREAM_BILLING),
        (429, b'[{"error":{"message":"x"}}]', K.RATE_LIMIT),
        (500, b'{"detail":"x"}', K.UPSTREAM_ERROR),
        (503, b'{"error":"down"}', K.OVERLOADED),
    ],
)
def test_failures_are_typed_by_code_then_status(status: int, body: bytes, kind: ErrorKind) -> None:
    error = decode_error(status, Headers(), body)
    assert (error.kind, error.status) == (kind, status)
    assert error.message


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"message":"x","code":429}', K.RATE_LIMIT),
        (b'{"message":"x","type":"invalid_request_error"}', K.BAD_REQUEST),
        (b'{"message":"x","code":"invalid_prompt"}', K.CONTENT_REJECTED),
        (b'{"message":"x","code":"image_content_policy_violation"}', K.CONTENT_REJECTED),
        (b"{}", K.UPSTREAM_ERROR),
        (b'"x"', K.UPSTREAM_ERROR),
    ],
)
def test_errors_inside_a_200(raw: bytes, kind: ErrorKind) -> None:
    assert decode_error_body(raw).kind is kind


def test_the_shape_for_clients() -> None:
    busy = encode_error(ProviderError(K.RATE_LIMIT, "slow", retry_after=1.2), "req_1")
    assert busy.status == 429
    assert (b"retry-after", b"2") in busy.headers
    assert json.loads(busy.body)["error"] == {
        "message": "slow", "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded",
    }  # fmt: skip
    own = encode_error(ClientError(K.BAD_REQUEST, "no", code="special", param="p"), "req_1")
    assert json.loads(own.body)["error"]["code"] == "special"
    hidden = encode_error(ProviderError(K.UPSTREAM_AUTH, "no", code="invalid_api_key"), "req_1")
    assert (hidden.status, json.loads(hidden.body)["error"]["code"]) == (502, "upstream_auth")
