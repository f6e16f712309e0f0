from __future__ import annotations

import pytest
from tests.exchange.parts import call

from plexus.canonical.errors import ClientError
from plexus.exchange.call import read_question


def test_what_routing_needs_is_read_and_the_bytes_stay() -> None:
    body = b'{ "stream" : true, "model": "m", "x": [1,2] }'
    question = read_question(call(), body)
    assert (question.model, question.stream) == ("m", True)
    assert question.body is body


@pytest.mark.parametrize("body", [b'{"model":"m"}', b'{"model":"m","stream":false}', b'{"model":"m","stream":null}'])
def test_no_stream_unless_asked_for(body: bytes) -> None:
    assert not read_question(call(), body).stream


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{}", '"model" is missing'),
        (b'{"model":""}', '"model" is missing'),
        (b'{"model":null}', '"model" is missing'),
        (b'{"model":5}', "model: Expected"),
        (b'{"model":"m","stream":"yes"}', "stream: Expected"),
        (b"[]", "must be a JSON object"),
        (b"", "not valid JSON"),
        (b'{"model":"a","model":"b"}', "more than once"),
    ],
)
def test_a_body_that_cannot_be_routed_says_why(body: bytes, says: str) -> None:
    with pytest.raises(ClientError, match=says):
        read_question(call(), body)
