"""Errors of Cohere, both ways: a message, and for some of them a type (https://docs.cohere.com/reference/errors)."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.protocols.codec import ErrorReply
from plexus.protocols.faults import error_fields, is_html, kind_of_status, retry_after, should_retry, shown_status
from plexus.protocols.unreadable import UNREADABLE

K = ErrorKind


class WireError(msgspec.Struct):
    """The body of an error."""

    message: str | None = None
    error_type: str | None = None


_DECODER = msgspec.json.Decoder(WireError)

TYPE_KINDS = {"TOO_MANY_TOKENS": K.CONTEXT_LENGTH}
STATUS_KINDS = {498: K.UPSTREAM_AUTH, 499: K.UPSTREAM_ERROR}
"""Cohere's own statuses: a token that is not valid; a call that was cancelled on its side, to be tried again."""
FAILED = frozenset({"ERROR", "TIMEOUT", "ERROR_TOXIC", "ERROR_LIMIT"})
"""Finish reasons of a generation that broke: what it had said is no answer."""


def decode_error(status: int, headers: Headers, body: bytes) -> GatewayError:
    """A provider's failure, by its type, else by its status."""
    try:
        wire = _DECODER.decode(body)
    except UNREADABLE:
        wire = WireError()
    kind = _kind(status, wire, body)
    return ProviderError(
        kind,
        wire.message or f"The provider answered {status}.",
        code=None if kind is K.CONTEXT_LENGTH else wire.error_type,  # every client's protocol has a better word for it
        status=status,
        retry_after=retry_after(headers),
        should_retry=should_retry(headers),
    )


def encode_error(error: GatewayError, request_id: str) -> ErrorReply:
    """The reply before the commit, for Cohere's clients (embeddings, rerank)."""
    body = msgspec.json.encode({"id": request_id, "message": error.message})
    return ErrorReply(shown_status(error.kind), body, error_fields(error))


def failed(word: str | None, message: str | None) -> GatewayError:
    """The failure of a generation that ended with the finish reason ``word``, or with an error beside it."""
    told = message or f"The provider's generation ended with {word or 'an error'}."
    return ProviderError(K.UPSTREAM_ERROR, told, code=word, status=500)


def _kind(status: int, wire: WireError, body: bytes) -> ErrorKind:
    if wire.message is None and is_html(body) and status < 500 and status not in (404, 405):
        return K.UPSTREAM_FOREIGN
    typed = TYPE_KINDS.get(wire.error_type or "") or STATUS_KINDS.get(status)
    if typed is not None:
        return typed
    return K.UPSTREAM_MODEL_UNKNOWN if status == 404 and wire.message is not None else kind_of_status(status)
