"""Every way in which a call can fail, as one tree.

    Exception
    └── GatewayError             what a client may see: kind, message, code, param
        ├── ClientError          the call itself is at fault; nothing was sent, or the provider refused its content
        ├── ProviderError        the provider answered, and the answer is a failure (status, code, retry_after)
        └── TransportError       no usable answer came (connect, TLS, reset, time limit, cut)

Errors are classified once, at the edge, by status and typed code (never by searching a message): codecs classify what a
provider says, ``upstream`` what a connection does. ``routing.verdict`` walks the kinds; codecs write them for clients.
"""

from __future__ import annotations

import enum


class ErrorKind(enum.Enum):
    """The rows of docs/failures: one word per fault. The value is what stands in records and metrics."""

    # the client's own fault
    BAD_REQUEST = "bad_request"
    CONTEXT_LENGTH = "context_length"
    CONTENT_REJECTED = "content_rejected"
    KEY_INVALID = "key_invalid"
    KEY_FORBIDDEN = "key_forbidden"
    MODEL_UNKNOWN = "model_unknown"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_LARGE = "body_too_large"
    QUOTA_EXCEEDED = "quota_exceeded"
    LOSS_REFUSED = "loss_refused"
    # limits and capacity
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    UNAVAILABLE = "unavailable"
    """Nothing can be tried: every target is disabled, cooling or full."""
    # our account at the provider
    UPSTREAM_AUTH = "upstream_auth"
    UPSTREAM_BILLING = "upstream_billing"
    UPSTREAM_FORBIDDEN = "upstream_forbidden"
    UPSTREAM_MODEL_UNKNOWN = "upstream_model_unknown"
    UPSTREAM_PATH = "upstream_path"
    UPSTREAM_REDIRECT = "upstream_redirect"
    UPSTREAM_CONFLICT = "upstream_conflict"
    # the provider broke
    UPSTREAM_ERROR = "upstream_error"
    UPSTREAM_GATEWAY = "upstream_gateway"
    UPSTREAM_MALFORMED = "upstream_malformed"
    UPSTREAM_FOREIGN = "upstream_foreign"
    """An answer that is no API reply at all (HTML, wrong content type)."""
    UPSTREAM_EMPTY = "upstream_empty"
    UPSTREAM_CUT = "upstream_cut"
    # no answer
    CONNECT_FAILED = "connect_failed"
    DNS_FAILED = "dns_failed"
    TLS_FAILED = "tls_failed"
    CONNECT_TIMEOUT = "connect_timeout"
    RESET_REUSED = "reset_reused"
    """A kept-alive connection died before any byte of the answer."""
    RESET = "reset"
    FIRST_BYTE_TIMEOUT = "first_byte_timeout"
    FIRST_TOKEN_TIMEOUT = "first_token_timeout"  # noqa: S105 - a fault, not a secret
    STALL_TIMEOUT = "stall_timeout"
    DEADLINE = "deadline"
    # neither
    CLIENT_GONE = "client_gone"
    SHUTTING_DOWN = "shutting_down"
    INTERNAL = "internal"


class GatewayError(Exception):
    """A failure that a client may see, in its own protocol.

    ``message`` is for people and holds no secret, host or stack; ``code`` and ``param`` are the machine's words (the
    provider's own where it gave any); ``retry_after`` is in seconds; ``status`` is the provider's HTTP status, None where
    there was none.
    """

    def __init__(  # noqa: PLR0913 - the one record that every failure fills
        self,
        kind: ErrorKind,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        should_retry: bool | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.code = code
        self.param = param
        self.status = status
        self.retry_after = retry_after
        self.should_retry = should_retry
        """What ``x-should-retry`` said, None where it said nothing."""
        self.hint = hint
        """For the operator (record, log), never for the client."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kind.value}, {self.message!r}, code={self.code!r}, status={self.status})"


class ClientError(GatewayError):
    """The call itself is at fault."""


class ProviderError(GatewayError):
    """The provider answered with a failure."""


class TransportError(GatewayError):
    """No usable answer came."""


def bad_request(message: str, *, param: str | None = None, code: str | None = None) -> ClientError:
    """The 400 for a body that we cannot read or serve. ``message`` says what to write instead."""
    return ClientError(ErrorKind.BAD_REQUEST, message, param=param, code=code)
