from __future__ import annotations

import json

import pytest
from tests.protocols.making import MESSAGES_BODY, asked

from plexus.canonical.errors import ErrorKind
from plexus.protocols.anthropic_messages import COUNT_CODEC
from plexus.protocols.anthropic_messages.count_tokens import encode_count


def test_the_reply_is_one_number() -> None:
    assert json.loads(encode_count(7)) == {"input_tokens": 7}


# --- the native reply


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"input_tokens": 7}', None),
        (b'{"input_tokens": 7, "context_management": {}}', None),
        (b'{"input_tokens": "many"}', ErrorKind.UPSTREAM_MALFORMED),
        (b"{}", ErrorKind.UPSTREAM_MALFORMED),
        (b"", ErrorKind.UPSTREAM_MALFORMED),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}', ErrorKind.OVERLOADED),
    ],
)
def test_a_native_count(body: bytes, kind: ErrorKind | None) -> None:
    tap = COUNT_CODEC.tap(COUNT_CODEC.default_dialect)
    tap.watch(b"data: {}\n\n")
    assert not tap.ended
    tap.read(body)
    assert (tap.failure.kind if tap.failure is not None else None) is kind
    assert (tap.ended, tap.terminated, tap.meaningful) == ((kind is None,) * 3)
    assert tap.usage is None, "counting is free"
    assert not tap.empty


def test_where_it_lives() -> None:
    assert (COUNT_CODEC.path("m", False), COUNT_CODEC.operation) == ("/messages/count_tokens", "count_tokens")


def test_a_request_that_is_written_anew_asks_for_a_count_only() -> None:
    request = asked(COUNT_CODEC, {**MESSAGES_BODY, "system": "Be brief.", "temperature": 1.0, "stream": True})
    outbound, losses = COUNT_CODEC.encode_request(request, COUNT_CODEC.default_dialect)
    assert outbound.path == "/messages/count_tokens"
    assert json.loads(outbound.body).keys() == {"model", "messages", "system"}
    assert list(losses) == []
