"""Settings: read off a client's body, and written for a provider with what it cannot express as losses."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, OutputFormat
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.members import (
    OBJECT,
    PROTOCOL,
    Members,
    Misfit,
    foreign_names,
    own_members,
)

MAX_STOPS = 4
"""Stop sequences that OpenAI takes (API reference, ``stop``)."""

_SAME_NAME = (
    "parallel_tool_calls",
    "temperature",
    "top_p",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "verbosity",
    "prediction",
    "user",
    "safety_identifier",
    "metadata",
    "store",
    "prompt_cache_key",
    "prompt_cache_retention",
)
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
"""OpenAI's words for ``service_tier``."""
_FOREIGN_TIERS = {"standard_only": "default", "standard": "default"}


def read_stop(members: Members) -> tuple[str, ...]:
    """``stop``: one string or a list."""
    if members.is_string("stop"):
        return (members.need("stop", str),)
    return tuple(members.take("stop", list[str]) or ())


def read_output(members: Members) -> OutputFormat | None:
    """``response_format``; a type that we do not know stays among the extras."""
    raw = members.values.get("response_format")
    if raw is None:
        return None
    wire = Members(raw, "response_format")
    kind = wire.need("type", str)
    if kind not in ("text", "json_object", "json_schema"):
        return None
    del members.values["response_format"]
    if kind != "json_schema":
        return OutputFormat(kind="text" if kind == "text" else "json_object", extras=wire.extras())
    inner = wire.take_members("json_schema")
    if inner is None:
        raise Misfit("response_format.json_schema", "the member is missing")
    name, description = inner.take("name", str), inner.take("description", str)
    schema, strict = inner.take_raw("schema"), inner.take("strict", bool)
    wire.put_back("json_schema", inner)
    return OutputFormat(
        kind="json_schema", name=name, description=description, schema=schema, strict=strict, extras=wire.extras()
    )


def write_settings(request: GenerateRequest, dialect: ChatDialect, losses: Losses) -> dict[str, Any]:
    """Everything but the turns, the tools and the reasoning."""
    native = request.origin == PROTOCOL
    body: dict[str, Any] = {
        name: value for name in _SAME_NAME if (value := getattr(request, name)) is not None
    }  # all of them have OpenAI's own names
    if request.max_output_tokens is not None:
        body[dialect.max_tokens_field] = request.max_output_tokens
    if request.candidates is not None:
        body["n"] = request.candidates
    if request.top_k is not None:
        if native or dialect.supports_top_k:
            body["top_k"] = request.top_k
        else:
            losses.add("top_k", "unsupported")
    if request.cache is not None:
        losses.add("cache", "unsupported")
    _write_temperature(request, body, losses, native=native)
    _write_stop(request, body, losses, native=native)
    _write_speech(request, body)
    if request.service_tier is not None:
        _write_tier(request.service_tier, body, losses, native=native)
    if request.output is not None:
        body["response_format"] = write_output(request.output, dialect, losses)
    return body


def _write_temperature(request: GenerateRequest, body: dict[str, Any], losses: Losses, *, native: bool) -> None:
    """OpenAI takes 0 to 2."""
    if request.temperature is not None and not native and not 0 <= request.temperature <= 2:
        losses.add("temperature", "clamped")
        body["temperature"] = min(max(request.temperature, 0), 2)


def _write_stop(request: GenerateRequest, body: dict[str, Any], losses: Losses, *, native: bool) -> None:
    if not request.stop:
        return
    if not native and len(request.stop) > MAX_STOPS:
        losses.add("stop", "clamped")
        body["stop"] = request.stop[:MAX_STOPS]
    else:
        body["stop"] = request.stop


def _write_speech(request: GenerateRequest, body: dict[str, Any]) -> None:
    if request.modalities:
        body["modalities"] = request.modalities
    if request.audio is not None:
        wire = {"voice": request.audio.voice, "format": request.audio.format}
        body["audio"] = {name: value for name, value in wire.items() if value is not None}


def _write_tier(tier: str, body: dict[str, Any], losses: Losses, *, native: bool) -> None:
    word = tier if native or tier in _TIERS else _FOREIGN_TIERS.get(tier)
    if word is None:
        losses.add("service_tier", "unsupported")
    else:
        body["service_tier"] = word


def write_output(output: OutputFormat, dialect: ChatDialect, losses: Losses) -> dict[str, Any]:
    """``response_format``."""
    for name in foreign_names(output.extras):
        losses.add(f"output.{name}", "foreign")
    own = dict(own_members(output.extras))
    if output.kind != "json_schema":
        return {"type": output.kind, **own}
    if dialect.structured_output == "json_object":
        losses.add("output.schema", "approximated")
        return {"type": "json_object"}
    inner: dict[str, Any] = {"name": output.name or "answer"}
    for name in ("description", "schema", "strict"):
        value: bool | str | msgspec.Raw | None = getattr(output, name)
        if value is not None:
            inner[name] = value
    rest = own.pop("json_schema", None)
    if rest is not None:
        inner.update(OBJECT.decode(rest))
    return {"type": "json_schema", "json_schema": inner, **own}
