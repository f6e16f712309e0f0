"""Converse as the mock plays it: what it refuses, what it says, in the shapes that were recorded; and signatures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_provider import support
from tests.recordings import recordings

from plexus.canonical.headers import Headers
from plexus.mock_provider import Refusal, Reply, Status, Stream, Thinking, ToolCall
from plexus.mock_provider.bedrock.signed import check_signature, is_signed
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.script import Start, Write
from plexus.mock_provider.signature import hide, sign
from plexus.mock_provider.stage import Stage
from plexus.protocols.eventstream import Message, MessageDecoder
from plexus.providers.sigv4 import AwsKeys, Scope, Signable
from plexus.providers.sigv4 import sign as signed_fields

PATH = "/model/{model}/converse"
TOOLS = {"toolConfig": {"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": support.WEATHER}}}]}}
CALL = {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "get_weather", "input": {}}}]}
RESULT = {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "sunny"}]}}]}


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content) or [{"text": "Say hello"}]}


def body(*messages: Any, **members: Any) -> dict[str, Any]:
    return {"messages": list(messages) or [user()], **members}


def reply(document: Any = None, model: str = "mock-chat", **options: Any) -> Any:
    return support.reply_of(PATH.format(model=model), document or body(), **options)


def events(document: Any = None, model: str = "mock-chat", **options: Any) -> list[Message]:
    script = support.script_of(PATH.format(model=model) + "-stream", document or body(), **options)
    assert isinstance(script[0], Start)
    assert (b"content-type", b"application/vnd.amazon.eventstream") in script[0].fields
    return MessageDecoder().feed(b"".join(action.data for action in script if isinstance(action, Write)))


def refusal(document: Any, model: str = "mock-chat", **options: Any) -> str:
    whole = support.whole_of(PATH.format(model=model), document, **options)
    assert whole.status == 400, whole.body
    assert dict(whole.fields)[b"x-amzn-errortype"].startswith(b"ValidationException:")
    return str(json.loads(whole.body)["message"])


THOUGHT = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": sign("mock", "Hm.")}}}
HIDDEN = {"reasoningContent": {"redactedContent": hide("mock", "Hm.")}}
PICTURE = {"image": {"format": "png", "source": {"bytes": "AAEC"}}}


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({"messages": []}, "validation error"),
        (body(nonsense=1), "validation error"),
        (body(user({"text": "a"}), user({"text": "b"})), "alternate"),
        (body(CALL), "start with a user message"),
        (body({"role": "user", "content": []}), "is empty"),
        (body(user({"text": " "})), "is blank"),
        (body(user({})), "exactly one member"),
        (body(user({"text": "a", **PICTURE})), "exactly one member"),
        (body(user({"image": {"format": "tiff", "source": {"bytes": "AAEC"}}})), "validation error"),
        (body(user({"image": {"format": "png", "source": {"bytes": "!"}}})), "base64"),
        (body(user({"image": {"format": "png", "source": {}}})), "exactly one member"),
        (body(user({"document": {"name": "a_b", "source": {"text": "x"}}})), "validation error"),
        (body(user(*[{"document": {"name": "a", "source": {"text": "x"}}}] * 2)), "unique name"),
        (body(user(), CALL, RESULT), "toolConfig field must be defined"),
        (body(user(), CALL, user(), **TOOLS), "Expected toolResult blocks"),
        (body(user(), CALL, **TOOLS) | {"messages": [user(), CALL, RESULT, CALL, CALL]}, "alternate"),
        (body(RESULT, **TOOLS), "exceeds the number of toolUse"),
        (body(toolConfig={"tools": []}), "validation error"),
        (body(toolConfig={"tools": [{}]}), "exactly one member"),
        (body(toolConfig={"tools": TOOLS["toolConfig"]["tools"] * 2}), "unique names"),
        (body(toolConfig={**TOOLS["toolConfig"], "toolChoice": {"tool": {"name": "other"}}}), "not in toolConfig"),
        (body(toolConfig={**TOOLS["toolConfig"], "toolChoice": {}}), "exactly one member"),
        (body(inferenceConfig={"temperature": 1.5}), "validation error"),
        (body(system=[{}]), "exactly one member"),
        (body(user(), {"role": "assistant", "content": [{"reasoningContent": {}}]}), "exactly one member"),
        (
            body(user(), {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": {"text": "Hm."}}}]}),
            "Invalid `signature`",
        ),
        (
            body(user(), {"role": "assistant", "content": [{"reasoningContent": {"redactedContent": "AAEC"}}]}),
            "Invalid `data`",
        ),
        (b"{", "not valid JSON"),
    ],
)
def test_what_it_refuses(document: Any, word: str) -> None:
    assert word in refusal(document)


def test_a_schema_that_is_no_json() -> None:
    wrong = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{"}}}}
    assert "not valid JSON" in refusal(body(outputConfig=wrong, **TOOLS))


def test_what_it_takes() -> None:
    thinking = {"role": "assistant", "content": [THOUGHT, HIDDEN, *CALL["content"]]}
    said = reply(body(user({"text": "a"}, PICTURE), thinking, RESULT, **TOOLS), "mock-tools")
    assert "sunny" in said["output"]["message"]["content"][0]["text"]
    assert "model identifier" in refusal(body(), "nonexistent-model")


def test_a_schema_is_obeyed() -> None:
    schema = {"schema": json.dumps(support.WEATHER), "name": "weather"}
    wish = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
    said = reply(body(outputConfig=wish))
    assert set(json.loads(said["output"]["message"]["content"][0]["text"])) == {"city", "unit"}


CASES: dict[str, Any] = {
    "text": (None, "mock-chat", None, "end_turn"),
    "length": (body(inferenceConfig={"maxTokens": 3}), "mock-chat", None, "max_tokens"),
    "tools": (body(**TOOLS), "mock-tools", None, "tool_use"),
    "thinking": (None, "mock-thinking", None, "end_turn"),
    "redacted": (None, "mock-redacted", None, "end_turn"),
    "refusal": (None, "mock-chat", Reply(Refusal("No.")), "content_filtered"),
    "guardrail": (None, "mock-chat", Reply("Masked.", finish="content_filter"), "guardrail_intervened"),
    "everything": (
        body(**TOOLS),
        "mock-chat",
        Reply([Thinking("Hm."), "I look.", ToolCall("get_weather")]),
        "tool_use",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_stream_says_what_the_json_reply_says(case: str) -> None:
    document, model, step, stop = CASES[case]
    whole = reply(document, model, step=step)
    assert whole["stopReason"] == stop
    messages = events(document, model, step=step)
    told = [(message.headers[":event-type"], json.loads(message.payload)) for message in messages]
    assert [told[0][0], told[-2][0], told[-1][0]] == ["messageStart", "messageStop", "metadata"]
    assert told[-2][1]["stopReason"] == stop
    assert told[-1][1]["usage"] == whole["usage"]
    assert _folded(told) == _ids_out(whole["output"]["message"]["content"])


def _ids_out(content: list[Any]) -> list[Any]:
    return [
        json.loads(json.dumps(block).replace(block.get("toolUse", {}).get("toolUseId", "\0"), "")) for block in content
    ]


def _folded(told: list[tuple[str, Any]]) -> list[Any]:
    blocks: dict[int, Any] = {}
    for name, data in told:
        at = data.get("contentBlockIndex", -1)
        if name == "contentBlockStart":
            call = data["start"]["toolUse"]
            blocks[at] = {"toolUse": {**call, "toolUseId": "", "input": ""}}
        elif name == "contentBlockDelta":
            _add(blocks.setdefault(at, {}), data["delta"])
        elif name == "contentBlockStop" and "toolUse" in blocks[at]:
            blocks[at]["toolUse"]["input"] = json.loads(blocks[at]["toolUse"]["input"])
    return [blocks[at] for at in sorted(blocks)]


def _add(block: Any, delta: Any) -> None:
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "toolUse" in delta:
        block["toolUse"]["input"] += delta["toolUse"]["input"]
    elif "redactedContent" in delta["reasoningContent"]:
        block["reasoningContent"] = delta["reasoningContent"]
    else:
        inner = block.setdefault("reasoningContent", {}).setdefault("reasoningText", {"text": ""})
        inner["text"] += delta["reasoningContent"].get("text", "")
        inner |= {name: value for name, value in delta["reasoningContent"].items() if name == "signature"}


def test_its_members_are_those_of_recorded_replies() -> None:
    recorded = [json.loads(each.body) for each in recordings("bedrock.converse") if each.body and each.status == 200]
    for said in (reply(), reply(body(**TOOLS), "mock-tools")):
        assert any(set(said) <= set(other) for other in recorded)
        assert any(set(said["usage"]) <= set(other["usage"]) for other in recorded)
    names = {message.headers[":event-type"] for message in events(body(**TOOLS), "mock-tools")}
    known = set()
    for each in recordings("bedrock.converse"):
        if each.eventstream:
            known |= {message.headers[":event-type"] for message in MessageDecoder().feed(each.eventstream)}
    assert names <= known


@pytest.mark.parametrize(
    ("step", "kind", "word"),
    [
        (Status(429), "ThrottlingException", "Too many tokens, please wait"),
        (Status(429, kind="quota"), "ThrottlingException", "per day"),
        (Status(403), "AccessDeniedException", ""),
        (Status(403, kind="authentication"), "UnrecognizedClientException", "security token"),
        (Status(400, kind="context-length"), "ValidationException", "Input is too long"),
        (Status(500), "InternalServerException", ""),
        (Status(503), "ServiceUnavailableException", ""),
    ],
)
def test_errors_in_its_own_words(step: Status, kind: str, word: str) -> None:
    whole = support.whole_of(PATH.format(model="m"), body(), step=step)
    assert whole.status == step.code
    assert dict(whole.fields)[b"x-amzn-errortype"].decode().startswith(f"{kind}:")
    assert word in json.loads(whole.body)["message"]


def test_an_exception_in_a_stream() -> None:
    *_, last = events(step=Stream("one two", error_after=2))
    assert last.headers[":message-type"] == "exception"
    assert last.headers[":exception-type"] == "internalServerException"


# --- signatures

KEYS = AwsKeys("AK", "the-secret")


def signed(target: bytes = b"/model/a.b%3A0/converse?x=1", **changed: Any) -> MockCall:
    sent = {"method": b"POST", "host": "h:1", "target": target, "headers": ((b"x-amz-a", b"1  2"),), "body": b"{}"}
    added = signed_fields(Signable(**sent), KEYS, Scope("eu-west-1", "bedrock"), 1_770_000_000.0)  # type: ignore[arg-type]
    path, _, query = target.decode().partition("?")
    fields = [(b"host", b"h:1"), (b"x-amz-a", b"1 2"), *added]
    call = {"path": path, "query": query, "headers": Headers(fields), "body": b"{}", **changed}
    return MockCall(1, "POST", **call)


def test_a_signature_by_the_shared_secret_is_taken() -> None:
    assert is_signed(signed())
    check_signature(signed(), "the-secret")
    check_signature(signed(), None)


@pytest.mark.parametrize(
    "changed",
    [{"body": b"{ }"}, {"path": "/model/a.c%3A0/converse"}, {"query": "x=2"}],
    ids=lambda each: next(iter(each)),
)
def test_a_changed_request_is_not(changed: Any) -> None:
    with pytest.raises(Refused, match="does not match"):
        check_signature(signed(**changed), "the-secret")


def test_nor_another_secret_nor_half_a_header() -> None:
    with pytest.raises(Refused, match="does not match"):
        check_signature(signed(), "another")
    half = Headers([(b"authorization", b"AWS4-HMAC-SHA256 Credential=AK"), (b"x-amz-date", b"20260101T000000Z")])
    with pytest.raises(Refused, match="requires"):
        check_signature(signed(headers=half), None)
    token = Headers([*signed().headers, (b"x-amz-security-token", b"t")])
    with pytest.raises(Refused, match="must be a signed header"):
        check_signature(signed(headers=token), None)


def test_a_refused_signature_is_a_403_with_its_type() -> None:
    half = "AWS4-HMAC-SHA256 Credential=AK"
    whole = support.whole_of(PATH.format(model="m"), body(), stage=Stage(issuer="mock", key="k"), authorization=half)
    assert whole.status == 403
    assert dict(whole.fields)[b"x-amzn-errortype"].startswith(b"IncompleteSignatureException")
    wrong = support.whole_of(
        PATH.format(model="m"), body(), stage=Stage(issuer="mock", key="k"), authorization="Bearer other"
    )
    assert wrong.status == 403
    assert dict(wrong.fields)[b"x-amzn-errortype"].startswith(b"UnrecognizedClientException")
