"""Replies that come without a name get the exchange's."""

from __future__ import annotations

from tests.protocols.bedrock_converse.making import END, START, answered, delta, stop

from plexus.canonical.events import ReplyStart
from plexus.exchange.naming import NamedDecoder, Names
from plexus.protocols.bedrock_converse import CODEC

NAMES = Names("ex-1", "a.model")


def test_a_json_reply_is_named_where_it_is_not() -> None:
    named = NAMES.response(answered({"text": "x"}))
    assert (named.id, named.model) == ("ex-1", "a.model")
    again = Names("other", "other").response(named)
    assert (again.id, again.model) == ("ex-1", "a.model")


def test_a_stream_is_named_at_its_start_alone() -> None:
    decoder = NamedDecoder(CODEC.stream_decoder(CODEC.default_dialect), NAMES)
    bare = CODEC.stream_decoder(CODEC.default_dialect)
    pieces = [START[:9], START[9:], delta(0, text="x") + stop(0), END]
    events = [event for piece in pieces for event in decoder.feed(piece)] + decoder.finish()
    expected = [event for piece in pieces for event in bare.feed(piece)] + bare.finish()
    assert events == [ReplyStart(id="ex-1", model="a.model"), *expected[1:]]
