"""Gemini (generateContent). This page is the table of contents.

- **GeminiDialect** (``dialect``): where providers and model families differ.
- ``request`` / ``encode_request`` and ``settings``: a request, read and written; ``content`` / ``parts``: its blocks;
  ``calls``, ``signature``, ``schema``, ``names``: ids of calls, thought signatures, schemas, spellings.
- ``reader``: chunks to events, of a stream (``stream_decode``) and of a JSON reply (``response``, which also writes one);
  ``wire``, ``frames``, ``partial_args``, ``citations``, ``logprobs``, ``finish``: what chunks are made of.
- ``stream_encode``: a streamed reply, as server-sent events or as one JSON array.
- ``errors``, ``usage``: both ways; ``count_tokens``: the operation beside generating.
- ``edits`` and ``tap``: for the lanes that keep the bytes.
"""

from __future__ import annotations

import dataclasses

from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols.codec import Codec
from plexus.protocols.gemini import count_tokens
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.edits import edits, withholds
from plexus.protocols.gemini.encode_request import encode_request, path_of
from plexus.protocols.gemini.errors import decode_error, encode_array_error, encode_error, encode_stream_error
from plexus.protocols.gemini.frames import ArrayBoundary, split_elements
from plexus.protocols.gemini.request import decode_request
from plexus.protocols.gemini.response import decode_response, encode_response
from plexus.protocols.gemini.stream_decode import stream_decoder
from plexus.protocols.gemini.stream_encode import array_encoder, stream_encoder
from plexus.protocols.gemini.tap import array_tap, tap

CODEC: Codec[GenerateRequest, GenerateResponse, GeminiDialect] = Codec(
    protocol="gemini",
    operation="generate",
    default_dialect=GeminiDialect(),
    path=path_of,
    forwarded_headers=frozenset({b"x-goog-api-client"}),
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=stream_encoder,
    encode_error=encode_error,
    encode_stream_error=encode_stream_error,
    heartbeat=b": keep-alive\n\n",
    encode_request=encode_request,
    decode_response=decode_response,
    stream_decoder=stream_decoder,
    decode_error=decode_error,
    edits=edits,
    withholds=withholds,
    tap=tap,
    terminator=b"",
)

ARRAY_CODEC = dataclasses.replace(
    CODEC,
    stream_type=b"application/json",
    boundary=ArrayBoundary,
    split=split_elements,
    stream_encoder=array_encoder,
    encode_stream_error=encode_array_error,
    repeats_reply=True,  # whether the array has begun decides how its error is written
    heartbeat=b"\n",
    tap=array_tap,
    terminator=b"]",
)
"""For a client that streams without ``alt=sse``: one JSON array, element by element."""

COUNT_CODEC = dataclasses.replace(
    CODEC,
    operation="count_tokens",
    path=count_tokens.count_path,
    decode_request=count_tokens.decode_request,
    tap=count_tokens.tap,
    encode_count=count_tokens.encode_count,
)
"""Nearly the same bodies, another path, a reply of one number; native only."""
