from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.canonical.errors import ErrorKind
from plexus.canonical.response import FinishReason
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.tap import ResponsesTap, tap

CREATED = {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}}
CALL = {"type": "function_call", "call_id": "c", "name": "f"}


def watched(*events: dict[str, Any], named: bool = True) -> ResponsesTap:
    found = tap(ResponsesDialect())
    for event in events:
        name = f"event: {event['type']}\n" if named else ""
        found.watch(f"{name}data: {json.dumps(event, separators=(',', ':'))}\n\n".encode())
    return found


def ended(status: str = "completed", **more: Any) -> dict[str, Any]:
    return {"type": f"response.{status}", "response": {"status": status, "output": [], **more}}


MEANINGFUL: list[tuple[dict[str, Any], bool]] = [
    ({"type": "response.in_progress", "response": {}}, False),
    ({"type": "response.output_item.added", "item": {"type": "message"}}, False),
    ({"type": "response.output_item.added", "item": {"type": "reasoning"}}, False),
    ({"type": "response.content_part.added", "part": {"type": "output_text", "text": ""}}, False),
    ({"type": "keepalive"}, False),
    ({"type": "response.output_item.added", "item": CALL}, True),
    ({"type": "response.output_item.done", "item": {"type": "message"}}, True),
    ({"type": "response.output_text.delta", "delta": "x"}, True),
    ({"type": "response.refusal.delta", "delta": "x"}, True),
    ({"type": "response.reasoning_summary_text.delta", "delta": "x"}, True),
]


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(("event", "meaningful"), MEANINGFUL)
def test_what_a_client_would_see(event: dict[str, Any], meaningful: bool, named: bool) -> None:
    found = watched(CREATED, event, named=named)
    assert found.meaningful is meaningful
    assert not found.ended


def test_the_end() -> None:
    usage = {"input_tokens": 3, "output_tokens": 2}
    delta = {"type": "response.output_text.delta", "delta": "Hello"}
    found = watched(CREATED, delta, ended(usage=usage), {"type": "error", "message": "too late"})
    assert found.ended
    assert found.terminated
    assert found.failure is None
    assert found.said_bytes == 5
    assert found.usage is not None
    assert found.usage.output == 2
    assert found.finish is not None
    assert found.finish.reason is FinishReason.STOP


def test_finishes() -> None:
    called = watched({"type": "response.output_item.added", "item": CALL}, ended())
    cut = watched(ended("incomplete", incomplete_details={"reason": "max_output_tokens"}))
    assert called.finish is not None
    assert called.finish.reason is FinishReason.TOOL_CALLS
    assert cut.finish is not None
    assert cut.finish.reason is FinishReason.LENGTH


def test_nothing_said_is_empty_but_not_in_the_background() -> None:
    assert watched(CREATED, ended()).empty
    assert not watched(CREATED, ended(usage={"input_tokens": 1, "output_tokens": 1})).empty
    running = tap(ResponsesDialect())
    running.read(b'{"id":"resp_1","status":"queued","output":[]}')
    assert running.failure is None
    assert not running.empty


@pytest.mark.parametrize("named", [True, False])
def test_failures(named: bool) -> None:
    failed = ended("failed", error={"code": "rate_limit_exceeded", "message": "x"}, usage={"input_tokens": 3})
    found = watched(CREATED, failed, named=named)
    assert found.failure is not None
    assert found.failure.kind is ErrorKind.RATE_LIMIT
    assert found.usage is not None
    flat = watched({"type": "error", "code": "server_error", "message": "x"}, named=named).failure
    assert flat is not None
    assert flat.kind is ErrorKind.UPSTREAM_ERROR


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"code":"rate_limit_exceeded","message":"x"}}', ErrorKind.RATE_LIMIT),
        (b'{"status":"failed","output":[],"error":{"code":"server_error","message":"x"}}', ErrorKind.UPSTREAM_ERROR),
        (b'{"id":"x"}', ErrorKind.UPSTREAM_MALFORMED),
        (b"[]", ErrorKind.UPSTREAM_MALFORMED),
    ],
)
def test_bodies_that_are_no_reply(body: bytes, kind: ErrorKind) -> None:
    found = tap(ResponsesDialect())
    found.read(body)
    assert found.failure is not None
    assert found.failure.kind is kind
