"""What a tap has noted of a reply so far: the state of ``protocols.codec.Tap``; and the tap of replies that come whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from plexus.canonical.errors import GatewayError
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage


class Noted:
    """The members are described in ``protocols.codec.Tap``."""

    __slots__ = ("called", "ended", "failure", "finish", "meaningful", "said", "said_bytes", "terminated", "usage")

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.meaningful = False
        self.ended = False
        self.terminated = False
        self.said_bytes = 0
        self.said = False
        """Content has passed."""
        self.called = False
        """A tool call has passed."""

    @property
    def empty(self) -> bool:
        """A proper end, and nothing was said."""
        return self.ended and not self.said and (self.usage is None or self.usage.output == 0)


class Seen(NamedTuple):
    """What a reply that passes tells: its counts, and whether anything is in it."""

    usage: Usage | None
    said: bool


class WholeTap(Noted):
    """For replies that come whole; see ``protocols.codec.Tap``. ``look`` raises GatewayError for one that is a failure."""

    __slots__ = ("_look",)

    def __init__(self, look: Callable[[bytes], Seen]) -> None:
        super().__init__()
        self._look = look

    def watch(self, events: bytes) -> None:
        """Such replies are not streamed."""

    def read(self, body: bytes) -> None:
        """A whole JSON reply."""
        try:
            self.usage, self.said = self._look(body)
        except GatewayError as failure:
            self.failure = failure
            return
        self.ended = self.terminated = self.meaningful = True
