"""Compacting earlier turns, native only (https://platform.openai.com/docs/api-reference/responses/compact).

The reply holds items that stand for all that was sent, some of them readable to their provider alone: only it can make them.
"""

from __future__ import annotations

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.usage import Usage
from plexus.protocols.codec import Outbound
from plexus.protocols.members import ABSENT, present
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.encode_request import encode_request
from plexus.protocols.openai_responses.input_tokens import only
from plexus.protocols.openai_responses.side_tap import side_tap
from plexus.protocols.openai_responses.usage import decode_usage
from plexus.protocols.tap import WholeTap

PATH = "/responses/compact"
MEMBERS = frozenset(
    {"input", "instructions", "model", "previous_response_id", "prompt_cache_key", "prompt_cache_retention"}
)
"""What the operation takes."""


def encode_compact_request(request: GenerateRequest, dialect: ResponsesDialect) -> tuple[Outbound, Losses]:
    """The request, where its body had to be written anew. Raises ClientError for what the protocol cannot express."""
    return only(*encode_request(request, dialect), PATH, MEMBERS)


class _Compaction(msgspec.Struct):
    output: list[msgspec.Raw]
    usage: msgspec.Raw = ABSENT


_COMPACTION = msgspec.json.Decoder(_Compaction)


def _read(body: bytes) -> Usage | None:
    reply = _COMPACTION.decode(body)
    return decode_usage(reply.usage) if present(reply.usage) else None


def tap(dialect: ResponsesDialect) -> WholeTap:
    """A tap for one reply."""
    del dialect
    return side_tap(_read)
