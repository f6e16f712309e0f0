"""The settings of a request, written for Converse. What it cannot say is a loss."""

from __future__ import annotations

import re

import msgspec

from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest, Tool
from plexus.protocols.bedrock_converse.dialect import ConverseDialect, cache_points_of, top_k_of
from plexus.protocols.bedrock_converse.parts import Part, cache_point
from plexus.protocols.bedrock_converse.thinking import encode_thinking, thinks
from plexus.protocols.unreadable import UNREADABLE

Body = dict[str, object]

UNSUPPORTED = (
    "frequency_penalty", "presence_penalty", "seed", "logit_bias", "logprobs", "top_logprobs", "verbosity", "prediction",
    "store", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "moderation",
    "user", "safety_identifier",
)  # fmt: skip
"""Settings of others that Converse has no word for."""


def encode_settings(request: GenerateRequest, dialect: ConverseDialect, body: Body, losses: Losses) -> None:
    """Add the settings of ``request`` to ``body``. Raises ClientError for an answer that Converse cannot give."""
    _refuse_impossible(request)
    for name in UNSUPPORTED:
        value = getattr(request, name)
        if value is not None and value is not False:
            losses.add(name, "unsupported")
    if request.extras is not None:
        for name in request.extras.members:
            losses.add(name, "foreign")
    fields: Part = {}
    inference: Part = {}
    if request.max_output_tokens is not None:
        inference["maxTokens"] = request.max_output_tokens
    if request.stop:
        inference["stopSequences"] = list(request.stop)
    encode_thinking(request, dialect, fields, inference, losses)
    _encode_sampling(request, dialect, fields, inference, losses)
    _encode_tools(request, dialect, body, losses)
    _encode_output(request, dialect, body, losses)
    _encode_tier(request, body, losses)
    _encode_metadata(request, body, losses)
    if inference:
        body["inferenceConfig"] = inference
    if fields:
        body["additionalModelRequestFields"] = fields


def _refuse_impossible(request: GenerateRequest) -> None:
    if (request.candidates or 1) > 1:
        raise bad_request("n: a model on Bedrock gives one answer. Leave n out, or ask several times.", param="n")
    if "audio" in request.modalities or request.audio is not None:
        raise bad_request("modalities: Converse does not ask for speech. Leave it out.", param="modalities")
    if "image" in request.modalities:
        raise bad_request("modalities: Converse does not ask for pictures. Leave it out.", param="modalities")


def _encode_sampling(
    request: GenerateRequest, dialect: ConverseDialect, fields: Part, inference: Part, losses: Losses
) -> None:
    """Temperature ends at 1 here; beside Claude's thinking it must be 1, and the others are refused."""
    temperature = request.temperature
    if temperature is not None and temperature > 1:
        temperature = 1.0
        losses.add("temperature", "clamped")
    thinking = thinks(fields)
    for name, word, value, allowed in (
        ("temperature", "temperature", temperature, 1.0),
        ("top_p", "topP", request.top_p, None),
    ):
        if value is None:
            continue
        if thinking and value != allowed:
            losses.add(name, "unsupported")
        else:
            inference[word] = value
    if request.top_k is None:
        return
    place = top_k_of(request.model, dialect)
    if place == "none" or thinking:
        losses.add("top_k", "unsupported")
    elif place == "nova":
        fields["inferenceConfig"] = {"topK": request.top_k}
    else:
        fields["top_k"] = request.top_k


# --- tools

ANY_INPUT = {"type": "object", "properties": {}}
FREE_TEXT = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
"""The schema that stands for a tool of free text."""


def _encode_tools(request: GenerateRequest, dialect: ConverseDialect, body: Body, losses: Losses) -> None:
    choice = request.tool_choice
    tools: list[Part] = []
    for index, tool in enumerate(request.tools):
        if choice is None or choice.mode != "allowed" or getattr(tool, "name", None) in choice.names:
            tools += _encode_tool(tool, f"tools[{index}]", request, dialect, losses)
    if choice is not None and choice.mode == "none" and tools:
        losses.add("tool_choice", "approximated")  # there is no word for it: the tools are not shown
        tools = []
    if request.parallel_tool_calls is False:
        losses.add("parallel_tool_calls", "unsupported")
    if not tools:
        if called := _called(body):
            # Converse refuses turns with calls where no tool is declared.
            losses.add("tools", "approximated")
            body["toolConfig"] = {"tools": [_spec(name, None, ANY_INPUT) for name in called]}
        return
    config: Part = {"tools": tools}
    if choice is not None:
        mode = choice.allowed_mode if choice.mode == "allowed" else choice.mode
        names = [part["toolSpec"]["name"] for part in tools if isinstance(part.get("toolSpec"), dict)]  # type: ignore[index]
        if mode == "named" and choice.names and choice.names[0] in names:
            config["toolChoice"] = {"tool": {"name": choice.names[0]}}
        elif mode == "named":
            losses.add("tool_choice", "unsupported")  # a tool of the other service, which is not sent
        else:
            config["toolChoice"] = {"any" if mode == "required" else "auto": {}}
    body["toolConfig"] = config


def _called(body: Body) -> list[str]:
    """The names of the calls in the turns, each once; of results without a call none is known."""
    turns = body["messages"]
    assert isinstance(turns, list)
    calls = [part["toolUse"] for turn in turns for part in turn["content"] if "toolUse" in part]
    return list(dict.fromkeys(call["name"] for call in calls))


def _spec(name: str, description: str | None, schema: object) -> Part:
    spec: Part = {"name": name}
    if description:
        spec["description"] = description
    spec["inputSchema"] = {"json": schema}
    return {"toolSpec": spec}


def _encode_tool(
    tool: Tool, path: str, request: GenerateRequest, dialect: ConverseDialect, losses: Losses
) -> list[Part]:
    match tool:
        case FunctionTool():
            part = _spec(tool.name, tool.description, tool.parameters if tool.parameters is not None else ANY_INPUT)
            if tool.strict and dialect.strict_tools:
                spec = part["toolSpec"]
                assert isinstance(spec, dict)
                spec["strict"] = True
            elif tool.strict:
                losses.add(f"{path}.strict", "unsupported")
            if tool.extras is not None:
                for name in tool.extras.members:
                    losses.add(f"{path}.{name}", "foreign")
            if tool.cache is None:
                return [part]
            if cache_points_of(request.model, dialect) == "all":
                return [part, cache_point(tool.cache)]
            losses.add(f"{path}.cache_control", "unsupported")
            return [part]
        case CustomTool():
            losses.add(path, "approximated")
            return [_spec(tool.name, tool.description, FREE_TEXT)]
        case _:
            losses.add(path, "unsupported")
            return []


# --- the rest


def _encode_output(request: GenerateRequest, dialect: ConverseDialect, body: Body, losses: Losses) -> None:
    output = request.output
    if output is None or output.kind == "text":
        return
    if output.kind == "json_object" or output.schema is None or not dialect.structured_output:
        losses.add("response_format", "unsupported")
        return
    schema: Part = {"schema": bytes(output.schema).decode()}  # as text, so the API wants it
    schema |= {name: value for name, value in (("name", output.name), ("description", output.description)) if value}
    config = body.setdefault("outputConfig", {})
    assert isinstance(config, dict)
    config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": schema}}


TIERS = {
    "default": "default",
    "standard_only": "default",
    "priority": "priority",
    "flex": "flex",
    "reserved": "reserved",
}


def _encode_tier(request: GenerateRequest, body: Body, losses: Losses) -> None:
    if request.service_tier in (None, "auto"):
        return
    tier = TIERS.get(str(request.service_tier))
    if tier is None:
        losses.add("service_tier", "unsupported")
    else:
        body["serviceTier"] = {"type": tier}


_METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,\-.]{0,256}")
MAX_METADATA = 16


def _encode_metadata(request: GenerateRequest, body: Body, losses: Losses) -> None:
    """``requestMetadata`` is written to the account's own invocation log: text by text, in few characters."""
    if request.metadata is None:
        return
    try:
        pairs = msgspec.json.decode(request.metadata, type=dict[str, str])
    except UNREADABLE:
        pairs = {}
    if not pairs or len(pairs) > MAX_METADATA or not all(map(_METADATA.fullmatch, (*pairs, *pairs.values()))):
        losses.add("metadata", "unsupported")
        return
    body["requestMetadata"] = pairs


def check_thinking(body: Body, losses: Losses) -> None:
    """Where Claude's thinking is on and the turn goes on from a tool's answer, the thought before the call must stand there.

    If nothing of it came back (another provider thought it), thinking is switched off for this turn: a loss.
    """
    fields = body.get("additionalModelRequestFields")
    if not isinstance(fields, dict) or fields.get("thinking", {}).get("type") != "enabled":
        return
    turns = body["messages"]
    assert isinstance(turns, list)
    last = next((turn["content"] for turn in reversed(turns) if turn["role"] == "assistant"), None)
    if last is None or last is turns[-1]["content"]:
        return
    if any("toolUse" in part for part in last) and "reasoningContent" not in last[0]:
        del fields["thinking"]
        if not fields:
            del body["additionalModelRequestFields"]
        losses.add("reasoning", "other_provider")
