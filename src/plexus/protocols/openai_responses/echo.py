"""The members of a reply beside its output: those that repeat the request, and how it ended.

The Open Responses specification demands all of them of whoever builds a reply
(https://github.com/openresponses/openresponses).
"""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Extras, Refusal
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Candidate, Finish, FinishReason
from plexus.protocols.members import Members, own_members
from plexus.protocols.openai_responses.content import PROTOCOL
from plexus.protocols.openai_responses.settings import encode_output
from plexus.protocols.openai_responses.tools import encode_tool_choice, encode_tools

F = FinishReason

TAKEN = frozenset(
    {"id", "object", "model", "created_at", "output", "usage", "service_tier", "status", "incomplete_details"}
)
"""Members of a reply that have a field of their own in the canonical model, or follow from one."""

ECHOED = frozenset({
    "background", "completed_at", "conversation", "error", "frequency_penalty", "instructions", "max_output_tokens",
    "max_tool_calls", "metadata", "parallel_tool_calls", "presence_penalty", "previous_response_id", "prompt",
    "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier", "store",
    "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user", "output_text", "input",
})  # fmt: skip
"""Members that repeat the request or the output: elsewhere nothing is lost without them."""


def decode_extras(reply: Members) -> Extras | None:
    """What is left of a reply when its canonical members are taken: repetitions as twins, the rest as members."""
    rest = reply.rest(PROTOCOL)
    if rest is None:
        return None
    left = {name: raw for name, raw in rest.members.items() if name not in TAKEN}
    twins = {name: raw for name, raw in left.items() if name in ECHOED}
    members = {name: raw for name, raw in left.items() if name not in ECHOED}
    return Extras(PROTOCOL, members, twins) if left else None


def echo(request: GenerateRequest) -> dict[str, object]:
    """What a reply repeats of ``request``, in the order in which OpenAI writes it."""
    own, place = own_members(request.extras, PROTOCOL), request.place
    tools = encode_tools(request, Losses())
    choice = None
    if request.tool_choice is not None:
        mine = request.origin == PROTOCOL
        choice = encode_tool_choice(request.tool_choice, request.tools, Losses(), own=mine)
    return {
        "error": None,
        "instructions": own.get("instructions", _instructions(request)),
        "max_output_tokens": request.max_output_tokens,
        "max_tool_calls": own.get("max_tool_calls"),
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": own.get("previous_response_id") if place is None else place.previous_response_id,
        "reasoning": own.get("reasoning", {"effort": None, "summary": None}),
        "background": False,
        "store": place is not None and place.stored,  # by us: its provider keeps nothing
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "text": own.get("text", _text(request)),
        "tool_choice": "auto" if choice is None else choice,
        "tools": tools,
        "top_logprobs": request.top_logprobs or 0,
        "top_p": 1.0 if request.top_p is None else request.top_p,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "truncation": own.get("truncation", "disabled"),
        "user": request.user,
        "safety_identifier": request.safety_identifier,
        "prompt_cache_key": request.prompt_cache_key,
        "metadata": request.metadata if request.metadata is not None else {},
        **({"conversation": {"id": place.conversation}} if place is not None and place.conversation else {}),
    }


def _instructions(request: GenerateRequest) -> str | None:
    texts = [getattr(block, "text", "") for block in request.system]
    return "\n\n".join(texts) if texts else None


def _text(request: GenerateRequest) -> dict[str, object]:
    form = encode_output(request.output) if request.output is not None else {"type": "text"}
    return {"format": form} if request.verbosity is None else {"format": form, "verbosity": request.verbosity}


# --- how it ended


class Status(msgspec.Struct, frozen=True):
    """``status`` and, of an incomplete reply, why."""

    status: str
    incomplete: dict[str, str] | None = None


INCOMPLETE: dict[str, FinishReason] = {"max_output_tokens": F.LENGTH, "content_filter": F.CONTENT_FILTER}
REASONS: dict[FinishReason, str] = {
    F.LENGTH: "max_output_tokens",
    F.CONTEXT_LENGTH: "max_output_tokens",
    F.CONTENT_FILTER: "content_filter",
    F.REFUSAL: "content_filter",
}
"""Finishes that leave a reply incomplete. A refusal in words is a complete one."""

RUNNING = frozenset({"queued", "in_progress"})
"""The status of a reply that goes on in the background."""

STATUSES = RUNNING | {"completed", "cancelled"}
"""What ``status`` may be, but for incomplete and failed replies."""


def decode_finish(status: str | None, reason: str | None, *, called: bool) -> Finish:
    """The canonical finish. A reply that is still running has one too: the call is over."""
    if status == "incomplete":
        return Finish(reason=INCOMPLETE.get(reason or "", F.OTHER), origin=PROTOCOL, raw=reason or status)
    if status is None:
        return Finish(reason=F.TOOL_CALLS if called else F.STOP, inferred=True)
    if status != "completed":
        return Finish(reason=F.OTHER, origin=PROTOCOL, raw=status)
    return Finish(reason=F.TOOL_CALLS if called else F.STOP, origin=PROTOCOL, raw=status)


def encode_status(finish: Finish | None, *, refused: bool) -> Status:
    """The reply's status. ``refused``: it holds a refusal in words."""
    if finish is None:
        return Status("completed")
    if finish.origin == PROTOCOL and finish.raw is not None:
        if finish.raw in STATUSES:
            return Status(finish.raw)
        return Status("incomplete", {"reason": finish.raw} if finish.raw != "incomplete" else None)
    reason = REASONS.get(finish.reason)
    if reason is None or (refused and finish.reason is F.REFUSAL):
        return Status("completed")
    return Status("incomplete", {"reason": reason})


def is_refused(candidate: Candidate) -> bool:
    """Whether the answer holds a refusal in words."""
    return any(isinstance(block, Refusal) for block in candidate.blocks)
