"""GenerateRequest -> the Messages body for a provider, and what it could not say."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.protocols.anthropic_messages.content import own_members
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.families import Family, family_of
from plexus.protocols.anthropic_messages.members import PROTOCOL, UNREADABLE, cache_control
from plexus.protocols.anthropic_messages.request.blocks import BlockWriter
from plexus.protocols.anthropic_messages.request.settings import (
    note_unsayable,
    refuse_impossible,
    write_format,
    write_sampling,
    write_service_tier,
    write_stop,
    write_user,
)
from plexus.protocols.anthropic_messages.request.thinking import Thinking, write_thinking
from plexus.protocols.anthropic_messages.request.tools import write_tool_choice, write_tools
from plexus.protocols.anthropic_messages.request.turns import write_conversation
from plexus.protocols.codec import Outbound

PATH = "/messages"


def encode_request(request: GenerateRequest, dialect: MessagesDialect) -> tuple[Outbound, Losses]:
    """The call for a provider. Raises ClientError for content that Messages has no form for."""
    losses = Losses()
    body = write_body(request, dialect, losses)
    return Outbound(path=PATH, body=msgspec.json.encode(body)), losses


def write_body(request: GenerateRequest, dialect: MessagesDialect, losses: Losses) -> dict[str, Any]:
    """The members of the body. ``native``: the client speaks Messages too and gets its own words back."""
    native = request.origin == PROTOCOL
    family = family_of(request.model, dialect)
    refuse_impossible(request)
    writer = BlockWriter(losses, native=native)
    conversation = write_conversation(request, writer, dialect)
    broken = conversation.lacks_thinking() and (writer.dropped_reasoning or not native)
    thinking = write_thinking(request, family, losses, broken_loop=broken, native=native)
    output = write_format(request.output, family, conversation, losses, native=native)
    tools = write_tools(request, family, losses, native=native)
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": thinking.max_tokens,
        "system": conversation.write_system(),
        "messages": conversation.turns,
        "tools": tools or None,
        "tool_choice": write_tool_choice(request, tools, losses, native=native),
        "thinking": thinking.thinking,
        "stop_sequences": write_stop(request, losses, native=native) or None,
        "service_tier": write_service_tier(request.service_tier, losses, native=native),
        "cache_control": cache_control(request.cache) if request.cache is not None else None,
        "stream": request.stream or None,
    }
    body.update(_sampling(request, family, losses, thinking, native=native))
    note_unsayable(request, losses)
    body.update(_nested(request, thinking, output, losses))
    body = {name: value for name, value in body.items() if value is not None}
    for name, raw in own_members(request.extras).items():
        body.setdefault(name, raw)
    for name in dialect.refused_members & body.keys():
        del body[name]
        losses.add(name, "refused")
    return body


def _sampling(
    request: GenerateRequest, family: Family, losses: Losses, thinking: Thinking, *, native: bool
) -> dict[str, Any]:
    if native:
        return {"temperature": request.temperature, "top_p": request.top_p, "top_k": request.top_k}
    return write_sampling(request, family, losses, thinking=thinking.active)


def _nested(request: GenerateRequest, thinking: Thinking, output: object, losses: Losses) -> dict[str, Any]:
    """``output_config`` and ``metadata``: objects of which we know one part and keep the rest."""
    kept = own_members(request.extras)
    config = _rest(kept.get("output_config"))
    if thinking.effort is not None:
        config["effort"] = thinking.effort
    legacy = request.output is not None and request.output.legacy
    if output is not None and not legacy:
        config["format"] = output
    metadata = _rest(kept.get("metadata"))
    user = write_user(request, losses)
    if user is not None:
        metadata["user_id"] = user
    return {
        "output_config": config or None,
        "output_format": output if legacy else None,
        "metadata": metadata or None,
    }


def _rest(raw: msgspec.Raw | None) -> dict[str, Any]:
    if raw is None:
        return {}
    try:
        return dict(msgspec.json.decode(raw, type=dict[str, msgspec.Raw]))
    except UNREADABLE:
        return {}
