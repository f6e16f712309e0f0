"""Whole replies, both ways.

``encode_response(decode_response(x))`` is ``x`` as a JSON value, but for: nulls and empty places are left out (content,
refusal and logprobs, which OpenAI's schema demands, are always there, null where empty); ``index`` goes from whole tool
calls; the finish is one of OpenAI's words, inferred where none was given, and says so where there is a call; an object in
place of the content becomes its text.
"""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.content import ToolCall
from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.losses import Losses
from plexus.canonical.request import FunctionTool, GenerateRequest
from plexus.canonical.response import Candidate, GenerateResponse
from plexus.canonical.usage import Usage
from plexus.protocols.openai_chat.assistant import read_assistant
from plexus.protocols.openai_chat.calls import LegacyCalls
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.error_body import read_error
from plexus.protocols.openai_chat.errors import error_in_reply
from plexus.protocols.openai_chat.finish import decode_finish, encode_finish
from plexus.protocols.openai_chat.members import (
    ABSENT,
    OBJECT,
    PROTOCOL,
    Members,
    Misfit,
    foreign_names,
    is_null,
    own_members,
    read_as,
)
from plexus.protocols.openai_chat.reply import write_message
from plexus.protocols.openai_chat.usage import decode_usage, encode_usage

_ENCODER = msgspec.json.Encoder()

TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
"""OpenAI's words for the tier that served a call."""


def decode_response(body: bytes, dialect: ChatDialect) -> GenerateResponse:
    """A provider's completion. Raises ProviderError for an error in its place, or for what is none."""
    del dialect
    try:
        members = Members(body)
        if "error" in members.values or "choices" not in members.values:
            failure = read_error(body)
            if failure is not None:
                raise error_in_reply(failure)
        return _read(members)
    except Misfit as wrong:
        raise malformed(str(wrong)) from None


def malformed(why: str) -> ProviderError:
    """The error for a reply that cannot be read."""
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider's reply could not be read.", status=200, hint=why)


def _read(members: Members) -> GenerateResponse:
    choices = members.take_list("choices")
    if not choices:
        raise Misfit("choices", "there is none")
    reply_id = members.take_text("id") or ""
    members.values.pop("object", None)
    usage = members.take_raw("usage")
    return GenerateResponse(
        origin=PROTOCOL,
        id=reply_id,
        model=members.take_text("model") or "",
        created=members.take_if("created", int),
        candidates=tuple(_candidate(raw, index, reply_id) for index, raw in enumerate(choices)),
        usage=decode_usage(usage) or groq_usage(members.values.get("x_groq")),
        service_tier=members.take_text("service_tier"),
        extras=members.extras(),
    )


def _candidate(raw: msgspec.Raw, place: int, reply_id: str) -> Candidate:
    choice = Members(raw, f"choices[{place}]")
    message = choice.take_members("message")
    if message is None:
        if "finish_reason" not in choice.values:
            raise Misfit(choice.at("message"), "the member is missing")
        message = Members(b"{}", choice.at("message"))  # Azure, where its filter took all of the answer
    message.values.pop("role", None)
    index = choice.take_if("index", int)
    said = read_assistant(message, LegacyCalls(), fallback_call_id(reply_id, place))
    word = choice.take_text("finish_reason")
    choice.put_back("message", message)
    called = any(isinstance(block, ToolCall) for block in said.calls)
    return Candidate(
        index=place if index is None else index,
        blocks=said.blocks,
        finish=decode_finish(word, called=called),
        logprobs=choice.take_raw("logprobs"),
        extras=choice.extras(),
    )


def fallback_call_id(reply_id: str, candidate: int) -> str:
    """Begins the ids of calls that came without one: unique to the reply, the same each time it is read."""
    own = "".join(char for char in reply_id if char.isascii() and char.isalnum())[-24:]
    return f"call_{own}_{candidate}"


class _Groq(msgspec.Struct):
    usage: msgspec.Raw = ABSENT


def groq_usage(raw: msgspec.Raw | None) -> Usage | None:
    """Groq says its usage in ``x_groq``, too, and in streams only there."""
    if raw is None or is_null(raw):
        return None
    wire = read_as(raw, _Groq)
    return None if wire is None else decode_usage(wire.usage)


def encode_response(response: GenerateResponse, request: GenerateRequest) -> tuple[bytes, Losses]:
    """The completion for a client, and what it could not say."""
    losses = Losses()
    for name in foreign_names(response.extras):
        losses.add(name, "foreign")
    legacy = asks_with_functions(request)
    body: dict[str, Any] = {
        "id": response.id,
        "object": "chat.completion",
        "created": response.created or 0,
        "model": response.model or request.model,
        "choices": [_write(candidate, response, losses, legacy=legacy) for candidate in response.candidates],
    }
    if response.usage is not None:
        body["usage"] = write_usage(response.usage, native=response.origin == PROTOCOL)
    tier = response.service_tier
    if tier is not None:
        if response.origin == PROTOCOL or tier in TIERS:
            body["service_tier"] = tier
        elif tier == "standard":
            body["service_tier"] = "default"
        else:
            losses.add("service_tier", "unsupported")
    return _ENCODER.encode({**body, **own_members(response.extras)}), losses


def asks_with_functions(request: GenerateRequest) -> bool:
    """Whether the client uses the older ``functions`` and so expects ``function_call``."""
    return any(isinstance(tool, FunctionTool) and tool.legacy for tool in request.tools)


def write_usage(counts: Usage, *, native: bool) -> object:
    """The usage object: the provider's own where it is one of Chat."""
    return counts.raw if native and counts.raw is not None else encode_usage(counts)


def _write(candidate: Candidate, response: GenerateResponse, losses: Losses, *, legacy: bool) -> dict[str, Any]:
    native = response.origin == PROTOCOL
    called = any(isinstance(block, ToolCall) for block in candidate.blocks)
    finish = candidate.finish
    own = dict(own_members(candidate.extras))
    for name in foreign_names(candidate.extras):
        losses.add(name, "foreign")
    if finish is not None:
        for name in foreign_names(finish.extras):
            losses.add(name, "foreign")
    if candidate.logprobs is not None and not native:
        losses.add("logprobs", "unsupported")
    word = encode_finish(finish, called=called, legacy=legacy)
    rest = own.pop("message", None)
    message = write_message(candidate.blocks, losses, legacy=legacy or word == "function_call")
    return {
        "index": candidate.index,
        "message": {**message, **(OBJECT.decode(rest) if rest is not None else {})},
        "logprobs": candidate.logprobs if native else None,
        "finish_reason": word,
        **own,
    }
