"""The other settings: sampling, output format, tier, user, and all that Messages has no word for."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, OutputFormat
from plexus.protocols.anthropic_messages.families import Family
from plexus.protocols.anthropic_messages.members import PROTOCOL, UNREADABLE
from plexus.protocols.anthropic_messages.request.turns import Conversation

_WITHOUT_PLACE = (
    "seed", "frequency_penalty", "presence_penalty", "logit_bias", "top_logprobs", "verbosity", "prediction",
    "prompt_cache_key", "prompt_cache_retention", "metadata", "audio",
)  # fmt: skip
"""Settings that Messages cannot say at all."""

_TIERS = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}

_JSON_ONLY = "Answer with one JSON value and nothing else: no prose, no code fence."
_JSON_SCHEMA = _JSON_ONLY + " It must be valid against this JSON Schema:\n"


def refuse_impossible(request: GenerateRequest) -> None:
    """Raises ClientError for what no Messages reply could hold."""
    if request.candidates is not None and request.candidates > 1:
        raise bad_request("The Messages protocol gives one answer a call. Ask with n = 1, several times.", param="n")
    if "audio" in request.modalities:
        raise bad_request(
            'The Messages protocol has no audio output. Leave "audio" out of modalities, or choose another model.',
            param="modalities",
        )


def note_unsayable(request: GenerateRequest, losses: Losses) -> None:
    """Losses for the settings that Messages has no word for."""
    for name in _WITHOUT_PLACE:
        if getattr(request, name) is not None:
            losses.add(name, "unsupported")
    if request.logprobs:
        losses.add("logprobs", "unsupported")
    if request.store:
        losses.add("store", "unsupported")
    if request.extras is not None and request.extras.origin != PROTOCOL:
        for name in request.extras.members:
            losses.add(name, "foreign")


def write_sampling(request: GenerateRequest, family: Family, losses: Losses, *, thinking: bool) -> dict[str, Any]:
    """temperature, top_p and top_k for a call of another protocol, within what the model takes."""
    temperature, top_p, top_k = request.temperature, request.top_p, request.top_k
    if temperature is not None and temperature > 1:
        losses.add("temperature", "clamped")
        temperature = 1.0
    if family.sampling == "none" or thinking:
        _note_unless_default(temperature, "temperature", losses)
        temperature = None
        if top_k is not None:
            losses.add("top_k", "unsupported")
            top_k = None
        if top_p is not None and (family.sampling == "none" or top_p < 0.95):
            _note_unless_default(top_p, "top_p", losses)
            top_p = None
    if family.sampling == "one" and temperature is not None and top_p is not None:
        _note_unless_default(top_p, "top_p", losses)
        top_p = None
    return {"temperature": temperature, "top_p": top_p, "top_k": top_k}


def _note_unless_default(value: float | None, name: str, losses: Losses) -> None:
    """1 is what the model does anyway; any other value is lost."""
    if value is not None and value != 1:
        losses.add(name, "unsupported")


def write_stop(request: GenerateRequest, losses: Losses, *, native: bool) -> list[str]:
    """The stop sequences; Anthropic refuses those of white space only."""
    if native:
        return list(request.stop)
    kept = [sequence for sequence in request.stop if sequence.strip()]
    if len(kept) < len(request.stop):
        losses.add("stop", "unsupported")
    return kept


def write_service_tier(tier: str | None, losses: Losses, *, native: bool) -> str | None:
    """Anthropic's word for a tier."""
    if tier is None or native:
        return tier
    if tier not in _TIERS:
        losses.add("service_tier", "unsupported")
    return _TIERS.get(tier)


def write_user(request: GenerateRequest, losses: Losses) -> str | None:
    """``metadata.user_id``: the user, or where none is named the safety identifier."""
    if request.safety_identifier is None:
        return request.user
    if request.user is None:
        return request.safety_identifier
    losses.add("safety_identifier", "unsupported")
    return request.user


def write_format(
    output: OutputFormat | None, family: Family, conversation: Conversation, losses: Losses, *, native: bool
) -> dict[str, object] | None:
    """The output format as a member, or as an instruction where the model takes none."""
    if output is None or output.kind == "text":
        return None
    if native:
        return {"type": "json_schema", "schema": output.schema}
    if output.extras is not None:
        for name in output.extras.members:
            losses.add(f"response_format.{name}", "foreign")
    if output.kind == "json_object" or output.schema is None:
        losses.add("response_format", "approximated")
        conversation.instruct(_JSON_ONLY)
        return None
    if output.description is not None:
        losses.add("response_format.description", "unsupported")
    if not family.structured:
        losses.add("response_format", "approximated")
        conversation.instruct(_JSON_SCHEMA + bytes(output.schema).decode("utf-8", "replace"))
        return None
    return {"type": "json_schema", "schema": _closed(output.schema)}


_VALUES = frozenset({"enum", "const", "default", "examples"})
"""Keywords of JSON Schema that hold plain values, not schemas."""


def _closed(schema: msgspec.Raw) -> object:
    """The schema with every object closed: Anthropic refuses objects that do not say ``additionalProperties: false``."""
    try:
        return _close(msgspec.json.decode(schema))
    except UNREADABLE:
        return schema


def _close(node: object) -> object:
    if isinstance(node, list):
        return [_close(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {name: value if name in _VALUES else _close(value) for name, value in node.items()}
    if closed.get("type") == "object" and "additionalProperties" not in closed:
        closed["additionalProperties"] = False
    return closed
