from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.making import CHAT_BODY
from tests.protocols.properties import inbound

from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.edits import edits

ASKED = {"include_usage": True}


def edited(model: str = "m", dialect: ChatDialect | None = None, **members: Any) -> dict[str, Any]:
    envelope = inbound({**CHAT_BODY, **members}).envelope
    return {name: json.loads(raw) for name, raw in edits(envelope, model, dialect or ChatDialect()).items()}


def test_the_same_model_needs_no_edit() -> None:
    assert edited() == {}


def test_another_model_is_named() -> None:
    assert edited('vendor/"big"') == {"model": 'vendor/"big"'}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, {"stream_options": ASKED}),
        ({}, {"stream_options": ASKED}),
        ({"include_usage": False}, {"stream_options": ASKED}),
        ({"include_usage": None}, {"stream_options": ASKED}),
        ({"include_obfuscation": False}, {"stream_options": {"include_obfuscation": False, "include_usage": True}}),
        (ASKED, {}),
        ({**ASKED, "include_obfuscation": True}, {}),
    ],
)
def test_usage_is_asked_for_in_a_stream(options: Any, expected: dict[str, Any]) -> None:
    assert edited(stream=True, stream_options=options) == expected


@pytest.mark.parametrize("members", [{}, {"stream": False}, {"stream": None}])
def test_what_is_no_stream_is_not_asked(members: dict[str, Any]) -> None:
    assert edited(**members) == {}


@pytest.mark.parametrize("word", ["always", "never"])
def test_a_provider_that_takes_no_such_wish_is_not_asked(word: Any) -> None:
    assert edited(dialect=ChatDialect(usage_in_stream=word), stream=True) == {}
