"""Watching the replies of the operations beside generating: JSON, whole, with at most a usage in them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage
from plexus.protocols.members import ABSENT, present
from plexus.protocols.openai_errors import decode_error_body
from plexus.protocols.unreadable import UNREADABLE


class _Failed(msgspec.Struct):
    error: msgspec.Raw = ABSENT


_FAILED = msgspec.json.Decoder(_Failed)


class SideTap:
    """See ``protocols.codec.Tap``."""

    empty = False
    said_bytes = 0

    def __init__(self, read: Callable[[bytes], Usage | None]) -> None:
        """``read`` takes the whole reply. It raises msgspec.MsgspecError for one that is not as it should be."""
        self._read = read
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.meaningful = self.ended = self.terminated = False

    def watch(self, events: bytes) -> None:
        """Nothing is streamed here."""

    def read(self, body: bytes) -> None:
        """The whole reply."""
        try:
            self.usage = self._read(body)
        except UNREADABLE:
            self.failure = _failure(body)
            return
        self.meaningful = self.ended = self.terminated = True


def _failure(body: bytes) -> GatewayError:
    try:
        error = _FAILED.decode(body).error
    except UNREADABLE:
        error = ABSENT
    if present(error):
        return decode_error_body(bytes(error))
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider's reply cannot be read.", status=200)
