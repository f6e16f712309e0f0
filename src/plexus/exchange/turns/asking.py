"""A call about what is kept: who asks, for what."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """``owner`` is the name of the caller's key; ``ident`` and ``item`` come from the path, "" where it has none."""

    owner: str
    ident: str = ""
    item: str = ""
    query: Mapping[str, str] = {}
    include: frozenset[str] = frozenset()
    body: bytes = b""
