"""GenerateRequest -> the body for a provider of Chat."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.protocols.codec import Outbound
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.members import OBJECT, foreign_names, own_members
from plexus.protocols.openai_chat.request.effort import write_reasoning
from plexus.protocols.openai_chat.request.settings import write_settings
from plexus.protocols.openai_chat.request.tools import write_tool_choice, write_tools
from plexus.protocols.openai_chat.request.turns import write_messages

PATH = "/chat/completions"

_ENCODER = msgspec.json.Encoder()


def encode_request(request: GenerateRequest, dialect: ChatDialect) -> tuple[Outbound, Losses]:
    """The call, and what it could not say. Raises ClientError for content that Chat cannot express."""
    losses = Losses()
    for name in foreign_names(request.extras):
        losses.add(name, "foreign")
    tools = write_tools(request, dialect, losses)
    body: dict[str, Any] = {
        "model": request.model,
        "messages": write_messages(request, dialect, losses),
        **tools,
        **write_tool_choice(request, tools, losses),
        **write_settings(request, dialect, losses),
        **write_reasoning(request, dialect, losses),
        **own_members(request.extras),
    }
    if not tools:
        body.pop("parallel_tool_calls", None)
    body.update(_stream(request, dialect, body.pop("stream_options", None)))
    for name in sorted(dialect.refused_members & body.keys()):
        del body[name]
        losses.add(name, "refused")
    return Outbound(path=PATH, body=_ENCODER.encode(body)), losses


def _stream(request: GenerateRequest, dialect: ChatDialect, options: msgspec.Raw | None) -> dict[str, Any]:
    """``stream``, which asks for its usage whatever the client asked: the record needs it."""
    if not request.stream:
        return {}
    wire: dict[str, Any] = OBJECT.decode(options) if options is not None else {}
    if dialect.usage_in_stream == "when_asked":
        wire["include_usage"] = True
    return {"stream": True, **({"stream_options": wire} if wire else {})}
