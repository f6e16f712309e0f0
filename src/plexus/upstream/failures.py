"""What connections do, as canonical errors. Messages hold neither host nor credential; hints hold the host."""

from __future__ import annotations

import socket
import ssl

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError, TransportError
from plexus.domain.provider import Origin
from plexus.http1.client import Lost

MESSAGES: dict[ErrorKind, str] = {
    ErrorKind.DNS_FAILED: "The provider's name cannot be resolved.",
    ErrorKind.CONNECT_FAILED: "The provider cannot be reached.",
    ErrorKind.CONNECT_TIMEOUT: "The provider did not accept a connection in time.",
    ErrorKind.TLS_FAILED: "No secure connection to the provider could be made.",
    ErrorKind.RESET_REUSED: "The provider closed a kept connection.",
    ErrorKind.RESET: "The provider closed the connection before it answered.",
    ErrorKind.FIRST_BYTE_TIMEOUT: "The provider did not begin to answer in time.",
    ErrorKind.UPSTREAM_CUT: "The provider's reply was cut.",
}


def transport_error(kind: ErrorKind, origin: Origin, detail: object = "") -> TransportError:
    """A failure of the connection to ``origin``."""
    hint = f"{origin.authority}: {detail}" if detail else origin.authority
    return TransportError(kind, MESSAGES[kind], hint=hint)


def connect_error(failure: BaseException, origin: Origin) -> TransportError:
    """What kept a connection from being opened. Anything unknown counts as unreachable."""
    if isinstance(failure, TimeoutError):
        return transport_error(ErrorKind.CONNECT_TIMEOUT, origin)
    if isinstance(failure, ssl.SSLError):
        return transport_error(ErrorKind.TLS_FAILED, origin, getattr(failure, "reason", None) or failure)
    if isinstance(failure, socket.gaierror):
        return transport_error(ErrorKind.DNS_FAILED, origin, failure.strerror)
    return transport_error(ErrorKind.CONNECT_FAILED, origin, failure)


def lost_error(how: Lost, detail: str, origin: Origin, *, reused: bool) -> GatewayError:
    """What a lost request means. ``reused``: on a kept connection of which no byte had come."""
    if how is Lost.MALFORMED:
        return ProviderError(
            ErrorKind.UPSTREAM_MALFORMED,
            "The provider's reply is not valid HTTP.",
            hint=f"{origin.authority}: {detail}",
        )
    if how is Lost.IN_BODY:
        return transport_error(ErrorKind.UPSTREAM_CUT, origin, detail)
    return transport_error(ErrorKind.RESET_REUSED if reused else ErrorKind.RESET, origin, detail)
