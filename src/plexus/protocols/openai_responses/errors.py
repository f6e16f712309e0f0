"""Errors of Responses. Their shape is OpenAI's (``protocols.openai_errors``); after the commit the reply itself fails."""

from __future__ import annotations

import re

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.events import Failure, Fold
from plexus.canonical.losses import Losses
from plexus.protocols.members import own_members
from plexus.protocols.openai_errors import decode_error, encode_error, error_object
from plexus.protocols.openai_responses.content import PROTOCOL
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.echo import Status
from plexus.protocols.openai_responses.response import Head, encode_output_items, reply_object, wire_usage
from plexus.protocols.openai_responses.stream_decode import stream_decoder
from plexus.protocols.sse import encode_event

__all__ = ["decode_error", "encode_error", "encode_stream_error"]

K = ErrorKind
CODES: dict[ErrorKind, str] = {
    K.RATE_LIMIT: "rate_limit_exceeded",
    K.QUOTA_EXCEEDED: "rate_limit_exceeded",
    K.BAD_REQUEST: "invalid_prompt",
    K.CONTEXT_LENGTH: "invalid_prompt",
    K.CONTENT_REJECTED: "invalid_prompt",
}
"""Of the codes that the API's list has (``ResponseErrorCode``); ``server_error`` for all else."""

_NUMBER = re.compile(rb'"sequence_number"\s*:\s*(\d{1,9})')


def encode_stream_error(error: GatewayError, passed: bytes) -> bytes:
    """The terminal frame after the commit: ``response.failed`` with the whole reply as far as it has ``passed``; the flat
    ``error`` event where no reply had begun."""
    numbers = _NUMBER.findall(passed)
    number = int(numbers[-1]) + 1 if numbers else 0
    folded = Fold(PROTOCOL)
    for event in stream_decoder(ResponsesDialect()).feed(passed):
        if not isinstance(event, Failure):
            folded.add(event)
    if folded.start is None:
        flat = error_object(error)
        del flat["type"]
        return encode_event(msgspec.json.encode({"type": "error", "sequence_number": number, **flat}), b"error")
    response = folded.response()
    head = Head(
        id=response.id,
        model=response.model,
        created=response.created,
        service_tier=response.service_tier,
        rest=own_members(response.extras, PROTOCOL),
    )
    output = encode_output_items(head.id, response.candidates[0], {}, Losses())
    counts = wire_usage(response.usage, own=True)
    whole = reply_object(head, Status("failed"), output, counts)
    whole["error"] = {"code": CODES.get(error.kind, "server_error"), "message": error.message}
    body = {"type": "response.failed", "sequence_number": number, "response": whole}
    return encode_event(msgspec.json.encode(body), b"response.failed")
