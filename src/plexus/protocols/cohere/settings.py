"""The settings of a request, written for Cohere. What it cannot say is a loss."""

from __future__ import annotations

from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, OutputFormat, ReasoningSettings
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.efforts import TOKENS
from plexus.protocols.functions import offer
from plexus.protocols.unsupported import note_extras, note_settings

UNSUPPORTED = (
    "parallel_tool_calls", "logit_bias", "verbosity", "prediction", "metadata", "store", "service_tier", "user",
    "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "moderation", "cache",
    "top_logprobs",
)  # fmt: skip
"""Settings of others that Cohere has no word for."""

PLAIN = {"max_tokens": "max_output_tokens", "temperature": "temperature", "seed": "seed"}
"""Member -> the canonical setting."""
RANGES = {
    "p": ("top_p", 0.01, 0.99), "k": ("top_k", 0, 500), "frequency_penalty": ("frequency_penalty", 0, 1),
    "presence_penalty": ("presence_penalty", 0, 1),
}  # fmt: skip
"""The same for those with a range that is narrower than others': (setting, least, most)."""
MAX_STOPS = 5

OWN_MEMBERS = frozenset({"safety_mode", "citation_options", "documents", "priority", "strict_tools", "raw_prompting"})
"""Members of Cohere that no protocol of a client has: they go up where a client writes them beside its own."""

Body = dict[str, object]


def encode_settings(request: GenerateRequest, dialect: CohereDialect, body: Body, losses: Losses) -> None:
    """Add the settings of ``request``, and the operator's, to ``body``."""
    note_settings(request, UNSUPPORTED, losses)
    if dialect.safety_mode is not None:
        body["safety_mode"] = dialect.safety_mode
    _add_own(request, body, losses)
    _encode_sampling(request, body, losses)
    _encode_tools(request, body, losses)
    if request.output is not None:
        _encode_output(request.output, body, losses)
    if request.reasoning is not None:
        _encode_reasoning(request.reasoning, dialect, body, losses)


def _add_own(request: GenerateRequest, body: Body, losses: Losses) -> None:
    """What is in ``body`` already stays: documents of the client's are among them."""
    for name, value in (request.extras.members if request.extras is not None else {}).items():
        if name not in OWN_MEMBERS:
            losses.add(name, "foreign")
        elif name != "documents" or name not in body:
            body[name] = value


def _encode_sampling(request: GenerateRequest, body: Body, losses: Losses) -> None:
    values = {wire: getattr(request, name) for wire, name in PLAIN.items()}
    body.update({wire: value for wire, value in values.items() if value is not None})
    for wire, (name, least, most) in RANGES.items():
        value = getattr(request, name)
        if value is not None:
            body[wire] = min(max(value, least), most)
            if not least <= value <= most:
                losses.add(name, "clamped")
    if request.stop:
        body["stop_sequences"] = list(request.stop[:MAX_STOPS])
        if len(request.stop) > MAX_STOPS:
            losses.add("stop", "clamped")
    if request.logprobs:
        body["logprobs"] = True


def _encode_tools(request: GenerateRequest, body: Body, losses: Losses) -> None:
    """``strict_tools`` holds for all tools or for none."""
    offered = offer(request, losses)
    if not offered.tools:
        return
    body["tools"] = offered.tools
    if offered.choice != "auto":
        body["tool_choice"] = offered.choice.upper()
    if any(offered.strict):
        body["strict_tools"] = True
        if not all(offered.strict):
            losses.add("tools.strict", "approximated")


def _encode_output(output: OutputFormat, body: Body, losses: Losses) -> None:
    """A format is not taken beside tools or documents (https://docs.cohere.com/docs/structured-outputs)."""
    if output.kind == "text":
        return
    if "tools" in body or "documents" in body:
        losses.add("response_format", "unsupported")
        return
    for name, value in (("name", output.name), ("description", output.description), ("strict", output.strict)):
        if value:
            losses.add(f"response_format.json_schema.{name}", "unsupported")
    note_extras(output.extras, "response_format", losses)
    written: Body = {"type": "json_object"}
    if output.schema is not None:
        written["json_schema"] = output.schema
    body["response_format"] = written


UNBOUNDED = frozenset({"high", "xhigh", "max"})
"""Efforts that are thinking without a budget: Cohere itself has no other (https://docs.cohere.com/docs/reasoning)."""


def _encode_reasoning(reasoning: ReasoningSettings, dialect: CohereDialect, body: Body, losses: Losses) -> None:
    if reasoning.summary not in (None, "auto"):
        losses.add("reasoning.summary", "unsupported")
    note_extras(reasoning.extras, "reasoning", losses)
    effort, budget = reasoning.effort, reasoning.budget_tokens
    off = reasoning.mode == "disabled" or effort == "none" or budget == 0
    if not off and effort is None and budget is None and reasoning.mode is None:
        return
    if not dialect.thinking:
        if not off:
            losses.add("reasoning", "unsupported")
        return
    thinking: Body = {"type": "disabled" if off else "enabled"}
    if not off and budget is None and effort is not None:
        losses.add("reasoning.effort", "approximated")
        budget = None if effort in UNBOUNDED else TOKENS.get(effort, TOKENS["medium"])
    if not off and budget is not None:
        thinking["token_budget"] = budget
    body["thinking"] = thinking
