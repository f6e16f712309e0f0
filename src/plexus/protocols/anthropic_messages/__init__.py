"""Anthropic Messages. This page is the table of contents.

- **MessagesDialect** (``dialect``): where providers and model families differ.
- ``request`` / ``encode_request`` and ``settings``: a request, read and written; ``content``: its blocks.
- ``response``: a JSON reply, read and written; ``wire``, ``stream_decode``, ``stream_encode``: a streamed one.
- ``errors``, ``usage``: both ways; ``count_tokens``: the operation beside generating.
- ``edits`` and ``tap``: for the lanes that keep the bytes.
"""

from __future__ import annotations

import dataclasses

from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols.anthropic_messages import count_tokens
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.edits import edits, withholds
from plexus.protocols.anthropic_messages.encode_request import PATH, encode_request
from plexus.protocols.anthropic_messages.errors import decode_error, encode_error, encode_stream_error
from plexus.protocols.anthropic_messages.request import decode_request
from plexus.protocols.anthropic_messages.response import decode_response, encode_response
from plexus.protocols.anthropic_messages.stream_decode import stream_decoder
from plexus.protocols.anthropic_messages.stream_encode import END, stream_encoder
from plexus.protocols.anthropic_messages.tap import tap
from plexus.protocols.codec import Codec, fixed_path

CODEC: Codec[GenerateRequest, GenerateResponse, MessagesDialect] = Codec(
    protocol="anthropic_messages",
    operation="generate",
    default_dialect=MessagesDialect(),
    path=fixed_path(PATH),
    forwarded_headers=frozenset({b"anthropic-version", b"anthropic-beta"}),
    default_headers=((b"anthropic-version", b"2023-06-01"),),
    demands_usage=True,
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=stream_encoder,
    encode_error=encode_error,
    encode_stream_error=encode_stream_error,
    heartbeat=b'event: ping\ndata: {"type": "ping"}\n\n',
    encode_request=encode_request,
    decode_response=decode_response,
    stream_decoder=stream_decoder,
    decode_error=decode_error,
    edits=edits,
    withholds=withholds,
    tap=tap,
    terminator=END,
)

COUNT_CODEC = dataclasses.replace(
    CODEC,
    operation="count_tokens",
    path=fixed_path(count_tokens.PATH),
    tap=count_tokens.tap,
    encode_request=count_tokens.encode_count_request,
    encode_count=count_tokens.encode_count,
)
"""The same bodies, another path, a reply of one number; native only."""
