"""Errors of Chat Completions. Their shape is OpenAI's (``protocols.openai_errors``); the frame in a stream is Chat's own."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import GatewayError
from plexus.protocols.openai_errors import decode_error, decode_error_body, encode_error, error_object
from plexus.protocols.sse import encode_event

__all__ = ["decode_error", "decode_error_body", "encode_error", "encode_stream_error", "error_object"]


def encode_stream_error(error: GatewayError, passed: bytes) -> bytes:
    """The terminal frame after the commit; what has ``passed`` is not repeated."""
    del passed
    return encode_event(msgspec.json.encode({"error": error_object(error)}))
