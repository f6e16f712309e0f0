"""OpenAI Chat Completions. This page is the table of contents.

- **ChatDialect** (``dialect``): where providers differ.
- ``request``: a request, read; ``encode_request`` with ``encode_tools``, ``encode_reasoning`` and ``settings``: written;
  ``content``: parts and assistant turns.
- ``response``: a JSON reply, read and written; ``wire``, ``stream_decode``, ``stream_encode``: a streamed one.
- ``errors``, ``usage``: both ways; ``tool_call_id``: a call's id, and the state in it.
- ``edits`` and ``tap``: for the lanes that keep the bytes.
"""

from __future__ import annotations

from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols.codec import Codec, fixed_path
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.edits import edits
from plexus.protocols.openai_chat.encode_request import PATH, encode_request
from plexus.protocols.openai_chat.errors import decode_error, encode_error, encode_stream_error
from plexus.protocols.openai_chat.request import decode_request
from plexus.protocols.openai_chat.response import decode_response, encode_response
from plexus.protocols.openai_chat.stream_decode import stream_decoder
from plexus.protocols.openai_chat.stream_encode import END, stream_encoder
from plexus.protocols.openai_chat.tap import tap, withholds

CODEC: Codec[GenerateRequest, GenerateResponse, ChatDialect] = Codec(
    protocol="openai_chat",
    operation="generate",
    default_dialect=ChatDialect(),
    path=fixed_path(PATH),
    forwarded_headers=frozenset({b"openai-beta"}),
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
    terminator=END,
)
