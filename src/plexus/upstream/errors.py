"""What a connection did, as a canonical error.

Messages are for clients and name no host; ``hint`` is for the operator and names it. No part holds a credential.
"""

from __future__ import annotations

import ssl

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError, TransportError
from plexus.domain.provider import Origin
from plexus.http1.body import BodyIncomplete
from plexus.http1.client import ConnectionLost
from plexus.http1.head import Malformed

DIALLING = {
    ErrorKind.DNS_FAILED: "The provider's name could not be resolved.",
    ErrorKind.CONNECT_FAILED: "No connection to the provider could be made.",
    ErrorKind.CONNECT_TIMEOUT: "Connecting to the provider took too long.",
    ErrorKind.TLS_FAILED: "No secure connection to the provider could be made.",
}


def dialling(kind: ErrorKind, origin: Origin, reason: object) -> TransportError:
    """No connection. ``kind`` is one of ``DIALLING``."""
    return TransportError(kind, DIALLING[kind], hint=f"{origin.authority}: {_text(reason)}")


def before_head(failure: Exception, origin: Origin, *, reused: bool) -> GatewayError:
    """The connection failed before a reply's head was complete: RESET, RESET_REUSED, TLS_FAILED or UPSTREAM_MALFORMED."""
    hint = f"{origin.authority}: {failure}"
    if isinstance(failure, Malformed):
        return ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider's answer is not valid HTTP.", hint=hint)
    unanswered = isinstance(failure, ConnectionLost) and not failure.answered
    if unanswered and isinstance(
        failure.__cause__, ssl.SSLError
    ):  # TLS 1.3: a server may refuse us after our handshake
        return TransportError(ErrorKind.TLS_FAILED, DIALLING[ErrorKind.TLS_FAILED], hint=hint)
    kind = ErrorKind.RESET_REUSED if reused and unanswered else ErrorKind.RESET
    return TransportError(kind, "The provider closed the connection without an answer.", hint=hint)


def in_body(failure: Exception, origin: Origin, status: int) -> TransportError:
    """The connection failed behind a reply's head: UPSTREAM_CUT, or UPSTREAM_MALFORMED."""
    hint = f"{origin.authority}: {failure}"
    if isinstance(failure, BodyIncomplete):
        return TransportError(ErrorKind.UPSTREAM_CUT, "The provider's answer was cut.", status=status, hint=hint)
    return TransportError(ErrorKind.UPSTREAM_MALFORMED, "The provider's answer is damaged.", status=status, hint=hint)


def too_large(limit: int, origin: Origin, status: int) -> ProviderError:
    """The body is beyond the reader's limit."""
    return ProviderError(
        ErrorKind.UPSTREAM_MALFORMED,
        f"The provider's answer is larger than {limit:,} bytes.",
        status=status,
        hint=origin.authority,
    )


def silent(seconds: float, origin: Origin) -> TransportError:
    """No head within the limit."""
    return TransportError(
        ErrorKind.FIRST_BYTE_TIMEOUT, f"The provider did not answer within {seconds:g} seconds.", hint=origin.authority
    )


def crowded(limit: int, origin: Origin) -> TransportError:
    """No slot among the connections that an origin may have."""
    return TransportError(
        ErrorKind.UNAVAILABLE,
        "Too many calls to the provider are under way.",
        hint=f"{origin.authority}: all {limit} connections were busy",
    )


def unsendable(origin: Origin, reason: object) -> TransportError:
    """The request would break HTTP's framing: a line end in a credential or a configured header."""
    return TransportError(
        ErrorKind.CONNECT_FAILED, "The request could not be written.", hint=f"{origin.authority}: {_text(reason)}"
    )


def closed() -> TransportError:
    """The client is closed."""
    return TransportError(ErrorKind.SHUTTING_DOWN, "The gateway is stopping.")


def _text(reason: object) -> str:
    """An exception's words; its name where it has none."""
    return (str(reason) or type(reason).__name__) if isinstance(reason, Exception) else str(reason)
