"""Replies as one JSON body, both ways."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec

from plexus.canonical.content import Block, Text, ToolCall
from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.canonical.events import ReplyStart
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Candidate, FinishReason, GenerateResponse
from plexus.canonical.usage import Usage
from plexus.protocols.members import Members, Object, own_members
from plexus.protocols.openai_errors import decode_error_body
from plexus.protocols.openai_responses.content import PROTOCOL
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.echo import (
    Status,
    decode_extras,
    decode_finish,
    echo,
    encode_status,
    is_refused,
)
from plexus.protocols.openai_responses.items import read_turn_item
from plexus.protocols.openai_responses.names import KnownTool, known_tools
from plexus.protocols.openai_responses.output import ItemWriter, reply_id
from plexus.protocols.openai_responses.settings import TIERS
from plexus.protocols.openai_responses.usage import decode_usage, encode_usage
from plexus.protocols.unreadable import UNREADABLE, as_utf8

# --- reading


def decode_response(body: bytes, dialect: ResponsesDialect) -> GenerateResponse:
    """A provider's reply. Raises ProviderError for an error inside a 200, for a failed reply, and for what is none."""
    del dialect
    try:
        reply = Members(msgspec.json.decode(as_utf8(body), type=Object))
        error = reply.peek("error")
        status = reply.peek("status")
        if (error is not None and bytes(error) != b"null") or (status is not None and bytes(status) == b'"failed"'):
            raise decode_error_body(bytes(error) if error is not None else b"{}")
        if reply.peek("output") is None:
            raise malformed("The provider's reply has no output.")
        return read_reply(reply)
    except (ClientError, *UNREADABLE) as wrong:
        raise malformed(f"The provider's reply cannot be read: {wrong}") from None


def malformed(message: str) -> ProviderError:
    """A 200 that is no reply."""
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200)


def read_reply(reply: Members) -> GenerateResponse:
    """The response object. Raises ClientError for members of the wrong type."""
    blocks = tuple(block for item in reply.take_list("output") for block in read_turn_item(item))
    raw_usage = reply.take_raw("usage")
    details = reply.take_members("incomplete_details")
    status = reply.take("status", str)
    called = any(isinstance(block, ToolCall) for block in blocks)
    candidate = Candidate(
        blocks=blocks,
        finish=decode_finish(status, details.take("reason", str) if details is not None else None, called=called),
        logprobs=join_logprobs(blocks),
    )
    return GenerateResponse(
        origin=PROTOCOL,
        id=reply.take("id", str) or "",
        model=reply.take("model", str) or "",
        created=int(reply.take("created_at", float) or 0) or None,
        candidates=(candidate,),
        usage=decode_usage(raw_usage) if raw_usage is not None else None,
        service_tier=reply.take("service_tier", str),
        extras=decode_extras(reply),
    )


def join_logprobs(blocks: tuple[Block, ...]) -> msgspec.Raw | None:
    """The log probabilities of all parts, in the canonical form (Chat's)."""
    joined: list[msgspec.Raw] = []
    for block in blocks:
        raw = own_members(block.extras, PROTOCOL).get("logprobs") if isinstance(block, Text) else None
        if raw is not None:
            joined += msgspec.json.decode(raw, type=list[msgspec.Raw])
    return msgspec.Raw(msgspec.json.encode({"content": joined, "refusal": None})) if joined else None


# --- writing


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply says of itself before its output."""

    id: str
    model: str
    created: int | None
    service_tier: str | None
    rest: Mapping[str, object]
    """The members that repeat the request, and those that only Responses has."""


def head_of(response: GenerateResponse | ReplyStart, request: GenerateRequest, *, own: bool) -> Head:
    """The head of the client's reply. ``own``: its provider spoke Responses and said all of it, but for the time; of
    another's reply we repeat the request ourselves."""
    created = response.created
    if own:
        rest: Mapping[str, object] = own_members(response.extras, PROTOCOL)
        return Head(
            id=response.id, model=response.model, created=created, service_tier=response.service_tier, rest=rest
        )
    return Head(
        id=reply_id(response.id) if request.place is None else request.place.id,
        model=response.model,
        created=created if created is not None else int(time.time()),
        service_tier=response.service_tier if response.service_tier in TIERS else "default",
        rest=echo(request),
    )


def reply_object(head: Head, status: Status, output: list[object], counts: object) -> dict[str, object]:
    """The response object."""
    whole: dict[str, object] = {
        "id": head.id,
        "object": "response",
        "created_at": head.created if head.created is not None else int(time.time()),
        "status": status.status,
        "incomplete_details": status.incomplete,
        "model": head.model,
        "output": output,
        **head.rest,
        "usage": counts,
    }
    if head.service_tier is not None:
        whole["service_tier"] = head.service_tier
    whole.setdefault("completed_at", None)
    return whole


def encode_response(response: GenerateResponse, request: GenerateRequest) -> tuple[bytes, Losses]:
    """The client's reply."""
    losses = Losses()
    for extra in response.candidates[1:]:
        losses.add(f"choices[{extra.index}]", "unsupported")
    candidate = response.candidates[0] if response.candidates else Candidate()
    if response.extras is not None and response.extras.origin != PROTOCOL:
        for name in response.extras.members:
            losses.add(name, "foreign")
    own = response.origin == PROTOCOL
    head = head_of(response, request, own=own)
    output = encode_output_items(head.id, candidate, known_tools(request), losses)
    status = encode_status(candidate.finish, refused=is_refused(candidate))
    if candidate.finish is not None and candidate.finish.reason is FinishReason.PAUSE:
        losses.add("stop_reason", "approximated")
    counts = wire_usage(response.usage, own=own)
    return msgspec.json.encode(reply_object(head, status, output, counts)), losses


def encode_output_items(
    reply: str, candidate: Candidate, known: Mapping[str, KnownTool], losses: Losses
) -> list[object]:
    """The ``output`` of a reply."""
    return ItemWriter(reply, known, losses).items(candidate.blocks, candidate.logprobs)


def wire_usage(counts: Usage | None, *, own: bool) -> object:
    """The ``usage`` object; the provider's own where it spoke Responses."""
    if counts is not None and own and counts.raw is not None:
        return msgspec.Raw(counts.raw.encode())
    return None if counts is None else encode_usage(counts)
