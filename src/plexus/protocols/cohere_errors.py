"""Errors as Cohere writes them, for its clients in rerank and embeddings (https://docs.cohere.com/reference/errors)."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import GatewayError
from plexus.canonical.headers import Field
from plexus.protocols.codec import ErrorReply
from plexus.protocols.faults import shown_status

WAITS = frozenset({429, 503})


def encode_error(error: GatewayError, request_id: str) -> ErrorReply:
    """The reply before the commit."""
    status = shown_status(error.kind)
    fields: list[Field] = [(b"content-type", b"application/json")]
    if status in WAITS:
        seconds = error.retry_after if error.retry_after is not None else 1.0
        fields.append((b"retry-after", b"%d" % max(1, -int(-seconds // 1))))
    return ErrorReply(status, msgspec.json.encode({"id": request_id, "message": error.message}), tuple(fields))
