"""What a tap has noted of a reply so far: the state of ``protocols.codec.Tap``."""

from __future__ import annotations

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
