"""Ollama's own API (``/api/chat``), towards providers only. This page is the table of contents.

- **OllamaDialect** (``dialect``): where servers and operators differ.
- ``encode_request`` and ``settings``: a request, written.
- ``reader``: chunks (``wire``) to events, of a stream (``stream_decode``) and of a JSON reply (``response``).
- ``errors``, ``usage``: read.
"""

from __future__ import annotations

from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols.codec import ProviderCodec
from plexus.protocols.ollama.dialect import OllamaDialect
from plexus.protocols.ollama.encode_request import encode_request
from plexus.protocols.ollama.errors import decode_error
from plexus.protocols.ollama.response import decode_response
from plexus.protocols.ollama.stream_decode import stream_decoder
from plexus.protocols.ollama.wire import PROTOCOL

CODEC: ProviderCodec[GenerateRequest, GenerateResponse, OllamaDialect] = ProviderCodec(
    protocol=PROTOCOL,
    operation="generate",
    default_dialect=OllamaDialect(),
    stream_type=b"application/x-ndjson",
    encode_request=encode_request,
    decode_response=decode_response,
    stream_decoder=stream_decoder,
    decode_error=decode_error,
)
