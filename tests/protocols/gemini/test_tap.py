"""Watching both forms of a stream, and a JSON reply."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.canonical.errors import ErrorKind
from plexus.canonical.response import FinishReason
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.tap import GeminiTap, array_tap, tap

SAID = {"candidates": [{"content": {"parts": [{"text": "abc"}]}}]}
CALL = {"candidates": [{"content": {"parts": [{"functionCall": {"name": "f"}}]}}]}
STOP = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 1}}
EMPTY = {"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}]}
BLOCKED = {"promptFeedback": {"blockReason": "SAFETY"}}
SAFETY = {"candidates": [{"finishReason": "SAFETY"}]}
ERROR = {"error": {"code": 503, "status": "UNAVAILABLE"}}


def sse(*chunks: Any) -> GeminiTap:
    watching = tap(GeminiDialect())
    for each in chunks:
        watching.watch(b"data: " + json.dumps(each).encode() + b"\r\n\r\n")
    return watching


def array(*chunks: Any) -> GeminiTap:
    watching = array_tap(GeminiDialect())
    for place, each in enumerate(chunks):
        watching.watch((b"[" if place == 0 else b",\r\n") + json.dumps(each).encode())
    return watching


@pytest.mark.parametrize("watch", [sse, array])
@pytest.mark.parametrize(
    ("chunks", "meaningful", "ended", "empty", "finish"),
    [
        ((), False, False, False, None),
        ((SAID,), True, False, False, None),
        ((SAID, STOP), True, True, False, FinishReason.STOP),
        ((CALL, STOP), True, True, False, FinishReason.TOOL_CALLS),
        ((EMPTY,), True, True, True, FinishReason.STOP),
        ((BLOCKED,), True, True, False, FinishReason.CONTENT_FILTER),
        ((SAFETY,), True, True, False, FinishReason.CONTENT_FILTER),
        (({"candidates": 1}, SAID), True, False, False, None),
    ],
)
def test_what_has_passed(
    watch: Any, chunks: Any, meaningful: bool, ended: bool, empty: bool, finish: FinishReason | None
) -> None:
    watching = watch(*chunks)
    assert (watching.meaningful, watching.ended, watching.empty) == (meaningful, ended, empty)
    assert (watching.finish.reason if watching.finish else None) == finish
    assert not watching.terminated
    assert watching.failure is None


@pytest.mark.parametrize("watch", [sse, array])
def test_counts_sizes_and_errors(watch: Any) -> None:
    watching = watch(SAID, STOP, {"usageMetadata": {"trafficType": "x"}})
    assert watching.usage is not None
    assert watching.usage.input == 1
    assert watching.said_bytes == 3
    failed = watch(SAID, ERROR, STOP)
    assert failed.failure is not None
    assert failed.failure.kind is ErrorKind.OVERLOADED


def test_the_closing_bracket_is_the_last_frame() -> None:
    watching = array(SAID, STOP)
    watching.watch(b"\n]")
    assert watching.terminated


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (SAID, None), (BLOCKED, None), (EMPTY, None), (ERROR, ErrorKind.OVERLOADED), ({}, ErrorKind.UPSTREAM_MALFORMED),
        ([], ErrorKind.UPSTREAM_MALFORMED),
    ],
)  # fmt: skip
def test_a_json_reply(body: Any, kind: ErrorKind | None) -> None:
    watching = tap(GeminiDialect())
    watching.read(json.dumps(body).encode())
    assert (watching.failure.kind if watching.failure else None) == kind
    assert watching.ended == (kind is None)
