"""Cohere's v2 chat (``/v2/chat``), towards providers only. This page is the table of contents.

- **CohereDialect** (``dialect``): where models and operators differ.
- ``encode_request`` and ``settings``: a request, written.
- ``reader``: messages (``wire``), whole (``response``) or in pieces (``stream_decode``), to events; ``citations``: of its answer.
- ``errors``, ``usage``: read.
"""

from __future__ import annotations

from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols.codec import ProviderCodec
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.cohere.encode_request import encode_request
from plexus.protocols.cohere.errors import decode_error
from plexus.protocols.cohere.response import decode_response
from plexus.protocols.cohere.stream_decode import stream_decoder
from plexus.protocols.cohere.wire import PROTOCOL

CODEC: ProviderCodec[GenerateRequest, GenerateResponse, CohereDialect] = ProviderCodec(
    protocol=PROTOCOL,
    operation="generate",
    default_dialect=CohereDialect(),
    encode_request=encode_request,
    decode_response=decode_response,
    stream_decoder=stream_decoder,
    decode_error=decode_error,
)
