"""Watching the replies of the operations beside generating: JSON, whole, with at most a usage in them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.usage import Usage
from plexus.protocols.members import ABSENT, present
from plexus.protocols.openai_errors import decode_error_body
from plexus.protocols.tap import Seen, WholeTap
from plexus.protocols.unreadable import UNREADABLE


class _Failed(msgspec.Struct):
    error: msgspec.Raw = ABSENT


_FAILED = msgspec.json.Decoder(_Failed)


def side_tap(read: Callable[[bytes], Usage | None]) -> WholeTap:
    """``read`` takes the whole reply and gives its usage. It raises one of UNREADABLE for a reply that is not as it should be."""

    def look(body: bytes) -> Seen:
        try:
            return Seen(read(body), said=True)
        except UNREADABLE:
            raise _failure(body) from None

    return WholeTap(look)


def _failure(body: bytes) -> GatewayError:
    try:
        error = _FAILED.decode(body).error
    except UNREADABLE:
        error = ABSENT
    if present(error):
        return decode_error_body(bytes(error))
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider's reply cannot be read.", status=200)
