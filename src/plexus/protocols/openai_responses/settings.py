"""The settings of a request, written for Responses. What it cannot say is a loss."""

from __future__ import annotations

from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, OutputFormat, ReasoningSettings
from plexus.protocols.members import own_members
from plexus.protocols.openai_responses.content import PROTOCOL
from plexus.protocols.openai_responses.dialect import ResponsesDialect, gives_encrypted_reasoning
from plexus.protocols.openai_responses.request import ENCRYPTED, LOGPROBS

Body = dict[str, object]

PLAIN = (
    "parallel_tool_calls", "temperature", "top_p", "top_logprobs", "safety_identifier", "metadata", "store",
    "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "moderation", "user",
)  # fmt: skip
"""Settings that have the same name and meaning here and in the canonical request."""

UNSUPPORTED = ("top_k", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "stop", "prediction")
"""Settings of others that Responses has no word for."""

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
BUDGETS = ((1024, "minimal"), (4096, "low"), (16384, "medium"))
"""A budget of thoughts up to so many tokens is so much effort; above them it is high."""


def encode_settings(request: GenerateRequest, dialect: ResponsesDialect, body: Body, losses: Losses) -> None:
    """Add the settings of ``request`` to ``body``. Raises ClientError for an answer that Responses cannot give."""
    own = own_members(request.extras, PROTOCOL)
    body.update({name: value for name in PLAIN if (value := getattr(request, name)) is not None})
    if request.stream:
        body["stream"] = True
    if request.origin == PROTOCOL:
        for name in ("max_output_tokens", "service_tier"):
            if (value := getattr(request, name)) is not None:
                body[name] = value
    else:
        _encode_foreign(request, dialect, body, losses)
    body.update(own)
    if request.extras is not None and not own:
        for name in request.extras.members:
            losses.add(name, "foreign")


def _encode_foreign(request: GenerateRequest, dialect: ResponsesDialect, body: Body, losses: Losses) -> None:
    """What another protocol's client asks. Nothing is stored that the client did not ask to be stored."""
    _refuse_impossible(request)
    for name in UNSUPPORTED:
        if getattr(request, name) not in (None, ()):
            losses.add(name, "unsupported")
    if request.cache is not None:
        losses.add("cache_control", "unsupported")
    body["store"] = bool(request.store)
    if request.max_output_tokens is not None:
        body["max_output_tokens"] = max(request.max_output_tokens, dialect.min_output_tokens)
        if request.max_output_tokens < dialect.min_output_tokens:
            losses.add("max_output_tokens", "clamped")
    _encode_service_tier(request, body, losses)
    if request.reasoning is not None:
        _encode_reasoning(request.reasoning, body, losses)
    _encode_answer(request, dialect, body)


def _encode_answer(request: GenerateRequest, dialect: ResponsesDialect, body: Body) -> None:
    wishes = {
        ENCRYPTED: gives_encrypted_reasoning(request.model, dialect),
        LOGPROBS: bool(request.logprobs),
    }
    include = [name for name, wished in wishes.items() if wished]
    if include:
        body["include"] = include
    text: Body = {} if request.verbosity is None else {"verbosity": request.verbosity}
    if request.output is not None:
        text["format"] = encode_output(request.output)
    if text:
        body["text"] = text


def _refuse_impossible(request: GenerateRequest) -> None:
    if (request.candidates or 1) > 1:
        raise bad_request(
            "n: a model that speaks Responses gives one answer. Leave n out, or ask several times.", param="n"
        )
    if "audio" in request.modalities or request.audio is not None:
        raise bad_request("modalities: a model that speaks Responses does not speak aloud.", param="modalities")
    if "image" in request.modalities:
        raise bad_request("modalities: a model that speaks Responses answers in words alone.", param="modalities")


TIERS = frozenset({"auto", "default", "flex", "scale", "priority"})
"""OpenAI's own."""
FOREIGN_TIERS = {"standard_only": "default"}
"""Anthropic's words (https://docs.claude.com/en/api/service-tiers)."""


def _encode_service_tier(request: GenerateRequest, body: Body, losses: Losses) -> None:
    tier = request.service_tier
    if tier is None:
        return
    if tier in TIERS:
        body["service_tier"] = tier
    elif tier in FOREIGN_TIERS:
        body["service_tier"] = FOREIGN_TIERS[tier]
        losses.add("service_tier", "approximated")
    else:
        losses.add("service_tier", "unsupported")


def encode_output(output: OutputFormat) -> Body:
    """The wire's text.format. A schema needs a name here; ours is ``response``."""
    if output.kind != "json_schema":
        return {"type": output.kind}
    members = {"description": output.description, "schema": output.schema, "strict": output.strict}
    return {
        "type": "json_schema",
        "name": output.name or "response",
        **{name: value for name, value in members.items() if value is not None},
    }


SUMMARIES = {"summarized": "auto", "auto": "auto", "concise": "concise", "detailed": "detailed"}
"""Words for how thoughts shall be told. Anthropic's ``omitted`` is what Responses does unasked. A summary is never asked for
on our own account: OpenAI gives it to verified organisations only."""


def _encode_reasoning(reasoning: ReasoningSettings, body: Body, losses: Losses) -> None:
    """Effort as it is; a budget becomes an effort (approximated); ``adaptive`` leaves the choice to the model."""
    effort = reasoning.effort
    if reasoning.mode == "disabled":
        effort = "none"
    elif effort is None and reasoning.budget_tokens is not None:
        effort = next((word for limit, word in BUDGETS if reasoning.budget_tokens <= limit), "high")
        losses.add("reasoning.budget_tokens", "approximated")
    elif effort is None and reasoning.mode is not None:
        losses.add("reasoning.mode", "approximated")
    if effort is not None and effort not in EFFORTS:
        effort = "medium"
        losses.add("reasoning.effort", "clamped")
    wire: Body = {} if effort is None else {"effort": effort}
    summary = SUMMARIES.get(reasoning.summary or "")
    if summary is not None:
        wire["summary"] = summary
    if wire:
        body["reasoning"] = wire
