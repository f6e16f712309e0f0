"""Counting: both forms of the request, the reply, the path."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.properties import inbound
from tests.recordings import Recording, recordings

from plexus.canonical.content import Text
from plexus.canonical.errors import ErrorKind
from plexus.protocols.gemini.count_tokens import count_path, decode_request, encode_count, tap
from plexus.protocols.gemini.dialect import GeminiDialect

CONTENTS = [{"role": "user", "parts": [{"text": "hi"}]}]


@pytest.mark.parametrize(
    "body",
    [{"contents": CONTENTS}, {"generateContentRequest": {"model": "models/m", "contents": CONTENTS}},
     {"generate_content_request": {"contents": CONTENTS}}],
)  # fmt: skip
def test_both_forms_ask_for_the_same(body: dict[str, Any]) -> None:
    assert decode_request(inbound(body)).messages[0].content == (Text(text="hi"),)


def test_the_path() -> None:
    assert count_path("org/m:1", False) == "/models/org/m%3A1:countTokens"


@pytest.mark.parametrize(
    "recording", [each for each in recordings("gemini.count_tokens") if each.status == 200], ids=repr
)
def test_a_native_count_is_read(recording: Recording) -> None:
    watching = tap(GeminiDialect())
    watching.read(recording.body or b"")
    assert watching.failure is None
    assert watching.terminated
    assert watching.usage is None
    assert json.loads(recording.body or b"")["totalTokens"] > 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"x", ErrorKind.UPSTREAM_MALFORMED),
        (b'{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}', ErrorKind.RATE_LIMIT),
    ],
)
def test_what_is_no_count_is_a_failure(body: bytes, kind: ErrorKind) -> None:
    watching = tap(GeminiDialect())
    watching.read(body)
    assert watching.failure is not None
    assert watching.failure.kind is kind
    assert not watching.ended


def test_our_estimate_has_the_same_shape() -> None:
    assert json.loads(encode_count(7)) == {"totalTokens": 7}
