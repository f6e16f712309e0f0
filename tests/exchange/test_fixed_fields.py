from __future__ import annotations

import msgspec
from tests.builders import provider

from plexus.exchange.fixed_fields import FixedFields


def lines(block: bytes) -> list[bytes]:
    assert block.endswith(b"\r\n")
    return block.split(b"\r\n")[:-1]


def test_the_credential_and_what_kind_of_reply_is_wanted_are_in_every_head() -> None:
    fixed = FixedFields(b"plexus/1")
    json, stream = (fixed.of(provider(), "openai_chat", stream=wish).lines for wish in (False, True))
    assert lines(json) == [
        b"authorization: Bearer upstream-secret",
        b"content-type: application/json",
        b"accept: application/json",
        b"user-agent: plexus/1",
    ]
    assert b"accept: text/event-stream" in lines(stream)


def test_the_scheme_is_that_of_the_protocol() -> None:
    both = provider(protocols=("openai_chat", "anthropic_messages"))
    fixed = FixedFields(b"plexus/1")
    assert b"x-api-key: upstream-secret" in lines(fixed.of(both, "anthropic_messages", stream=False).lines)
    assert b"x-api-key" not in fixed.of(both, "openai_chat", stream=False).lines


def test_what_the_operator_configured_wins_and_is_named() -> None:
    own = provider(headers=((b"User-Agent", b"mine"), (b"x-team", b"a")))
    found = FixedFields(b"plexus/1").of(own, "openai_chat", stream=False)
    assert found.names == {b"user-agent", b"x-team"}
    assert [line for line in lines(found.lines) if line.lower().startswith(b"user-agent")] == [b"User-Agent: mine"]


def test_a_provider_that_is_configured_anew_is_written_anew() -> None:
    fixed, before = FixedFields(b"plexus/1"), provider()
    first = fixed.of(before, "openai_chat", stream=False)
    assert fixed.of(before, "openai_chat", stream=False) is first
    after = msgspec.structs.replace(before, headers=((b"x-new", b"1"),))
    assert b"x-new: 1" in lines(fixed.of(after, "openai_chat", stream=False).lines)


def test_types_may_be_left_to_the_caller() -> None:
    assert lines(FixedFields(b"plexus/1").of(provider(), "openai_chat", stream=None).lines) == [
        b"authorization: Bearer upstream-secret",
        b"user-agent: plexus/1",
    ]
