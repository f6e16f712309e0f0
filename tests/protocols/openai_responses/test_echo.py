from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.protocols.properties import inbound

from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.members import Members, raw_json
from plexus.protocols.openai_responses import CODEC
from plexus.protocols.openai_responses.echo import Status, decode_extras, decode_finish, echo, encode_status
from plexus.protocols.registry import CODECS

F = FinishReason


def test_the_request_is_repeated() -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}
    asked: dict[str, Any] = {
        "model": "m", "input": "hi", "instructions": "be good", "temperature": 0.5, "tools": [tool], "tool_choice": "required",
        "parallel_tool_calls": False, "max_output_tokens": 99, "metadata": {"a": "b"}, "truncation": "auto",
        "reasoning": {"effort": "low"}, "text": {"verbosity": "low"}, "user": "u", "top_p": 0.1, "max_tool_calls": 4,
    }  # fmt: skip
    said = _plain(echo(CODEC.decode_request(inbound(asked))))
    assert {name: said[name] for name in asked if name not in ("model", "input")} == {
        name: value for name, value in asked.items() if name not in ("model", "input")
    }
    assert said["store"] is False


def test_what_was_not_asked_is_the_default() -> None:
    said = _plain(echo(CODEC.decode_request(inbound({"model": "m", "input": "hi"}))))
    assert said["text"] == {"format": {"type": "text"}}
    assert (said["tool_choice"], said["tools"], said["temperature"], said["instructions"]) == ("auto", [], 1.0, None)


def test_another_protocols_request_is_repeated_too() -> None:
    chat = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "response_format": {"type": "json_object"},
        "verbosity": "low",
    }
    said = _plain(echo(CODECS["openai_chat", "generate"].decode_request(inbound(chat))))
    assert said["text"] == {"format": {"type": "json_object"}, "verbosity": "low"}


def _plain(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def test_repetitions_are_no_loss_the_rest_may_be() -> None:
    reply = {"temperature": 1, "tools": [], "billing": {"payer": "x"}, "status": "completed", "nothing": None}
    extras = decode_extras(Members({name: raw_json(value) for name, value in reply.items()}))
    assert extras is not None
    assert (set(extras.members), set(extras.twins)) == ({"billing"}, {"temperature", "tools"})
    assert decode_extras(Members({})) is None


@pytest.mark.parametrize(
    ("status", "reason", "called", "finish"),
    [
        ("completed", None, False, F.STOP),
        ("completed", None, True, F.TOOL_CALLS),
        ("incomplete", "max_output_tokens", True, F.LENGTH),
        ("incomplete", "content_filter", False, F.CONTENT_FILTER),
        ("incomplete", "max_time", False, F.OTHER),
        ("queued", None, False, F.OTHER),
        ("cancelled", None, False, F.OTHER),
        (None, None, True, F.TOOL_CALLS),
    ],
)
def test_a_status_is_a_finish_and_comes_back(
    status: str | None, reason: str | None, called: bool, finish: FinishReason
) -> None:
    found = decode_finish(status, reason, called=called)
    assert found.reason is finish
    assert found.inferred is (status is None)
    details = {"reason": reason} if reason is not None else None
    assert encode_status(found, refused=False) == Status(status or "completed", details)


def test_a_refusal_in_words_is_complete() -> None:
    refusal = Finish(reason=F.REFUSAL, origin="anthropic_messages", raw="refusal")
    assert encode_status(refusal, refused=True) == Status("completed")
    assert encode_status(refusal, refused=False) == Status("incomplete", {"reason": "content_filter"})
    assert encode_status(None, refused=False) == Status("completed")
