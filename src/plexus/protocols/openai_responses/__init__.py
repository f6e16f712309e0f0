"""OpenAI Responses. This page is the table of contents.

- **ResponsesDialect** (``dialect``): where providers differ, and which models think.
- ``request`` / ``encode_request`` and ``settings``: a request, read and written; ``content``: its parts; ``items``: what a
  model's turn is made of; ``tools`` and ``names``: tools, the choice among them, namespaces.
- ``response``: a JSON reply, read and written; ``output``: its items; ``echo``: what it repeats of the request.
- ``wire``, ``stream_decode`` (``stream_items``), ``stream_encode`` (``stream_writers``): a streamed one.
- ``errors``, ``usage``: both ways.
- ``edits`` and ``tap``: for the lanes that keep the bytes.
- ``input_tokens`` and ``compact`` (``side_tap``): the operations beside generating.
- ``socket``: the messages of a WebSocket.
"""

from __future__ import annotations

import dataclasses

from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols.codec import Codec, fixed_path
from plexus.protocols.openai_responses import compact, input_tokens
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.edits import edits, withholds
from plexus.protocols.openai_responses.encode_request import PATH, encode_request
from plexus.protocols.openai_responses.errors import decode_error, encode_error, encode_stream_error
from plexus.protocols.openai_responses.request import decode_request
from plexus.protocols.openai_responses.response import decode_response, encode_response
from plexus.protocols.openai_responses.stream_decode import stream_decoder
from plexus.protocols.openai_responses.stream_encode import stream_encoder
from plexus.protocols.openai_responses.tap import tap

CODEC: Codec[GenerateRequest, GenerateResponse, ResponsesDialect] = Codec(
    protocol="openai_responses",
    operation="generate",
    default_dialect=ResponsesDialect(),
    path=fixed_path(PATH),
    forwarded_headers=frozenset({b"openai-beta"}),
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=stream_encoder,
    encode_error=encode_error,
    encode_stream_error=encode_stream_error,
    repeats_reply=True,
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

COUNT_CODEC = dataclasses.replace(
    CODEC,
    operation="count_tokens",
    path=fixed_path(input_tokens.PATH),
    tap=input_tokens.tap,
    encode_request=input_tokens.encode_count_request,
    encode_count=input_tokens.encode_count,
)
"""The same bodies, another path, a reply of one number; native only."""

COMPACT_CODEC = dataclasses.replace(
    CODEC,
    operation="compact",
    path=fixed_path(compact.PATH),
    tap=compact.tap,
    encode_request=compact.encode_compact_request,
)
"""Earlier turns in, fewer items out; native only."""
