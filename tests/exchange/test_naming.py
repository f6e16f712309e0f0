"""Replies that come without a name get the exchange's."""

from __future__ import annotations

import pytest
from tests.protocols.bedrock_converse.making import answered

from plexus.canonical.events import ReplyStart
from plexus.exchange.naming import Names

NAMES = Names("ex-1", "a.model")


def test_a_json_reply_is_named_where_it_is_not() -> None:
    named = NAMES.response(answered({"text": "x"}))
    assert (named.id, named.model) == ("ex-1", "a.model")
    assert Names("other", "other").response(named) is named


@pytest.mark.parametrize(
    ("start", "named"),
    [
        (("", ""), ("ex-1", "a.model")),
        (("r", ""), ("r", "a.model")),
        (("", "m"), ("ex-1", "m")),
        (("r", "m"), ("r", "m")),
    ],
)
def test_a_stream_is_named_at_its_start(start: tuple[str, str], named: tuple[str, str]) -> None:
    found = NAMES.start(ReplyStart(id=start[0], model=start[1], created=7))
    assert (found.id, found.model, found.created) == (*named, 7)
