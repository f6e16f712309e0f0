"""The chunks of a reply, decoded straight from bytes: only the members that matter. A whole JSON reply is one chunk."""

from __future__ import annotations

import msgspec

from plexus.protocols.members import ABSENT, Object


class FunctionCall(msgspec.Struct, rename="camel"):
    """``functionCall``. With ``streamFunctionCallArguments`` its arguments come in pieces."""

    name: str | None = None
    id: str | None = None
    args: msgspec.Raw = ABSENT
    partial_args: list[Object] | None = None
    will_continue: bool | None = None


class Part(msgspec.Struct, rename="camel"):
    """The two kinds of part that come most."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None


class Content(msgspec.Struct):
    """``content`` of a candidate."""

    parts: list[msgspec.Raw] | None = None


class Feedback(msgspec.Struct, rename="camel"):
    """``promptFeedback``."""

    block_reason: str | None = None
    block_reason_message: str | None = None


class Chunk(msgspec.Struct, rename="camel"):
    """One event of a stream, or the whole reply."""

    candidates: list[Object] | None = None
    usage_metadata: msgspec.Raw = ABSENT
    prompt_feedback: Feedback | None = None
    model_version: str | None = None
    response_id: str | None = None
    error: msgspec.Raw = ABSENT


class PlainPart(msgspec.Struct, forbid_unknown_fields=True):
    """More text, or more of a thought."""

    text: str
    thought: bool = False


class PlainContent(msgspec.Struct, forbid_unknown_fields=True):
    """One such part."""

    parts: tuple[PlainPart]
    role: msgspec.Raw = ABSENT


class PlainCandidate(msgspec.Struct, forbid_unknown_fields=True):
    """Nothing but content."""

    content: PlainContent
    index: int = 0


class PlainChunk(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What most chunks of a stream are: one more piece of text, and counts."""

    candidates: tuple[PlainCandidate]
    usage_metadata: msgspec.Raw = ABSENT
    model_version: msgspec.Raw = ABSENT
    response_id: msgspec.Raw = ABSENT


PLAIN_CHUNK = msgspec.json.Decoder(PlainChunk)
CHUNK = msgspec.json.Decoder(Chunk)
PART = msgspec.json.Decoder(Part)
CONTENT = msgspec.json.Decoder(Content)
