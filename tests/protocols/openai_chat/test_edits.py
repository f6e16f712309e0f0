from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.openai_chat.making import delta, raw, sse

from plexus.canonical.errors import ClientError
from plexus.protocols import envelope
from plexus.protocols.openai_chat import ChatDialect
from plexus.protocols.openai_chat.edits import edits, withholds

ASKING = b'{"include_usage":true}'
DIALECT = ChatDialect()


def made(body: dict[str, Any], model: str = "m", dialect: ChatDialect = DIALECT) -> dict[str, bytes]:
    return edits(envelope.read(bytes(raw({"model": "m", **body}))), model, dialect)


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({}, {}),
        ({"stream": False}, {}),
        ({"stream": True}, {"stream_options": ASKING}),
        ({"stream": True, "stream_options": None}, {"stream_options": ASKING}),
        ({"stream": True, "stream_options": {"include_usage": False}}, {"stream_options": ASKING}),
        ({"stream": True, "stream_options": {"include_usage": True}}, {}),
        ({"stream": True, "stream_options": {"a": 1}}, {"stream_options": b'{"a":1,"include_usage":true}'}),
        ({"stream": True, "stream_options": "odd"}, {}),
    ],
)
def test_usage_is_asked_for(body: dict[str, Any], changed: dict[str, bytes]) -> None:
    assert made(body) == changed


@pytest.mark.parametrize("when", ["always", "never"])
def test_usage_is_not_asked_for_where_it_must_not_be(when: Any) -> None:
    assert made({"stream": True}, dialect=ChatDialect(usage_in_stream=when)) == {}


def test_the_model() -> None:
    assert made({}, "other") == {"model": b'"other"'}
    with pytest.raises(ClientError):
        made({"stream": "yes"})


USAGE = {"prompt_tokens": 1}


@pytest.mark.parametrize(
    ("chunk", "withheld"),
    [
        ({"choices": [], "usage": USAGE}, True),
        ({"usage": USAGE}, True),
        ({"choices": None, "usage": USAGE}, True),
        ({"choices": [], "usage": None}, False),
        ({"choices": [], "prompt_filter_results": []}, False),
        ({**delta(content="Hi"), "usage": USAGE}, False),
        (delta(content='"usage"'), False),
        ("[DONE]", False),
    ],
)
def test_only_the_usage_chunk_is_withheld(chunk: dict[str, Any] | str, withheld: bool) -> None:
    assert withholds(sse(chunk)) is withheld
    assert withholds(sse(chunk).replace(b"\n", b"\r\n")) is withheld
