"""Whole replies, both ways."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.content import Extras
from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Candidate, GenerateResponse
from plexus.protocols.anthropic_messages.content import decode_blocks, own_members
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.errors import error_in_reply
from plexus.protocols.anthropic_messages.finish import decode_finish, encode_finish, holds_call, holds_refusal
from plexus.protocols.anthropic_messages.members import PROTOCOL, Members, Misfit, check_utf8
from plexus.protocols.anthropic_messages.reply import note_foreign, write_reply_blocks
from plexus.protocols.anthropic_messages.usage import decode_usage, encode_usage

TIERS = {"default": "standard", "standard": "standard", "priority": "priority", "batch": "batch"}
"""Tiers that served a call, in Anthropic's words; those without an equivalent are left out."""


def decode_response(body: bytes, dialect: MessagesDialect) -> GenerateResponse:
    """A provider's Message. Raises ProviderError for an error in its place, or for what is no Message."""
    del dialect
    failure = error_in_reply(body)
    if failure is not None:
        raise failure
    try:
        check_utf8(body)
        return read_message(Members(body, ""))
    except Misfit as wrong:
        raise malformed(wrong) from None


def read_message(members: Members) -> GenerateResponse:
    """A Message as a reply. Raises Misfit."""
    content = members.take_list("content")
    if content is None:
        raise Misfit("content", "the member is missing")
    for own in ("type", "role"):
        members.values.pop(own, None)
    usage = members.take_raw("usage")
    counts = decode_usage(usage) if usage is not None else None
    return GenerateResponse(
        origin=PROTOCOL,
        id=members.take("id", str) or "",
        model=members.take("model", str) or "",
        candidates=(Candidate(blocks=decode_blocks(content, "content"), finish=decode_finish(members)),),
        usage=counts,
        service_tier=read_tier(usage),
        extras=read_extras(members),
    )


def read_tier(usage: msgspec.Raw | None) -> str | None:
    """The tier that served the call, which Anthropic says within the usage."""
    return None if usage is None else Members(usage, "usage").take("service_tier", str)


def read_extras(members: Members) -> Extras:
    """What is left of a Message. Without members it still names the origin, so that an encoder knows its own."""
    return members.extras() or Extras(PROTOCOL, {})


def malformed(wrong: Misfit) -> GatewayError:
    """The error for a reply that cannot be read."""
    return ProviderError(
        ErrorKind.UPSTREAM_MALFORMED, "The provider's reply could not be read.", status=200, hint=str(wrong)
    )


def encode_response(response: GenerateResponse, request: GenerateRequest) -> tuple[bytes, Losses]:
    """The Message for a client, and what it could not say."""
    losses = Losses()
    native = response.origin == PROTOCOL
    candidate = response.candidates[0] if response.candidates else Candidate()
    for extra in response.candidates[1:]:
        losses.add(f"candidates[{extra.index}]", "unsupported")
    if candidate.logprobs is not None:
        losses.add("logprobs", "unsupported")
    note_foreign(candidate.extras, "", losses)
    note_foreign(response.extras, "", losses)
    blocks = candidate.blocks
    message: dict[str, Any] = {
        "id": response.id,
        "type": "message",
        "role": "assistant",
        "model": response.model or request.model,
        "content": write_reply_blocks(blocks, losses, native=native),
        **encode_finish(candidate.finish, called=holds_call(blocks), refused=holds_refusal(blocks)),
        "usage": _usage(response, native=native),
        **own_members(response.extras),
    }
    return msgspec.json.encode(message), losses


def _usage(response: GenerateResponse, *, native: bool) -> object:
    if native and response.usage is not None and response.usage.raw is not None:
        return response.usage.raw
    return encode_usage(response.usage, TIERS.get(response.service_tier or ""))
