from __future__ import annotations

import json

import pytest

from plexus.protocols import envelope
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.edits import edits

SYSTEM_ONLY = ChatDialect(developer_role=False)


def edited(body: bytes, dialect: ChatDialect | None = None, model: str = "m") -> bytes:
    read = envelope.read(body)
    return read.replace(edits(read, model, dialect or ChatDialect()))


def test_nothing_changes_where_nothing_must() -> None:
    body = b'{"model": "m", "messages": [ {"role":"user","content":"hi"} ]}'
    assert edits(envelope.read(body), "m", ChatDialect()) == {}
    assert edits(envelope.read(body), "m", SYSTEM_ONLY) == {}


def test_the_model_has_its_name_there() -> None:
    assert edited(b'{"model": "m", "x":  1}', model="other") == b'{"model": "other", "x":  1}'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"model":"m","stream":true}', {"include_usage": True}),
        (
            b'{"model":"m","stream":true,"stream_options":{"include_usage":false,"x":1}}',
            {"include_usage": True, "x": 1},
        ),
        (b'{"model":"m","stream":true,"stream_options":{"include_usage":true}}', None),
        (b'{"model":"m","stream":false}', None),
    ],
)
def test_usage_is_asked_for_where_the_client_did_not(body: bytes, expected: object) -> None:
    changed = edits(envelope.read(body), "m", ChatDialect())
    assert (json.loads(changed["stream_options"]) if changed else None) == expected
    assert edits(envelope.read(body), "m", ChatDialect(usage_in_stream="always")) == {}


def test_developer_turns_become_system_and_every_other_byte_stays() -> None:
    body = (
        b'{"model":"m","messages":[{ "content":"be \\u0062rief", "role" : "developer" },'
        b'{"role":"user", "content":"a \\"developer\\", \\"role\\":\\"developer\\""}]}'
    )
    wanted = body.replace(b'"role" : "developer"', b'"role" : "system"', 1)
    assert edited(body, SYSTEM_ONLY) == wanted
    assert edited(body) == body


@pytest.mark.parametrize("turns", [b'["developer"]', b'[{"role":1,"x":"developer"}]', b'[{"content":"developer"}]'])
def test_turns_that_are_none_are_left_to_the_provider(turns: bytes) -> None:
    body = b'{"model":"m","messages":' + turns + b"}"
    assert edited(body, SYSTEM_ONLY) == body
