"""Log probabilities: Gemini's ``logprobsResult`` and the list by tokens that the canonical reply holds (Chat's form)."""

from __future__ import annotations

import msgspec

from plexus.protocols.members import Object, raw_json
from plexus.protocols.unreadable import UNREADABLE


class Token(msgspec.Struct, rename="camel"):
    """One of ``chosenCandidates``, or of a step's ``topCandidates``."""

    token: str = ""
    log_probability: float = 0.0


class Step(msgspec.Struct):
    """The likeliest tokens of one step."""

    candidates: list[Token] | None = None


class Result(msgspec.Struct, rename="camel"):
    """``logprobsResult``."""

    chosen_candidates: list[Token] | None = None
    top_candidates: list[Step] | None = None


class CanonicalToken(msgspec.Struct):
    """A token of the canonical list."""

    token: str = ""
    logprob: float = 0.0
    top_logprobs: list[CanonicalToken] | None = None


def decode_logprobs(raw: msgspec.Raw) -> msgspec.Raw | None:
    """``logprobsResult`` as ``{"content": […], "refusal": null}``; None for what cannot be read."""
    try:
        result = msgspec.json.decode(raw, type=Result)
    except UNREADABLE:
        return None
    tops = result.top_candidates or []
    content = []
    for index, chosen in enumerate(result.chosen_candidates or []):
        top = tops[index].candidates if index < len(tops) else None
        content.append({**_token(chosen), "top_logprobs": [_token(each) for each in top or []]})
    return raw_json({"content": content, "refusal": None})


def _token(wire: Token) -> dict[str, object]:
    return {"token": wire.token, "logprob": wire.log_probability, "bytes": list(wire.token.encode())}


def encode_logprobs(pieces: list[msgspec.Raw]) -> object | None:
    """``logprobsResult`` of canonical lists; None where there is nothing to say."""
    tokens: list[CanonicalToken] = []
    for piece in pieces:
        try:
            content = msgspec.json.decode(piece, type=Object).get("content")
            tokens += (
                msgspec.json.decode(content, type=list[CanonicalToken] | None) or [] if content is not None else []
            )
        except UNREADABLE:
            continue
    if not tokens:
        return None
    wire: dict[str, object] = {
        "chosenCandidates": [{"token": each.token, "logProbability": each.logprob} for each in tokens]
    }
    if any(each.top_logprobs for each in tokens):
        wire["topCandidates"] = [
            {"candidates": [{"token": top.token, "logProbability": top.logprob} for top in each.top_logprobs or []]}
            for each in tokens
        ]
    return wire
