"""The header fields are the vendors' own."""

from __future__ import annotations

from tests.mock_provider import support
from tests.mock_provider.support import CHAT, MESSAGES
from tests.recordings import recordings

from plexus.mock_provider import Status
from plexus.mock_provider.errors import Protocol
from plexus.mock_provider.fields import fields_of


def test_headers_carry_ids_limits_and_retry_after() -> None:
    whole = support.whole_of(CHAT, support.chat(), step=Status(429, retry_after=2))
    fields = dict(whole.fields)
    assert fields[b"retry-after"] == b"2"
    assert fields[b"x-request-id"].startswith(b"req_")
    assert fields[b"x-ratelimit-remaining-requests"] == b"0"
    fields = dict(support.whole_of(MESSAGES, support.messages(), step=Status(429, retry_after="soon")).fields)
    assert fields[b"retry-after"] == b"soon"
    assert fields[b"request-id"].startswith(b"req_011C")
    assert fields[b"anthropic-ratelimit-requests-remaining"] == b"0"
    assert fields[b"anthropic-ratelimit-tokens-reset"] == b"2026-02-02T02:40:00Z"


def test_the_recorded_names_are_sent() -> None:
    """All limits that a vendor was recorded to state, but those of images and of single accounts."""
    limits: dict[Protocol, str] = {"chat": "x-ratelimit-", "messages": "anthropic-ratelimit-"}
    for protocol, prefix in limits.items():
        recorded = {
            name
            for one in recordings("openai.chat" if protocol == "chat" else "anthropic.messages")
            if one.provider == ("openai" if protocol == "chat" else "anthropic")
            for name in one.response_headers
            if name.startswith(prefix) and "images" not in name and "unified" not in name
        }
        sent = {
            name.decode() for name, _ in fields_of(protocol, "x/y", "id", created=0) if name.startswith(prefix.encode())
        }
        assert sent == recorded


def test_more_fields_replace_others() -> None:
    fields = dict(fields_of("chat", "x/y", "id", created=0, more={"X-Request-Id": "mine", "a": "b"}))
    assert (fields[b"x-request-id"], fields[b"a"], fields[b"content-type"]) == (b"mine", b"b", b"x/y")
