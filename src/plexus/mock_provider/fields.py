"""The header fields of replies, as the vendors send them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from plexus.mock_provider.errors import Protocol
from plexus.mock_provider.saying import Ids
from plexus.mock_provider.script import Fields

JSON: Final = "application/json"
LIMIT_REQUESTS, LIMIT_TOKENS = 10_000, 2_000_000


def request_id(protocol: Protocol, ids: Ids) -> str:
    """A new id of a request."""
    return ids.make("req_011C", 20) if protocol == "messages" else ids.make("req_", 32).lower()


def fields_of(
    protocol: Protocol,
    content_type: str,
    ident: str,
    *,
    created: int,
    left: int = LIMIT_REQUESTS - 1,
    more: Mapping[str, str] | None = None,
) -> Fields:
    """A reply's fields: its type, its id, the limits (``left`` requests remain), and ``more``, which replaces others."""
    named = {"content-type": content_type}
    named |= _of(protocol, ident, created, left)
    named |= {name.lower(): value for name, value in (more or {}).items()}
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]


def _of(protocol: Protocol, ident: str, created: int, left: int) -> dict[str, str]:
    if protocol == "messages":
        return _messages(ident, created, left)
    if protocol in ("chat", "responses"):
        return _chat(ident, left)
    return {**_OTHERS.get(protocol, {}), **({_IDS[protocol]: ident} if protocol in _IDS else {})}


_OTHERS: Final[Mapping[Protocol, dict[str, str]]] = {
    "gemini": {"server-timing": "gfet4t7; dur=12", "vary": "Origin", "x-content-type-options": "nosniff"},
    "cohere": {"x-debug-trace-id": "mock"},
}
_IDS: Final[Mapping[Protocol, str]] = {"bedrock": "x-amzn-requestid"}


def _chat(ident: str, left: int) -> dict[str, str]:
    return {
        "openai-organization": "mock-organization",
        "openai-processing-ms": "12",
        "openai-version": "2020-10-01",
        "x-ratelimit-limit-requests": str(LIMIT_REQUESTS),
        "x-ratelimit-limit-tokens": str(LIMIT_TOKENS),
        "x-ratelimit-remaining-requests": str(left),
        "x-ratelimit-remaining-tokens": str(LIMIT_TOKENS if left else 0),
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-reset-tokens": "0s",
        "x-request-id": ident,
    }


def _messages(ident: str, created: int, left: int) -> dict[str, str]:
    reset = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    limits = {
        "requests": LIMIT_REQUESTS,
        "input-tokens": LIMIT_TOKENS,
        "output-tokens": LIMIT_TOKENS,
        "tokens": 2 * LIMIT_TOKENS,
    }
    named = {}
    for what, limit in limits.items():
        remaining = left if what == "requests" else limit if left else 0
        named[f"anthropic-ratelimit-{what}-limit"] = str(limit)
        named[f"anthropic-ratelimit-{what}-remaining"] = str(remaining)
        named[f"anthropic-ratelimit-{what}-reset"] = reset
    return {**named, "request-id": ident, "anthropic-organization-id": "00000000-0000-4000-8000-000000000000"}
