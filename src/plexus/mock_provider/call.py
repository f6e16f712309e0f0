"""What a provider received, and what became of it: what tests assert."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

import msgspec

from plexus.canonical.headers import Headers
from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Refused

_IN_PATH = re.compile(r"/models?/([^/:]+)(?=:[A-Za-z]+$|/(?:converse|invoke)[a-z-]*$)")
"""Where Gemini (``/models/<model>:generateContent``) and Bedrock (``/model/<model>/converse``) name the model."""

_IN_FORM = re.compile(rb'name="?model"?\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)\r\n--')
"""And where a form does (RFC 7578)."""


@dataclass
class MockCall:
    """One call. Everything is as it came over the wire."""

    number: int
    """1 for the first call of this provider."""
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    refused: Refused | None = None
    """Why the vendor would not have accepted it."""
    disconnected: bool = False
    """The caller left before the reply was complete."""
    events: int = 0
    """Server-sent events written before it ended."""
    waiting: bool = False
    """It is being kept waiting right now (``Hang``, ``stall_after``)."""
    _ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @cached_property
    def json(self) -> Json:
        """The body as a JSON object; ``{}`` where it is none."""
        try:
            value: object = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def model(self) -> str:
        """The model that was asked for, in the body or in the path; "" for none."""
        model = self.json.get("model")
        found = _IN_PATH.search(self.path)
        if found is not None:
            return unquote(found[1])
        in_form = _IN_FORM.search(self.body) if model is None else None
        if in_form is not None:
            return in_form[1].decode("utf-8", "replace")
        return model if isinstance(model, str) else ""

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it."""
        return self._ended.is_set()

    def end(self) -> None:
        """The provider is done with it."""
        self._ended.set()

    async def done(self) -> None:
        """Wait until it has ended: answered, broken off, or left by its caller."""
        await self._ended.wait()
