"""A completion that must be asked as a chat: what that can carry, and what it cannot."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Text
from plexus.canonical.errors import bad_request
from plexus.canonical.request import GenerateRequest, Message
from plexus.protocols.codec import Inbound
from plexus.protocols.members import Members, Object, is_string
from plexus.protocols.unreadable import UNREADABLE

ORIGIN = "openai_completions"
"""Whose members are kept: no other protocol's, so that they are losses everywhere."""
DEFAULT_MAX_TOKENS = 16
"""What the API promises where ``max_tokens`` is left out."""


def decode_request(inbound: Inbound) -> GenerateRequest:
    """One turn of the user's. Raises ClientError for what a chat cannot do: several prompts, tokens, ``suffix``, ``echo``."""
    body = Members(inbound.envelope.members)
    prompt = _prompt(body)
    if body.take("suffix", str):
        raise bad_request("suffix: this model continues a text, it fills no gap. Leave it out.", param="suffix")
    if body.take("echo", bool):
        raise bad_request("echo: this model does not repeat the prompt. Leave it out.", param="echo")
    candidates, best_of = body.take("n", int), body.take("best_of", int)
    if best_of is not None and best_of > (candidates or 1):
        body.raw["best_of"] = msgspec.Raw(b"%d" % best_of)  # a loss: nobody chooses among more than are returned
    stream = bool(body.take("stream", bool))
    options = body.take("stream_options", Object) or {}
    most = body.take("max_tokens", int)
    return GenerateRequest(
        origin=ORIGIN,
        model=body.take("model", str) or "",
        stream=stream,
        stream_usage=bytes(options.get("include_usage", b"")) == b"true",
        messages=(Message(role="user", content=(Text(text=prompt),), plain=True),),
        max_output_tokens=DEFAULT_MAX_TOKENS if most is None else most,
        temperature=body.take("temperature", float),
        top_p=body.take("top_p", float),
        seed=body.take("seed", int),
        frequency_penalty=body.take("frequency_penalty", float),
        presence_penalty=body.take("presence_penalty", float),
        logit_bias=_bias(body),
        stop=_stop(body),
        candidates=candidates,
        user=body.take("user", str),
        extras=body.rest(ORIGIN),
    )


def _prompt(body: Members) -> str:
    raw = body.take_raw("prompt")
    try:
        prompts: str | list[str] = msgspec.json.decode(raw or b"[]", type=str | list[str])
    except UNREADABLE:
        raise bad_request(
            "prompt: this model takes one text; tokens are of another vocabulary.", param="prompt"
        ) from None
    if isinstance(prompts, str):
        return prompts
    if len(prompts) != 1:
        raise bad_request("prompt: this model takes one text in a call. Send one call for each.", param="prompt")
    return prompts[0]


def _bias(body: Members) -> msgspec.Raw | None:
    bias = body.take("logit_bias", Object)
    return msgspec.Raw(msgspec.json.encode(bias)) if bias else None


def _stop(body: Members) -> tuple[str, ...]:
    raw = body.peek("stop")
    if raw is not None and is_string(raw):
        return (body.require("stop", str),)
    return tuple(body.take("stop", list[str]) or ())
