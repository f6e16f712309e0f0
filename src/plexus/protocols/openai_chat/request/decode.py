"""A client's Chat body -> GenerateRequest (https://platform.openai.com/docs/api-reference/chat/create)."""

from __future__ import annotations

import msgspec

from plexus.canonical.request import AudioOutput, GenerateRequest
from plexus.protocols.codec import Inbound
from plexus.protocols.openai_chat.members import ABSENT, PROTOCOL, Members, Misfit, is_null
from plexus.protocols.openai_chat.request.effort import read_reasoning
from plexus.protocols.openai_chat.request.messages import read_messages
from plexus.protocols.openai_chat.request.settings import read_output, read_stop
from plexus.protocols.openai_chat.request.tools import read_tool_choice, read_tools


def decode_request(inbound: Inbound) -> GenerateRequest:
    """What the client asks for. Raises ClientError for a body that Chat does not allow."""
    try:
        return _decode(Members(inbound.envelope.raw))
    except Misfit as wrong:
        raise wrong.for_client() from None


def _decode(members: Members) -> GenerateRequest:
    turns = members.take_list("messages")
    if turns is None:
        raise Misfit("messages", "the member is missing")
    tools = read_tools(members)
    stream = members.take("stream", bool) or False
    return GenerateRequest(
        origin=PROTOCOL,
        model=members.take("model", str) or "",
        stream=stream,
        stream_usage=_stream_usage(members, stream=stream),
        messages=read_messages(turns),
        tools=tools,
        tool_choice=read_tool_choice(members),
        parallel_tool_calls=members.take("parallel_tool_calls", bool),
        max_output_tokens=_bound(members),
        temperature=members.take("temperature", float),
        top_p=members.take("top_p", float),
        top_k=members.take("top_k", int),
        seed=members.take("seed", int),
        frequency_penalty=members.take("frequency_penalty", float),
        presence_penalty=members.take("presence_penalty", float),
        logit_bias=members.take_raw("logit_bias"),
        stop=read_stop(members),
        candidates=members.take("n", int),
        logprobs=members.take("logprobs", bool),
        top_logprobs=members.take("top_logprobs", int),
        reasoning=read_reasoning(members),
        output=read_output(members),
        verbosity=members.take("verbosity", str),
        modalities=tuple(members.take("modalities", list[str]) or ()),
        audio=_audio(members),
        prediction=members.take_raw("prediction"),
        service_tier=members.take("service_tier", str),
        user=members.take("user", str),
        safety_identifier=members.take("safety_identifier", str),
        metadata=members.take_raw("metadata"),
        store=members.take("store", bool),
        prompt_cache_key=members.take("prompt_cache_key", str),
        prompt_cache_retention=members.take("prompt_cache_retention", str),
        cache=members.take_cache(),
        extras=members.extras(),
    )


def _bound(members: Members) -> int | None:
    """``max_completion_tokens``, or the older ``max_tokens``, which stays among the extras where both are given."""
    newer = members.take("max_completion_tokens", int)
    return members.take("max_tokens", int) if newer is None else newer


def _stream_usage(members: Members, *, stream: bool) -> bool:
    """Whether the client wants a usage chunk. Other options stay among the extras."""
    options = members.take_members("stream_options")
    if options is None:
        return not stream
    asked = options.take("include_usage", bool) or False
    members.put_back("stream_options", options)
    return asked


class _Audio(msgspec.Struct, forbid_unknown_fields=True):
    voice: msgspec.Raw = ABSENT
    format: str | None = None


def _audio(members: Members) -> AudioOutput | None:
    wire = members.take_if("audio", _Audio)
    if wire is None:
        return None
    return AudioOutput(voice=None if is_null(wire.voice) else wire.voice, format=wire.format)
