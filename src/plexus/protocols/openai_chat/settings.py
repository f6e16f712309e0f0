"""The settings of a request, written for Chat Completions. What it cannot say is a loss."""

from __future__ import annotations

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, OutputFormat
from plexus.protocols.members import own_members
from plexus.protocols.openai_chat.content import PROTOCOL
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.encode_reasoning import OWN, encode_reasoning

PLAIN = (
    "temperature", "top_p", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs",
    "top_logprobs", "verbosity", "prediction", "safety_identifier", "metadata", "prompt_cache_key",
    "prompt_cache_retention", "prompt_cache_options", "moderation", "user",
)  # fmt: skip
"""Settings that have the same name and meaning here and in the canonical request."""


def encode_settings(request: GenerateRequest, dialect: ChatDialect, body: dict[str, object], losses: Losses) -> None:
    """Add the settings of ``request`` to ``body``."""
    own = own_members(request.extras, PROTOCOL)
    body.update({name: value for name in PLAIN if (value := getattr(request, name)) is not None})
    if request.candidates is not None:
        body["n"] = request.candidates
    if request.stop and "stop" not in own:
        body["stop"] = list(request.stop)
    if request.store is not None:
        _encode_store(request, body, losses)
    if request.service_tier is not None:
        _encode_service_tier(request, body, losses)
    if request.max_output_tokens is not None and "max_tokens" not in own:
        body[dialect.max_tokens_field] = request.max_output_tokens
    _encode_sampling(request, dialect, body, losses)
    _encode_answer(request, dialect, body, losses)
    if request.reasoning is not None and not OWN & set(own):
        encode_reasoning(request.reasoning, dialect, body, losses)
    _encode_stream(request, dialect, body)
    body.update({name: value for name, value in own.items() if name != "stream_options"})
    if request.extras is not None and not own:
        for name in request.extras.members:
            losses.add(name, "foreign")


def _encode_store(request: GenerateRequest, body: dict[str, object], losses: Losses) -> None:
    """Chat keeps replies for its owner's evaluations alone: that is not what Responses stores them for. Not to store is
    what Chat does anyway."""
    if request.origin == PROTOCOL:
        body["store"] = request.store
    elif request.store:
        losses.add("store", "unsupported")


def _encode_sampling(request: GenerateRequest, dialect: ChatDialect, body: dict[str, object], losses: Losses) -> None:
    if request.top_k is not None:
        if dialect.top_k or request.origin == PROTOCOL:
            body["top_k"] = request.top_k
        else:
            losses.add("top_k", "unsupported")
    if request.cache is not None:
        losses.add("cache_control", "unsupported")


def _encode_answer(request: GenerateRequest, dialect: ChatDialect, body: dict[str, object], losses: Losses) -> None:
    if request.modalities:
        body["modalities"] = list(request.modalities)
    if request.audio is not None:
        body["audio"] = {"voice": request.audio.voice, "format": request.audio.format}
    if request.output is not None:
        _encode_output(request.output, dialect, body, losses)


def _encode_output(output: OutputFormat, dialect: ChatDialect, body: dict[str, object], losses: Losses) -> None:
    if output.kind in dialect.response_formats:
        body["response_format"] = encode_output(output)
    elif output.kind == "json_schema" and "json_object" in dialect.response_formats:
        body["response_format"] = {"type": "json_object"}
        losses.add("response_format.json_schema", "approximated")
    elif output.kind != "text":
        losses.add("response_format", "unsupported")


def _encode_stream(request: GenerateRequest, dialect: ChatDialect, body: dict[str, object]) -> None:
    if not request.stream:
        return
    body["stream"] = True
    if request.stream_usage and dialect.usage_in_stream == "when_asked":
        body["stream_options"] = {"include_usage": True}


OWN_TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
FOREIGN_TIERS = {"standard_only": "default"}
"""Anthropic's words (https://docs.anthropic.com/en/api/service-tiers)."""


def _encode_service_tier(request: GenerateRequest, body: dict[str, object], losses: Losses) -> None:
    tier = request.service_tier or ""
    if request.origin == PROTOCOL or tier in OWN_TIERS:
        body["service_tier"] = tier
    elif tier in FOREIGN_TIERS:
        body["service_tier"] = FOREIGN_TIERS[tier]
        losses.add("service_tier", "approximated")
    else:
        losses.add("service_tier", "unsupported")


def encode_output(output: OutputFormat) -> dict[str, object]:
    """The wire's response_format. A schema needs a name here; ours is ``response``."""
    own = own_members(output.extras, PROTOCOL)
    if output.kind != "json_schema":
        return {"type": output.kind, **own}
    members = {"description": output.description, "schema": output.schema, "strict": output.strict}
    schema = {
        "name": output.name or "response",
        **{name: value for name, value in members.items() if value is not None},
    }
    return {"type": "json_schema", "json_schema": {**schema, **own}}
