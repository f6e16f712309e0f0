from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.protocols.openai_responses.errors import encode_error, encode_stream_error

BROKEN = ProviderError(ErrorKind.UPSTREAM_CUT, "The stream was cut.")
START: dict[str, Any] = {
    "type": "response.created",
    "sequence_number": 0,
    "response": {"id": "resp_1", "object": "response", "created_at": 7, "model": "m", "status": "in_progress",
                 "output": [], "temperature": 0.5, "tools": []},
}  # fmt: skip
DELTA = {
    "type": "response.output_text.delta",
    "sequence_number": 4,
    "output_index": 0,
    "content_index": 0,
    "delta": "Hel",
}


def passed(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def frame(error: Any, before: bytes) -> dict[str, Any]:
    name, data = encode_stream_error(error, before).decode().strip().split("\n")
    document: dict[str, Any] = json.loads(data.removeprefix("data: "))
    assert name == f"event: {document['type']}"
    return document


def test_the_failed_reply_holds_what_was_said() -> None:
    failed = frame(BROKEN, passed(START, DELTA))
    assert (failed["type"], failed["sequence_number"]) == ("response.failed", 5)
    reply = failed["response"]
    assert (reply["id"], reply["model"], reply["status"], reply["temperature"]) == ("resp_1", "m", "failed", 0.5)
    assert reply["error"] == {"code": "server_error", "message": "The stream was cut."}
    assert reply["output"][0]["content"][0]["text"] == "Hel"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ErrorKind.RATE_LIMIT, "rate_limit_exceeded"),
        (ErrorKind.CONTENT_REJECTED, "invalid_prompt"),
        (ErrorKind.STALL_TIMEOUT, "server_error"),
    ],
)
def test_codes_are_the_apis_own(kind: ErrorKind, code: str) -> None:
    assert frame(ProviderError(kind, "x"), passed(START))["response"]["error"]["code"] == code


def test_before_the_reply_began_the_error_is_flat() -> None:
    assert frame(BROKEN, b"") == {
        "type": "error", "sequence_number": 0, "message": "The stream was cut.", "param": None, "code": "upstream_error",
    }  # fmt: skip
    assert frame(BROKEN, b": keep-alive\n\n")["type"] == "error"


def test_what_passed_may_be_anything() -> None:
    assert frame(BROKEN, b"data: {\n\ndata: [1]\n\n\xff")["type"] == "error"
    assert frame(BROKEN, passed(START, {"type": "error", "message": "x"}))["type"] == "response.failed"


def test_before_the_commit_the_shape_is_openais() -> None:
    reply = encode_error(ClientError(ErrorKind.BAD_REQUEST, "no", param="input"), "req_1")
    assert reply.status == 400
    assert json.loads(reply.body) == {
        "error": {"message": "no", "type": "invalid_request_error", "param": "input", "code": None}
    }
