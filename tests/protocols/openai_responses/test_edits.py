from __future__ import annotations

from plexus.protocols import envelope
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.edits import edits, withholds


def test_only_another_model_is_an_edit() -> None:
    body = envelope.read(b'{"model":"a","input":"hi","stream":true,"previous_response_id":"resp_1"}')
    assert edits(body, "a", ResponsesDialect()) == {}
    assert edits(body, "b", ResponsesDialect()) == {"model": b'"b"'}
    assert not withholds(b"data: {}\n\n")
