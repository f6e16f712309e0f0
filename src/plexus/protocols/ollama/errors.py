"""Errors of Ollama: a text, whatever the status (https://docs.ollama.com/api/errors)."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.faults import is_html, kind_of_status, retry_after, should_retry
from plexus.protocols.unreadable import UNREADABLE


class WireError(msgspec.Struct):
    """``error`` as an object, as proxies in front of Ollama write it."""

    message: str | None = None


class WireReply(msgspec.Struct):
    """An error reply, and the line that ends a stream."""

    error: str | WireError | None = None


_DECODER = msgspec.json.Decoder(WireReply)

# Ollama has no typed code for it; the words are the only sign (the short list of docs/failures section 1.7). It says so with
# several statuses, and only where it may not cut the prompt.
TOO_LONG = "exceeds the context length"


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """A provider's failure, by its status."""
    message = read_message(body)
    return ProviderError(
        _kind(status, message, body),
        message or f"The provider answered {status}.",
        status=status,
        retry_after=retry_after(headers),
        should_retry=should_retry(headers),
    )


def decode_stream_error(chunk: bytes) -> GatewayError:
    """An ``error`` inside a 200, which tells no status."""
    return decode_error(500, Headers(), chunk)


def read_message(body: bytes) -> str | None:
    """What an error says; None for a body that is none."""
    try:
        error = _DECODER.decode(body).error
    except UNREADABLE:
        return None
    return error.message if isinstance(error, WireError) else error


def _kind(status: int, message: str | None, body: bytes) -> ErrorKind:
    if message is None:
        foreign = is_html(body) and status < 500 and status not in (404, 405)
        return ErrorKind.UPSTREAM_FOREIGN if foreign else kind_of_status(status)
    if TOO_LONG in message:
        return ErrorKind.CONTEXT_LENGTH
    # An unknown path is answered by "404 page not found", as plain text.
    return ErrorKind.UPSTREAM_MODEL_UNKNOWN if status == 404 else kind_of_status(status)
