from __future__ import annotations

from tests.protocols.anthropic_messages.making import DIALECT

from plexus.protocols.anthropic_messages import CODEC, COUNT_TOKENS_CODEC
from plexus.protocols.sse import split_events


def test_what_the_gateway_reads_off_the_record() -> None:
    assert (CODEC.protocol, CODEC.operation, CODEC.path) == ("anthropic_messages", "generate", "/messages")
    assert CODEC.forwarded_headers == {b"anthropic-version", b"anthropic-beta"}
    assert CODEC.default_headers == ((b"anthropic-version", b"2023-06-01"),)
    assert CODEC.terminator == b""
    assert CODEC.default_dialect == DIALECT
    assert (COUNT_TOKENS_CODEC.protocol, COUNT_TOKENS_CODEC.operation) == ("anthropic_messages", "count_tokens")


def test_the_heartbeat_is_a_ping_that_says_nothing() -> None:
    [event] = split_events(CODEC.heartbeat)
    assert event.name == b"ping"
    assert CODEC.stream_decoder(DIALECT).feed(CODEC.heartbeat) == []
    tap = CODEC.tap(DIALECT)
    tap.watch(CODEC.heartbeat)
    assert not tap.meaningful
