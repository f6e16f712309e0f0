"""Another protocol's request, written for Gemini."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import specs_schema

from plexus.canonical.content import (
    Block,
    BlockSource,
    CacheMark,
    Document,
    Extras,
    FileId,
    Image,
    InlineData,
    Opaque,
    PlainText,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from plexus.canonical.errors import ClientError
from plexus.canonical.request import Bound, GenerateRequest, Message, Role
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.encode_request import encode_request, path_of
from plexus.protocols.members import raw_json

SIGNED = ReasoningState("gemini", "c2ln")
FOREIGN = ReasoningState("anthropic_messages", "sig")
CALL = ToolCall(id="c1", name="f", arguments='{"a":1}')


def turn(role: Role, *blocks: Block) -> Message:
    return Message(role=role, content=blocks)


def write(*messages: Message, dialect: GeminiDialect | None = None, **members: Any) -> tuple[dict[str, Any], list[str]]:
    """The body and the losses."""
    request = GenerateRequest(origin="openai_chat", model="m", messages=messages, **members)
    outbound, losses = encode_request(request, dialect or GeminiDialect())
    body = json.loads(outbound.body)
    assert list(specs_schema.gemini("GenerateContentRequest").iter_errors(body)) == []
    return body, [f"{loss.path};{loss.reason}" for loss in losses]


def parts(*blocks: Block, role: Role = "user") -> list[Any]:
    body, _ = write(turn("user", Text(text="hi")), turn("assistant", Text(text="-")), turn(role, *blocks))
    found: list[Any] = body["contents"][-1]["parts"]
    return found


@pytest.mark.parametrize(
    ("model", "stream", "path"),
    [
        ("m", False, "/models/m:generateContent"),
        ("org/m 1", True, "/models/org/m%201:streamGenerateContent"),
        ("models/m", False, "/models/m:generateContent"),
        ("tunedModels/m", False, "/tunedModels/m:generateContent"),
        ("m?x#y", False, "/models/m%3Fx%23y:generateContent"),
    ],
)
def test_the_path_says_model_and_stream(model: str, stream: bool, path: str) -> None:
    assert path_of(model, stream) == path


def test_a_stream_is_asked_for_as_events() -> None:
    request = GenerateRequest(origin="openai_chat", model="m", messages=(turn("user", Text(text="x")),), stream=True)
    outbound, _ = encode_request(request, GeminiDialect())
    assert (outbound.path, outbound.query) == ("/models/m:streamGenerateContent", b"alt=sse")


def test_turns_are_joined_and_instructions_go_ahead() -> None:
    body, losses = write(
        turn("developer", Text(text="a")), turn("user", Text(text="b")), turn("user", Text(text="c")),
        turn("system", Text(text="d")), turn("assistant", Refusal(text="e")), system=(Text(text="s"),),
    )  # fmt: skip
    assert body["systemInstruction"] == {"parts": [{"text": "s"}, {"text": "a"}]}
    assert [each["role"] for each in body["contents"]] == ["user", "model"]
    assert [part["text"] for part in body["contents"][0]["parts"]] == ["b", "c", "d"]
    assert losses == ["messages[3];approximated"]


def test_results_name_their_function_and_head_their_turn() -> None:
    answer = ToolResult(call_id="c1", content=(Text(text="r"),))
    body, _ = write(turn("user", Text(text="x")), turn("assistant", CALL), turn("user", Text(text="and"), answer))
    assert body["contents"][1]["parts"] == [{"functionCall": {"name": "f", "args": {"a": 1}, "id": "c1"}}]
    assert body["contents"][2]["parts"] == [
        {"functionResponse": {"name": "f", "id": "c1", "response": {"output": "r"}}}, {"text": "and"},
    ]  # fmt: skip
    body, _ = write(
        turn("user", Text(text="x")),
        turn("assistant", CALL),
        turn("tool", answer),
        dialect=GeminiDialect(call_ids=False),
    )
    assert "id" not in body["contents"][1]["parts"][0]["functionCall"]
    assert "id" not in body["contents"][2]["parts"][0]["functionResponse"]
    with pytest.raises(ClientError, match="no call with the id 'c1'"):
        write(turn("tool", answer))


@pytest.mark.parametrize(
    ("text", "failed", "response"),
    [
        ("r", None, {"output": "r"}),
        ('{"a": 1}', None, {"a": 1}),
        ("{broken", None, {"output": "{broken"}),
        ("[1]", False, {"output": "[1]"}),
        ("no", True, {"error": "no"}),
    ],
)
def test_what_a_function_answered(text: str, failed: bool | None, response: Any) -> None:
    answer = ToolResult(call_id="c", name="g", content=(Text(text=text),), is_error=failed)
    assert parts(answer)[0]["functionResponse"]["response"] == response


def test_media_of_an_answer_stand_beside_it() -> None:
    answer = ToolResult(call_id="c", name="g", content=(Text(text="r"), Image(source=InlineData("image/png", "AAAA"))))
    body, losses = write(turn("user", answer))
    assert [next(iter(part)) for part in body["contents"][0]["parts"]] == ["functionResponse", "inlineData"]
    assert losses == ["messages[0].content[0].content;reordered"]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (Image(source=InlineData("image/png", "AAAA")), {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}),
        (Image(source=Url("https://e/a.webp")), {"fileData": {"fileUri": "https://e/a.webp", "mimeType": "image/webp"}}),
        (Image(source=Url("https://e/a")), {"fileData": {"fileUri": "https://e/a", "mimeType": "image/jpeg"}}),
        (Document(source=PlainText("hi")), {"inlineData": {"mimeType": "text/plain", "data": "aGk="}}),
        (Document(source=InlineData("application/pdf", "AAAA"), name="a.pdf"),
         {"inlineData": {"mimeType": "application/pdf", "data": "AAAA", "displayName": "a.pdf"}}),
        (Document(source=FileId("gemini", "files/x", "text/csv")),
         {"fileData": {"fileUri": "files/x", "mimeType": "text/csv"}}),
        (Document(source=BlockSource((Text(text="in"),))), {"text": "in"}),
    ],
)  # fmt: skip
def test_media(block: Block, part: Any) -> None:
    assert parts(block) == [part]


@pytest.mark.parametrize(
    "block",
    [
        Image(source=FileId("openai_chat", "file-1")),
        Opaque(origin="openai_responses", kind="web_search_call", raw=raw_json({})),
    ],
)
def test_content_that_has_no_place_is_refused(block: Block) -> None:
    with pytest.raises(ClientError) as refused:
        parts(block)
    assert refused.value.param == "messages[2].content[0]"


def test_the_thoughts_of_others_stay_behind_and_our_own_come_back() -> None:
    body, losses = write(
        turn("user", Text(text="x")),
        turn("assistant", Reasoning(text="a", state=FOREIGN), Reasoning(text="b"), Reasoning(text="c", state=SIGNED)),
        turn("user", Text(text="y")),
    )
    assert body["contents"][1]["parts"] == [
        {"text": "a", "thought": True},
        {"text": "b", "thought": True},
        {"text": "c", "thought": True, "thoughtSignature": "c2ln"},
    ]
    assert losses == ["messages[1].content[0].signature;other_provider"]


def test_a_thought_without_words_signs_the_call_behind_it() -> None:
    bare = Reasoning(redacted=True, state=SIGNED)
    (signed,) = parts(bare, CALL, role="assistant")[-1:]
    assert signed["thoughtSignature"] == "c2ln"
    alone = parts(bare, Text(text="x"), role="assistant")
    assert alone[-2:] == [{"text": "", "thoughtSignature": "c2ln"}, {"text": "x"}]


def test_what_is_lost_is_named() -> None:
    marked = Text(text="x", cache=CacheMark(), extras=Extras("openai_chat", {"odd": raw_json(1)}))
    image = Image(source=Url("https://e/a.png"), detail="low")
    custom = ToolCall(id="c", name="f", arguments="free", custom=True, state=FOREIGN)
    named = Message(role="user", content=(marked, image), name="bob", extras=Extras("openai_chat", {"x": raw_json(1)}))
    _, losses = write(named, turn("assistant", custom))
    assert losses == [
        "messages[0].name;unsupported", "messages[0].x;foreign", "messages[0].content[0].odd;foreign",
        "messages[0].content[0].cache_control;unsupported", "messages[0].content[1].detail;unsupported",
        "messages[1].content[0];approximated", "messages[1].content[0].signature;other_provider",
    ]  # fmt: skip


def test_what_hangs_on_another_service_is_refused() -> None:
    with pytest.raises(ClientError, match="stored"):
        write(turn("user", Text(text="x")), bound=(Bound("previous_response_id", "stored elsewhere"),))
    with pytest.raises(ClientError, match="nothing to send"):
        write(turn("user", Text(text="")))
