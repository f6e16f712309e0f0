"""OpenAI Chat Completions (https://platform.openai.com/docs/api-reference/chat): the codec, as a table of contents.

- ``request``: a client's body -> GenerateRequest -> a provider's body (turns, parts, tools, effort, settings).
- ``response``: whole replies; ``assistant`` reads their message, ``reply`` writes it. ``stream``: the same in pieces.
- ``content``, ``calls``, ``reasoning``, ``citations``, ``media``: what an assistant's turn and a reply have in common.
- ``tool_call_id``: sealed reasoning state in the ids that clients send back.
- ``usage``, ``finish``: counts and ends in the words of many providers, and ours.
- ``errors``: failures, both ways; ``error_body``: the shapes in which providers say them.
- ``tap``: usage and finish off a reply that passes untouched; ``edits``: what must not.
- ``dialect``: how a provider differs. ``members``, ``wire``: reading JSON so that unknown members are kept, or at speed.
"""

from __future__ import annotations

from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import GenerateResponse
from plexus.protocols.codec import Codec
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.edits import edits, withholds
from plexus.protocols.openai_chat.errors import decode_error, encode_error, encode_stream_error
from plexus.protocols.openai_chat.members import PROTOCOL
from plexus.protocols.openai_chat.request import PATH, decode_request, encode_request
from plexus.protocols.openai_chat.response import decode_response, encode_response
from plexus.protocols.openai_chat.stream import ChatStreamDecoder, ChatStreamEncoder
from plexus.protocols.openai_chat.stream.encode import DONE_FRAME
from plexus.protocols.openai_chat.tap import ChatTap

__all__ = ["CODEC", "ChatDialect"]

CODEC: Codec[GenerateRequest, GenerateResponse, ChatDialect] = Codec(
    protocol=PROTOCOL,
    operation="generate",
    default_dialect=ChatDialect(),
    path=PATH,
    forwarded_headers=frozenset({b"openai-beta"}),  # organization and project belong to the client's own account
    # as a server
    decode_request=decode_request,
    encode_response=encode_response,
    stream_encoder=ChatStreamEncoder,
    encode_error=encode_error,
    encode_stream_error=encode_stream_error,
    heartbeat=b": keep-alive\n\n",
    # as a client
    encode_request=encode_request,
    decode_response=decode_response,
    stream_decoder=ChatStreamDecoder,
    decode_error=decode_error,
    # the same protocol on both sides
    edits=edits,
    withholds=withholds,
    tap=ChatTap,
    terminator=DONE_FRAME,
)
