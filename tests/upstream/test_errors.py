from __future__ import annotations

import ssl

import pytest

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.domain.provider import Origin
from plexus.http1.body import BodyIncomplete
from plexus.http1.client import ConnectionLost
from plexus.http1.head import Malformed
from plexus.upstream import errors

ORIGIN = Origin("provider.example", 8443)
LOST = ConnectionLost("closed by the server", answered=False)
REFUSED = ConnectionLost("SSLError: certificate required", answered=False)
REFUSED.__cause__ = ssl.SSLError("certificate required")

ROWS: list[tuple[GatewayError, ErrorKind, int | None]] = [
    (errors.before_head(LOST, ORIGIN, reused=True), ErrorKind.RESET_REUSED, None),
    (errors.before_head(LOST, ORIGIN, reused=False), ErrorKind.RESET, None),
    (errors.before_head(ConnectionLost("x", answered=True), ORIGIN, reused=True), ErrorKind.RESET, None),
    (errors.before_head(Malformed("x"), ORIGIN, reused=True), ErrorKind.UPSTREAM_MALFORMED, None),
    (errors.before_head(REFUSED, ORIGIN, reused=False), ErrorKind.TLS_FAILED, None),
    (errors.in_body(BodyIncomplete("x"), ORIGIN, 200), ErrorKind.UPSTREAM_CUT, 200),
    (errors.in_body(Malformed("x"), ORIGIN, 429), ErrorKind.UPSTREAM_MALFORMED, 429),
    (errors.too_large(1000, ORIGIN, 200), ErrorKind.UPSTREAM_MALFORMED, 200),
    (errors.silent(60.0, ORIGIN), ErrorKind.FIRST_BYTE_TIMEOUT, None),
    (errors.crowded(3, ORIGIN), ErrorKind.UNAVAILABLE, None),
    (errors.unsendable(ORIGIN, ValueError("a line end")), ErrorKind.CONNECT_FAILED, None),
    *((errors.dialling(kind, ORIGIN, OSError()), kind, None) for kind in errors.DIALLING),
]


@pytest.mark.parametrize(("failure", "kind", "status"), ROWS)
def test_kinds(failure: GatewayError, kind: ErrorKind, status: int | None) -> None:
    """The client is told no host; the operator is."""
    assert (failure.kind, failure.status) == (kind, status)
    assert "provider.example" not in failure.message
    assert "provider.example:8443" in str(failure.hint)


def test_a_failure_without_words_is_named() -> None:
    assert errors.dialling(ErrorKind.CONNECT_FAILED, ORIGIN, ConnectionResetError()).hint == (
        "provider.example:8443: ConnectionResetError"
    )
