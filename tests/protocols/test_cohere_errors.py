from __future__ import annotations

import json

import pytest

from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.protocols.cohere_errors import encode_error

K = ErrorKind


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
