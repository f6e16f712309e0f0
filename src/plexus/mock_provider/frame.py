"""One event of a streamed reply, before it is bytes, so that a fault can still change it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from plexus.mock_provider.answer import Json
from plexus.protocols.sse import encode_event

FrameKind = Literal["opening", "delta", "block", "finish", "usage", "done", "error", "garbage"]


@dataclass(frozen=True, slots=True)
class Frame:
    """An event: what it is in the course of a reply, its data (a JSON object, or text as it is) and its name."""

    kind: FrameKind
    data: Json | str
    name: str | None = None
    output: int = 0
    """Output tokens up to and with this event."""
    padding: int = 0
    """Spaces before the last brace, as Anthropic sends them against the guessing of contents by size."""

    def changed(self, **members: object) -> Frame:
        """The same frame with other members in its JSON object."""
        if isinstance(self.data, str):
            return self
        return replace(self, data={**self.data, **members})

    def json(self) -> bytes:
        """The data's bytes."""
        data = self.data.encode() if isinstance(self.data, str) else msgspec.json.encode(self.data)
        if self.padding and data.endswith(b"}"):
            data = data[:-1] + b" " * self.padding + b"}"
        return data

    def encode(self) -> bytes:
        """The bytes of a server-sent event."""
        return encode_event(self.json(), self.name.encode() if self.name is not None else None)
