"""Ollama's own chat, by the recordings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import CHAT_TOOLS
from tests.recordings import Recording, recordings

from plexus.mock_provider import Reply, Step, Stream, Thinking, ToolCall
from plexus.mock_provider.script import Start, Write

PATH = "/api/chat"


def _asked(said: str = "Say hello", **members: Any) -> dict[str, Any]:
    return {"model": "mock-chat", "messages": [{"role": "user", "content": said}]} | members


def _lines(body: dict[str, Any], step: Step | None = None) -> list[dict[str, Any]]:
    script = support.script_of(PATH, body, step=step)
    assert isinstance(script[0], Start)
    assert dict(script[0].fields)[b"content-type"] == b"application/x-ndjson"
    data = b"".join(action.data for action in script if isinstance(action, Write))
    return [json.loads(line) for line in data.splitlines()]


CASES: dict[str, tuple[dict[str, Any], Step | None]] = {
    "text": (_asked(), None),
    "empty": (_asked(), Reply(())),
    "thinking": (_asked(think=True), None),
    "length": (_asked(options={"num_predict": 2}), None),
    "tools": (_asked(model="mock-tools", tools=CHAT_TOOLS), None),
    "json": (_asked(format="json"), None),
    "everything": (_asked(think="high"), Reply([Thinking("Hm."), "I look.", ToolCall("f", {"a": 1}), ToolCall("g")])),
}


@pytest.mark.parametrize("case", CASES)
def test_lines_add_up_to_the_body(case: str) -> None:
    body, step = CASES[case]
    lines = _lines(body, step)
    whole = support.reply_of(PATH, body | {"stream": False}, step=step)
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    assert {name: one for name, one in lines[-1].items() if name != "message"} == {
        name: one for name, one in whole.items() if name != "message"
    }
    for member in ("content", "thinking"):
        assert "".join(line["message"].get(member, "") for line in lines) == whole["message"].get(member, "")
    calls = [call for line in lines for call in line["message"].get("tool_calls", ())]
    assert calls == whole["message"].get("tool_calls", [])
    assert [call["function"]["index"] for call in calls] == list(range(len(calls)))
    assert whole["done_reason"] == ("length" if case == "length" else "stop")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": []}, "model"),
        (_asked(model=""), "model is required"),
        (_asked(format="xml"), "invalid format"),
        (_asked(messages=[{"role": "robot", "content": ""}]), "messages[0].role"),
        (_asked(messages=[{"role": "user", "content": "", "images": ["%"]}]), "base64"),
        (
            _asked(messages=[{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}]),
            "arguments",
        ),
    ],
)
def test_refusals(body: dict[str, Any], words: str) -> None:
    assert words in str(support.refusal_of(PATH, body))


@pytest.mark.parametrize("recording", recordings("ollama.chat"), ids=repr)
def test_recorded_calls(recording: Recording) -> None:
    assert recording.request is not None
    whole = support.whole_of(PATH, recording.request | {"stream": False})
    ours = json.loads(whole.body)
    assert whole.status == recording.status
    if recording.body:
        theirs = json.loads(recording.body)
        assert set(ours) == set(theirs)
        assert recording.status == 200 or ours == theirs


def test_answers_of_tools_are_told() -> None:
    call = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}
    asked = _asked(
        messages=[{"role": "user", "content": "Hi"}, call, {"role": "tool", "content": "sunny"}], stream=False
    )
    assert 'f answered "sunny"' in support.reply_of(PATH, asked)["message"]["content"]


def test_a_stream_that_fails() -> None:
    lines = _lines(_asked(), Stream(error_after=2))
    assert [set(line) == {"error"} for line in lines] == [False, False, True]


def test_models_are_listed() -> None:
    assert "mock-chat" in [one["name"] for one in json.loads(support.get("/api/tags"))["models"]]
