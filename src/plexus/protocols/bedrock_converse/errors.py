"""Errors of Bedrock: as an HTTP reply, and as an exception inside a stream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors,
https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.eventstream import Message
from plexus.protocols.faults import is_html, kind_of_status, retry_after, should_retry
from plexus.protocols.unreadable import UNREADABLE

K = ErrorKind


class WireReply(msgspec.Struct):
    """The body of an error. Gateways in front of Bedrock write ``Message``, and the type into the body."""

    message: str | None = None
    shouted: str | None = msgspec.field(default=None, name="Message")
    type: str | None = msgspec.field(default=None, name="__type")
    code: str | None = None


TYPE_KINDS: dict[str, ErrorKind] = {
    "ValidationException": K.BAD_REQUEST,
    "AccessDeniedException": K.UPSTREAM_FORBIDDEN,
    "ResourceNotFoundException": K.UPSTREAM_MODEL_UNKNOWN,
    "ThrottlingException": K.RATE_LIMIT,
    "ServiceQuotaExceededException": K.RATE_LIMIT,
    "ModelNotReadyException": K.OVERLOADED,
    "ServiceUnavailableException": K.OVERLOADED,
    "InternalServerException": K.UPSTREAM_ERROR,
    "ModelErrorException": K.UPSTREAM_ERROR,
    "ModelStreamErrorException": K.UPSTREAM_ERROR,
    "ModelTimeoutException": K.UPSTREAM_GATEWAY,
    "ExpiredTokenException": K.UPSTREAM_AUTH,
    "IncompleteSignatureException": K.UPSTREAM_AUTH,
    "InvalidClientTokenId": K.UPSTREAM_AUTH,
    "InvalidSignatureException": K.UPSTREAM_AUTH,
    "MissingAuthenticationTokenException": K.UPSTREAM_AUTH,
    "NotAuthorized": K.UPSTREAM_AUTH,
    "OptInRequired": K.UPSTREAM_AUTH,
    "RequestExpired": K.UPSTREAM_AUTH,
    "UnrecognizedClientException": K.UPSTREAM_AUTH,
}
"""AccessDenied is a model or a region that the account may not use; the credential itself is fine."""
TYPE_STATUSES: dict[str, int] = {
    "ValidationException": 400,
    "ThrottlingException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
    "ModelStreamErrorException": 424,
    "ModelTimeoutException": 408,
}
"""The status that an exception inside a stream would have had."""

# A ValidationException has no typed code for these; the words are the only sign (the short list of docs/failures section 1.7).
TOO_LONG = ("Input is too long", "prompt is too long", "too many input tokens")
UNKNOWN_MODEL = ("model identifier is invalid", "on-demand throughput isn")
PER_DAY = "Too many tokens per day"


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """A provider's failure, by the type in its header or body, else by its HTTP status."""
    try:
        wire = msgspec.json.decode(body, type=WireReply)
    except UNREADABLE:
        wire = WireReply()
    message = wire.message or wire.shouted
    kind = type_of(headers.text(b"x-amzn-errortype") or wire.type or wire.code)
    if kind is None and message is None and is_html(body) and status < 500 and status not in (404, 405):
        return ProviderError(K.UPSTREAM_FOREIGN, f"The provider answered {status}.", status=status)
    found = _kind(status, kind, message or "")
    return ProviderError(
        found,
        message or f"The provider answered {status}.",
        code=None if found is K.CONTEXT_LENGTH else kind,  # AWS has no word for it, clients look for their own
        status=status,
        retry_after=retry_after(headers),
        should_retry=should_retry(headers),
    )


def type_of(text: str | None) -> str | None:
    """The bare name of an error type: ``ExpiredTokenException:http://…``, ``com.amazon#ValidationException``."""
    return text.partition(":")[0].rpartition("#")[2] or None if text else None


def decode_exception(message: Message) -> GatewayError:
    """A message of the stream that says what went wrong, as the HTTP reply that it would have been."""
    headers = message.headers
    if headers.get(":message-type") == "error":
        body = msgspec.json.encode({"message": headers.get(":error-message"), "code": headers.get(":error-code")})
        return decode_error(500, Headers(), body)
    name = headers.get(":exception-type", "")
    kind = name[:1].upper() + name[1:]  # throttlingException, as the event is called
    fields = [(b"x-amzn-errortype", kind.encode())] if kind else []
    return decode_error(TYPE_STATUSES.get(kind, 500), Headers(fields), message.payload)


def _kind(status: int, kind: str | None, message: str) -> ErrorKind:
    if status == 400 and any(words in message for words in TOO_LONG):
        return K.CONTEXT_LENGTH
    if status == 400 and any(words in message for words in UNKNOWN_MODEL):
        return K.UPSTREAM_MODEL_UNKNOWN
    if status == 429 and PER_DAY in message:
        return K.UPSTREAM_BILLING
    return TYPE_KINDS.get(kind or "") or kind_of_status(status)
