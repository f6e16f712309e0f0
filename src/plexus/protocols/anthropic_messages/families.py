"""What is known about Claude's model families: the limits and switches that a translation must respect.

Sources: Anthropic's pages "Models overview", "Extended thinking", "Adaptive thinking", "Effort", "Structured outputs" and
the migration guides to 4.5 … 4.7 (platform.claude.com/docs); refusals seen in the recordings.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from plexus.protocols.anthropic_messages.dialect import MessagesDialect

ALL_EFFORTS = ("low", "medium", "high", "xhigh", "max")


class Family(NamedTuple):
    """The behaviour of one model family."""

    max_output: int
    """Tokens."""
    thinking: Literal["budget", "adaptive", "none"]
    thinking_off: Literal["disabled", "omit", "never"] = "disabled"
    """How no thinking is said: with ``disabled``, by saying nothing, or not at all."""
    sampling: Literal["free", "one", "none"] = "free"
    structured: bool = False
    efforts: tuple[str, ...] = ALL_EFFORTS
    default_output: int = 32_000
    """``max_tokens`` where the caller gives no bound: roomy, yet within what every tier's rate limits bear."""


_OLD = Family(4096, "none", default_output=4096)
_4_6 = Family(128_000, "adaptive", sampling="one", structured=True, efforts=("low", "medium", "high", "max"))
_NEW = Family(128_000, "adaptive", sampling="none", structured=True)

_FAMILIES: tuple[tuple[str, Family], ...] = (
    (r"^-(instant|v?[12]\b)", _OLD),
    (r"3-(opus|sonnet|haiku)", _OLD),
    (r"3-5", Family(8192, "none", default_output=8192)),
    (r"3-7", Family(64_000, "budget")),
    (r"(opus|sonnet|haiku)-4-5", Family(64_000, "budget", sampling="one", structured=True)),
    (r"opus-4-1", Family(32_000, "budget", sampling="one", structured=True)),
    (r"opus-4-6", _4_6),
    (r"sonnet-4-6", _4_6._replace(max_output=64_000)),
    (r"opus-4-[7-9]", _NEW._replace(thinking_off="omit")),
    (r"opus-4|4-opus", Family(32_000, "budget")),
    (r"sonnet-4|4-sonnet", Family(64_000, "budget")),
    (r"fable|mythos", _NEW._replace(thinking_off="never")),
)
"""(pattern over the name behind ``claude``, dots written as dashes; family); the first match wins."""

_FOREIGN = Family(64_000, "budget", default_output=8192)
"""A model that is no Claude, behind a provider that speaks Messages."""


def family_of(model: str, dialect: MessagesDialect) -> Family:
    """The family of an upstream ``model`` (any cloud's spelling), with the dialect's answers put over it."""
    family = _by_name(model.lower().replace(".", "-").replace("@", "-"))
    limit = dialect.max_output_tokens or family.max_output
    default = dialect.default_max_tokens or min(family.default_output, limit)
    return family._replace(
        max_output=limit,
        default_output=default,
        thinking=family.thinking if dialect.thinking == "auto" else dialect.thinking,
        sampling=family.sampling if dialect.sampling == "auto" else dialect.sampling,
        structured=family.structured if dialect.structured_output == "auto" else dialect.structured_output == "native",
    )


def _by_name(model: str) -> Family:
    _, claude, rest = model.partition("claude")
    if not claude:
        return _FOREIGN
    for pattern, family in _FAMILIES:
        if re.search(pattern, rest):
            return family
    return _NEW
