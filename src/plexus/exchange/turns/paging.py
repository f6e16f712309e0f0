"""Pages of OpenAI's lists: ``limit``, ``order`` and ``after`` (https://platform.openai.com/docs/api-reference/responses/input-items)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from plexus.canonical.errors import bad_request
from plexus.exchange.turns.references import id_of, missing_item
from plexus.protocols.members import raw_json

DEFAULT, MOST = 20, 100


def page_of(items: Sequence[msgspec.Raw], query: Mapping[str, str]) -> msgspec.Raw:
    """One page of ``items`` (the oldest first) as a list object. Raises ClientError for parameters that are wrong."""
    limit, order = _limit(query.get("limit")), query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise bad_request(f"order is {order!r}; it must be asc or desc.", param="order")
    ordered = list(items) if order == "asc" else list(reversed(items))
    names = [id_of(item) for item in ordered]
    start = 0
    after = query.get("after")
    if after:
        if after not in names:
            raise missing_item(after)
        start = names.index(after) + 1
    return list_of(ordered[start : start + limit], more=start + limit < len(ordered))


def list_of(items: Sequence[msgspec.Raw], *, more: bool = False) -> msgspec.Raw:
    """The list object."""
    first, last = (id_of(items[0]), id_of(items[-1])) if items else (None, None)
    return raw_json({"object": "list", "data": list(items), "first_id": first, "last_id": last, "has_more": more})


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT
    number = int(text) if text.isdecimal() and len(text) < 6 else 0
    if not 1 <= number <= MOST:
        raise bad_request(f"limit is {text!r}; it must be a number from 1 to {MOST}.", param="limit")
    return number
