from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.properties import inbound

from plexus.canonical.content import Audio, Extras, Opaque, Reasoning, ReasoningState, Text, ToolCall
from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.response import Candidate, Finish, FinishReason, GenerateResponse
from plexus.protocols.members import raw_json
from plexus.protocols.openai_responses import CODEC

REQUEST = CODEC.decode_request(inbound({"model": "m", "input": "hi"}))


def write(*blocks: Any, **members: Any) -> tuple[dict[str, Any], list[str]]:
    members.setdefault("id", "chatcmpl-1")
    candidate = Candidate(blocks=blocks, finish=Finish(reason=FinishReason.STOP))
    response = GenerateResponse(origin="openai_chat", model="m", candidates=(candidate,), **members)
    body, losses = CODEC.encode_response(response, REQUEST)
    return json.loads(body), [f"{loss.path};{loss.reason}" for loss in losses]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error":{"code":"rate_limit_exceeded","message":"x"}}', ErrorKind.RATE_LIMIT),
        (b'{"status":"failed","output":[]}', ErrorKind.UPSTREAM_ERROR),
        (b'{"error":{"code":"invalid_prompt","message":"x"},"status":"failed"}', ErrorKind.CONTENT_REJECTED),
        (b'{"id":"x"}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"output":[{}]}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"output":[{"type":"message","content":1}]}', ErrorKind.UPSTREAM_MALFORMED),
        (b"<html>", ErrorKind.UPSTREAM_MALFORMED),
    ],
)
def test_what_is_no_reply(body: bytes, kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as failure:
        CODEC.decode_response(body, CODEC.default_dialect)
    assert failure.value.kind is kind


def test_a_reply_in_the_background_is_one() -> None:
    body = b'{"id":"resp_1","object":"response","created_at":7,"status":"queued","model":"m","output":[],"background":true}'
    response = CODEC.decode_response(body, CODEC.default_dialect)
    again, _ = CODEC.encode_response(response, REQUEST)
    assert (json.loads(again)["status"], json.loads(again)["background"]) == ("queued", True)


def test_ids_are_made_from_the_replys() -> None:
    call = ToolCall(id="call_1", name="f", arguments="")
    body, losses = write(Reasoning(text="t"), Text(text="a"), Text(text="b"), call, Text(text="c"))
    assert body["id"] == "resp_chatcmpl-1"
    assert [item["id"] for item in body["output"]] == [
        "rs_chatcmpl-1_0", "msg_chatcmpl-1_1", "fc_chatcmpl-1_2", "msg_chatcmpl-1_3",
    ]  # fmt: skip
    assert [part["text"] for part in body["output"][1]["content"]] == ["a", "b"]
    assert body["output"][2]["arguments"] == "{}"
    assert losses == []


def test_a_reply_without_an_id_gets_one_of_its_own() -> None:
    first, second = write(id="")[0]["id"], write(id="")[0]["id"]
    assert first.startswith("resp_")
    assert first != second


def test_what_cannot_be_written_is_a_loss() -> None:
    foreign = Opaque(origin="anthropic_messages", kind="server_tool_use", raw=raw_json({}))
    signed = Text(text="x", state=ReasoningState("gemini", "sig"))
    spoken = Audio(transcript="hello")
    extras = Extras("openai_chat", {"system_fingerprint": raw_json("fp")})
    body, losses = write(foreign, signed, spoken, Audio(), extras=extras)
    assert losses == [
        "system_fingerprint;foreign", "server_tool_use;unsupported", "content.signature;unsupported", "audio;approximated",
        "audio;unsupported",
    ]  # fmt: skip
    assert [part["text"] for part in body["output"][0]["content"]] == ["x", "hello"]


def test_further_answers_and_pauses_are_losses() -> None:
    paused = Candidate(finish=Finish(reason=FinishReason.PAUSE))
    response = GenerateResponse(origin="anthropic_messages", id="m", model="m", candidates=(paused, Candidate(index=1)))
    _, losses = CODEC.encode_response(response, REQUEST)
    assert [loss.path for loss in losses] == ["choices[1]", "stop_reason"]


def test_a_custom_tool_that_was_called_as_a_function() -> None:
    asked = {"model": "m", "input": "hi", "tools": [{"type": "custom", "name": "patch"}]}
    request = CODEC.decode_request(inbound(asked))
    for arguments, text in (('{"input":"free"}', "free"), ("not json", "not json"), ('{"other":1}', '{"other":1}')):
        call = ToolCall(id="c", name="patch", arguments=arguments)
        response = GenerateResponse(origin="a", id="r", model="m", candidates=(Candidate(blocks=(call,)),))
        (item,) = json.loads(CODEC.encode_response(response, request)[0])["output"]
        assert (item["type"], item["input"]) == ("custom_tool_call", text)
