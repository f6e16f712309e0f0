"""What a caller can turn: ``x-mock-…`` headers, or the same names behind a ``?`` in the model's name.

``mock-chat?latency=0.5&chunk=4`` and ``x-mock-latency: 0.5``, ``x-mock-chunk: 4`` say the same; the header wins. The
model's name is the way through a gateway that forwards no foreign headers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from plexus.canonical.headers import Headers
from plexus.mock_provider.answer import UsageNumbers
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.faults import FAULTS, PREFIX

_HEADER = b"x-mock-"
_MOST_SECONDS: Final = 600.0
_MOST: Final = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """How this call is to be answered, where not as usual."""

    fault: str | None = None
    """A name of ``faults.FAULTS``."""
    model: str | None = None
    """Behave like this model."""
    text: str | None = None
    """Say exactly this."""
    latency: float = 0.0
    """Seconds before the head of the reply."""
    delay: float = 0.0
    """Seconds between two events of a stream."""
    chunk: int = 1
    """Tokens in a delta."""
    rounds: int = 1
    """How often ``mock-agent`` calls tools before it answers."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None

    @property
    def usage(self) -> UsageNumbers:
        """The stated token counts."""
        return UsageNumbers(
            input=self.input_tokens,
            output=self.output_tokens,
            cached=self.cached_tokens,
            cache_write=self.cache_write_tokens,
            reasoning=self.reasoning_tokens,
        )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= _MOST_SECONDS:
        raise ValueError(text)
    return value


def _whole(text: str) -> int:
    value = int(text)
    if not 0 <= value <= _MOST:
        raise ValueError(text)
    return value


def _fault(text: str) -> str:
    if text not in FAULTS:
        raise ValueError(text)
    return text


_READERS: Final[Mapping[str, Callable[[str], str | float | int]]] = {
    "fault": _fault,
    "model": str,
    "text": str,
    "latency": _seconds,
    "delay": _seconds,
    "chunk": _whole,
    "rounds": _whole,
    "input_tokens": _whole,
    "output_tokens": _whole,
    "cached_tokens": _whole,
    "cache_write_tokens": _whole,
    "reasoning_tokens": _whole,
}


def knobs_of(headers: Headers, model: str) -> Knobs:
    """What the call turns. Raises Refused for a name or a value that is none."""
    name, _, query = model.partition("?")
    stated = dict(parse_qsl(query, keep_blank_values=True))
    for field, value in headers:
        if field.lower().startswith(_HEADER):
            stated[field.lower().removeprefix(_HEADER).decode("latin-1")] = value.decode("latin-1")
    if name.startswith(PREFIX):
        stated.setdefault("fault", name.removeprefix(PREFIX))
    read: dict[str, str | float | int] = {}
    for knob, text in stated.items():
        key = knob.replace("-", "_")
        try:
            read[key] = _READERS[key](text)
        except (KeyError, ValueError):
            raise Refused(f"x-mock-{knob}: '{text}' is nothing that the mock provider knows.", param=knob) from None
    return Knobs(**read)  # type: ignore[arg-type]  # each reader returns its member's type
