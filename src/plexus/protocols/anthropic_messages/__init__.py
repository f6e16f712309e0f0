"""Anthropic Messages (https://docs.anthropic.com/en/api/messages): the codec, as a table of contents.

- ``request``: a client's body -> GenerateRequest -> a provider's body (turns, blocks, tools, thinking, settings).
- ``response``: whole replies; ``reply`` writes their blocks. ``stream``: the same in pieces.
- ``content``, ``calls``, ``citations``, ``usage``, ``finish``: what requests, replies and streams have in common.
- ``errors``: failures, both ways. ``tap``: usage and finish off a reply that passes untouched; ``edits``: what must not.
- ``dialect``: how a provider differs; ``families``: what is known about Claude's model families.
- ``members``, ``wire``: reading JSON so that unknown members are kept; the shapes that are read at speed.
- ``count_tokens``: the operation beside generate, and the estimate for targets that lack it.
"""

from __future__ import annotations

from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols.anthropic_messages.count_tokens import COUNT_TOKENS_CODEC, TokenCount, estimate_tokens
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.edits import edits, withholds
from plexus.protocols.anthropic_messages.errors import decode_error, encode_error, encode_stream_error
from plexus.protocols.anthropic_messages.members import PROTOCOL
from plexus.protocols.anthropic_messages.request import decode_request, encode_request
from plexus.protocols.anthropic_messages.request.encode import PATH
from plexus.protocols.anthropic_messages.response import decode_response, encode_response
from plexus.protocols.anthropic_messages.stream import MessagesStreamDecoder, MessagesStreamEncoder
from plexus.protocols.anthropic_messages.tap import MessagesTap
from plexus.protocols.codec import Codec

__all__ = ["CODEC", "COUNT_TOKENS_CODEC", "MessagesDialect", "TokenCount", "estimate_tokens"]

CODEC: Codec[GenerateRequest, GenerateResponse, MessagesDialect] = Codec(
    protocol=PROTOCOL,
    operation="generate",
    default_dialect=MessagesDialect(),
    path=PATH,
    forwarded_headers=frozenset({b"anthropic-version", b"anthropic-beta"}),
    default_headers=((b"anthropic-version", b"2023-06-01"),),
    # as a server
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=MessagesStreamEncoder,
    encode_error=encode_error,
    encode_stream_error=encode_stream_error,
    heartbeat=b'event: ping\ndata: {"type": "ping"}\n\n',
    # as a client
    encode_request=encode_request,
    decode_response=decode_response,
    stream_decoder=lambda _: MessagesStreamDecoder(),
    decode_error=decode_error,
    # the same protocol on both sides
    edits=edits,
    withholds=withholds,
    tap=lambda _: MessagesTap(),
    terminator=b"",
)
