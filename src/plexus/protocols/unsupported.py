"""What a provider's protocol has no words for: settings become losses, answers that it cannot give are refused.

Shared by the spokes that face providers only.
"""

from __future__ import annotations

from collections.abc import Sequence

from plexus.canonical.content import Block, Extras
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest

SILENT: tuple[tuple[str, bool], ...] = (("parallel_tool_calls", True), ("store", False), ("logprobs", False))
"""(setting, value) that ask for what a provider does anyway."""


def note_settings(request: GenerateRequest, names: Sequence[str], losses: Losses) -> None:
    """A loss for each of the settings ``names`` that ``request`` has."""
    for name in names:
        value = getattr(request, name)
        if value is not None and not (isinstance(value, bool) and (name, value) in SILENT):
            losses.add(name, "unsupported")


def note_extras(extras: Extras | None, path: str, losses: Losses) -> None:
    """A loss for each unknown member of another protocol's node at ``path``."""
    for name in extras.members if extras is not None else ():
        losses.add(f"{path}.{name}" if path else name, "foreign")


def note_marks(block: Block, path: str, losses: Losses) -> None:
    """Losses for what stands on a block beside its content: unknown members, a cache mark, how fine a picture is seen, what a
    document is introduced with, what a text cites."""
    note_extras(getattr(block, "extras", None), path, losses)
    if getattr(block, "cache", None) is not None:
        losses.add(f"{path}.cache_control", "unsupported")
    detail = getattr(block, "detail", None)
    if detail is not None and detail != "auto":
        losses.add(f"{path}.detail", "unsupported")
    for name in ("context", "citations"):
        if getattr(block, name, None):
            losses.add(f"{path}.{name}", "unsupported")


def refuse_other_answers(request: GenerateRequest, who: str) -> None:
    """Raises ClientError where ``request`` wants several answers, or one that is not words. ``who``: "Cohere's API"."""
    if (request.candidates or 1) > 1:
        raise bad_request(f"n: {who} gives one answer. Leave n out, or ask several times.", param="n")
    if "audio" in request.modalities or request.audio is not None:
        raise bad_request(f"modalities: {who} does not speak aloud.", param="modalities")
    if "image" in request.modalities:
        raise bad_request(f"modalities: {who} answers in words alone.", param="modalities")
