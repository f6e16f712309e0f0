"""Bedrock Converse, towards providers only: no client of ours speaks it. This page is the table of contents.

- **ConverseDialect** (``dialect``): where the model families differ.
- ``encode_request``, ``settings``, ``thinking`` and ``parts``: a request, written.
- ``response`` and ``content``: a JSON reply, read; ``wire``, ``stream_decode``: a streamed one (``protocols.eventstream``).
- ``errors``, ``finish``, ``usage``.
"""

from __future__ import annotations

from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols.bedrock_converse.content import PROTOCOL
from plexus.protocols.bedrock_converse.dialect import ConverseDialect
from plexus.protocols.bedrock_converse.encode_request import encode_request
from plexus.protocols.bedrock_converse.errors import decode_error
from plexus.protocols.bedrock_converse.response import decode_response
from plexus.protocols.bedrock_converse.stream_decode import stream_decoder
from plexus.protocols.codec import ProviderCodec

CODEC: ProviderCodec[GenerateRequest, GenerateResponse, ConverseDialect] = ProviderCodec(
    protocol=PROTOCOL,
    operation="generate",
    default_dialect=ConverseDialect(),
    stream_type=b"application/vnd.amazon.eventstream",
    encode_request=encode_request,
    decode_response=decode_response,
    stream_decoder=stream_decoder,
    decode_error=decode_error,
)
