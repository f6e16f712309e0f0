from __future__ import annotations

import socket
import ssl

import pytest

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.domain.provider import Origin
from plexus.http1.client import Lost
from plexus.upstream.failures import connect_error, lost_error

K = ErrorKind
WHERE = Origin("provider.example", 8443)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (TimeoutError(), K.CONNECT_TIMEOUT),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), K.TLS_FAILED),
        (ssl.SSLError(1, "wrong version number"), K.TLS_FAILED),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), K.DNS_FAILED),
        (ConnectionRefusedError(111, "refused"), K.CONNECT_FAILED),
        (OSError("the proxy answered 407"), K.CONNECT_FAILED),
        (ValueError("nothing we know"), K.CONNECT_FAILED),
    ],
)
def test_what_kept_a_connection_from_being_opened(failure: Exception, kind: ErrorKind) -> None:
    error = connect_error(failure, WHERE)
    assert error.kind is kind
    assert error.hint is not None
    assert "provider.example:8443" in error.hint
    assert "provider.example" not in error.message


@pytest.mark.parametrize(
    ("how", "reused", "kind"),
    [
        (Lost.BEFORE_HEAD, True, K.RESET_REUSED),
        (Lost.BEFORE_HEAD, False, K.RESET),
        (Lost.IN_BODY, False, K.UPSTREAM_CUT),
        (Lost.IN_BODY, True, K.UPSTREAM_CUT),
        (Lost.MALFORMED, False, K.UPSTREAM_MALFORMED),
        (Lost.MALFORMED, True, K.UPSTREAM_MALFORMED),
    ],
)
def test_what_a_lost_request_means(how: Lost, reused: bool, kind: ErrorKind) -> None:
    error = lost_error(how, "a bare LF", WHERE, reused=reused)
    assert error.kind is kind
    assert isinstance(error, ProviderError) == (how is Lost.MALFORMED)
    assert "provider.example" not in error.message
    assert "a bare LF" in (error.hint or "")
