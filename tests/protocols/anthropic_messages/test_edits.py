from __future__ import annotations

import json

from tests.protocols.making import MESSAGES_BODY
from tests.protocols.properties import inbound

from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.edits import edits, withholds


def test_only_another_model_is_an_edit() -> None:
    envelope = inbound({**MESSAGES_BODY, "stream": True}).envelope
    assert edits(envelope, "m", MessagesDialect()) == {}
    changed = edits(envelope, 'big "one"', MessagesDialect())
    assert {name: json.loads(raw) for name, raw in changed.items()} == {"model": 'big "one"'}


def test_a_body_without_a_model_is_given_one() -> None:
    envelope = inbound({"messages": []}).envelope
    assert edits(envelope, "m", MessagesDialect()) == {"model": b'"m"'}


def test_every_event_reaches_the_client() -> None:
    assert not withholds(b'event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":5}}\n\n')
