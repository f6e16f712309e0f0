"""A provider's errors typed, ours written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.gemini.errors import (
    decode_error,
    decode_stream_error,
    encode_array_error,
    encode_error,
    encode_stream_error,
    read_error,
)

K = ErrorKind


def wire(code: int, status: str | None, message: str = "m", details: list[dict[str, Any]] | None = None) -> bytes:
    return json.dumps(
        {"error": {"code": code, "status": status, "message": message, "details": details or []}}
    ).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, wire(400, "INVALID_ARGUMENT"), K.BAD_REQUEST),
        (400, wire(400, "INVALID_ARGUMENT", details=[{"reason": "API_KEY_INVALID"}]), K.UPSTREAM_AUTH),
        (
            400,
            wire(
                400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8)."
            ),
            K.CONTEXT_LENGTH,
        ),
        (400, wire(400, "FAILED_PRECONDITION"), K.UPSTREAM_FORBIDDEN),
        (401, wire(401, "UNAUTHENTICATED"), K.UPSTREAM_AUTH),
        (403, wire(403, "PERMISSION_DENIED"), K.UPSTREAM_AUTH),
        (403, wire(403, "PERMISSION_DENIED", details=[{"reason": "BILLING_DISABLED"}]), K.UPSTREAM_BILLING),
        (404, wire(404, "NOT_FOUND"), K.UPSTREAM_MODEL_UNKNOWN),
        (429, wire(429, "RESOURCE_EXHAUSTED"), K.RATE_LIMIT),
        (
            429,
            wire(429, "RESOURCE_EXHAUSTED", details=[{"violations": [{"quotaId": "RequestsPerDayPerProject"}]}]),
            K.UPSTREAM_BILLING,
        ),
        (
            429,
            wire(429, "RESOURCE_EXHAUSTED", details=[{"violations": [{"quotaId": "RequestsPerMinute"}]}]),
            K.RATE_LIMIT,
        ),
        (500, wire(500, "INTERNAL"), K.UPSTREAM_ERROR),
        (503, wire(503, "UNAVAILABLE"), K.OVERLOADED),
        (504, wire(504, "DEADLINE_EXCEEDED"), K.UPSTREAM_GATEWAY),
        (413, wire(413, "INVALID_ARGUMENT"), K.BODY_TOO_LARGE),
        (502, wire(502, "UNAVAILABLE"), K.UPSTREAM_GATEWAY),
        (499, wire(499, "CANCELLED"), K.UPSTREAM_ERROR),
        (502, b"<html>", K.UPSTREAM_GATEWAY),
        (403, b"<html>", K.UPSTREAM_FOREIGN),
        (418, b"", K.BAD_REQUEST),
        (429, b"[" + wire(429, "RESOURCE_EXHAUSTED") + b"]", K.RATE_LIMIT),
    ],
)
def test_a_failure_has_its_kind(status: int, body: bytes, kind: ErrorKind) -> None:
    error = decode_error(status, Headers(), body)
    assert (error.kind, error.status) == (kind, status)


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("34.4s", 34.4), ("0s", None), ("-3s", None), ("xs", None), ("9", None), ("999999999s", 86400)],
)
def test_retry_info_says_when_to_come_back(delay: str, seconds: float | None) -> None:
    body = wire(429, "RESOURCE_EXHAUSTED", details=[{"@type": "x"}, {"retryDelay": delay}])
    assert decode_error(429, Headers(), body).retry_after == seconds


def test_an_error_inside_a_stream_is_typed_by_its_code() -> None:
    assert decode_stream_error(wire(429, "RESOURCE_EXHAUSTED")).status == 429
    assert decode_stream_error(wire(0, None)).kind is K.UPSTREAM_ERROR
    assert decode_stream_error(wire(0, "RESOURCE_EXHAUSTED")).kind is K.RATE_LIMIT
    assert decode_stream_error(wire(0, "UNAVAILABLE")).kind is K.OVERLOADED
    assert read_error(b'{"error": "flat"}').message == "flat"
    assert read_error(b"[]").message is None


def test_ours_says_when_to_come_back_where_googles_clients_look() -> None:
    error = ProviderError(K.RATE_LIMIT, "Slowly.", retry_after=2.2)
    reply = encode_error(error, "req-1")
    body = json.loads(reply.body)["error"]
    assert (reply.status, body["code"], body["status"], body["message"]) == (429, 429, "RESOURCE_EXHAUSTED", "Slowly.")
    assert {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"} in body["details"]
    assert (b"retry-after", b"3") in reply.headers


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_can_be_told(kind: ErrorKind) -> None:
    reply = encode_error(ClientError(kind, "m"), "r")
    body = json.loads(reply.body)["error"]
    assert body["code"] == reply.status
    assert body["status"].isupper()
    assert any(detail.get("requestId") == "r" for detail in body["details"])
    assert (b"retry-after" in dict(reply.headers)) == (reply.status in (429, 503))


def test_the_terminal_frame_of_both_forms() -> None:
    error = ProviderError(K.UPSTREAM_CUT, "Cut.")
    frame = encode_stream_error(error, b"")
    assert frame.startswith(b"data: ")
    assert json.loads(frame[6:])["error"]["status"] == "INTERNAL"
    for passed in (b"", b"[", b"\n", b'[{"candidates":[]}', b'[{"a":1},\r\n{"b":2}\n'):
        assert json.loads(passed + encode_array_error(error, passed))[-1]["error"]["code"] == 502
