"""Counting the input's tokens, native only (https://platform.openai.com/docs/api-reference/responses/input-tokens).

The same request without what concerns the reply, and a reply of one number. Where no target has the operation the gateway
estimates (``accounting.estimate``).
"""

from __future__ import annotations

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.protocols import envelope
from plexus.protocols.codec import Outbound
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.encode_request import encode_request
from plexus.protocols.openai_responses.side_tap import side_tap
from plexus.protocols.tap import WholeTap

PATH = "/responses/input_tokens"
OBJECT = "response.input_tokens"
MEMBERS = frozenset(
    {
        "conversation",
        "input",
        "instructions",
        "model",
        "parallel_tool_calls",
        "previous_response_id",
        "reasoning",
        "text",
        "tool_choice",
        "tools",
        "truncation",
    }
)
"""What the operation takes."""


def encode_count_request(request: GenerateRequest, dialect: ResponsesDialect) -> tuple[Outbound, Losses]:
    """The request, where its body had to be written anew. Raises ClientError for what the protocol cannot express."""
    return only(*encode_request(request, dialect), PATH, MEMBERS)


def only(outbound: Outbound, losses: Losses, path: str, members: frozenset[str]) -> tuple[Outbound, Losses]:
    """``outbound`` for another operation, which takes no more than ``members``; what else the request wishes concerns a
    reply that there will not be."""
    body = envelope.read(outbound.body)
    surplus = frozenset(body.members) - members
    kept = body.remove(surplus).raw if surplus else outbound.body
    return msgspec.structs.replace(outbound, path=path, body=kept), losses


class _Count(msgspec.Struct):
    input_tokens: int


_COUNT = msgspec.json.Decoder(_Count)


def _read(body: bytes) -> None:
    _COUNT.decode(body)


def tap(dialect: ResponsesDialect) -> WholeTap:
    """A tap for one reply. The count is no usage: counting is free."""
    del dialect
    return side_tap(_read)


def encode_count(tokens: int) -> bytes:
    """The reply."""
    return msgspec.json.encode({"object": OBJECT, "input_tokens": tokens})
