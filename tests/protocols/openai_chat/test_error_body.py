from __future__ import annotations

import pytest

from plexus.protocols.openai_chat.error_body import ErrorBody, read_error


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"error":{"message":"m","type":"t","param":"p","code":"c"}}',
            ErrorBody(message="m", type="t", code="c", param="p"),
        ),
        (b'{"error":{"message":"m","code":429}}', ErrorBody(message="m", status=429)),
        (b'{"error":{"message":"m","code":"502"}}', ErrorBody(message="m", status=502)),
        (b'{"error":{"message":"m","status_code":400}}', ErrorBody(message="m", status=400)),
        (b'{"error":{"message":"m","metadata":{"error_type":"t"}}}', ErrorBody(message="m", type="t")),
        (b'{"error":"m"}', ErrorBody(message="m")),
        (b'{"detail":"m"}', ErrorBody(message="m")),
        (b'{"detail":[{"msg":"a"},{"msg":"b"}]}', ErrorBody(message="a; b")),
        (b'{"message":"m","type":"t","code":"c"}', ErrorBody(message="m", type="t", code="c")),
        (b'{"message":{"detail":[]}}', ErrorBody(message='{"detail":[]}')),
        (b'[{"error":{"message":"m","status":"UNAVAILABLE"}}]', ErrorBody(message="m", type="UNAVAILABLE")),
        (b'{"error":null,"choices":[]}', None),
        (b"[]", None),
        (b"{}", None),
        (b"<html>", None),
        (b"\xff", None),
    ],
)
def test_shapes(body: bytes, expected: ErrorBody | None) -> None:
    assert read_error(body) == expected
