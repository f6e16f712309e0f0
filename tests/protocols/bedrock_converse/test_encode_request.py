"""A request, written: turns and blocks, and what Converse cannot say."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.protocols.bedrock_converse.making import CLAUDE, LLAMA, refused, sent, turn
from tests.protocols.making import PIXEL, raw, user

from plexus.canonical.content import (
    BlockSource,
    CacheMark,
    Citation,
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
from plexus.canonical.request import Bound, FunctionTool, GenerateRequest, Message
from plexus.protocols.bedrock_converse import CODEC
from plexus.protocols.bedrock_converse.dialect import ConverseDialect
from plexus.protocols.bedrock_converse.encode_request import path_of

OWN = "bedrock_converse"
HI = user("hi")
TOOL = FunctionTool(name="f")


def turns(*messages: Message, **settings: Any) -> tuple[Any, list[tuple[str, str]]]:
    settings.setdefault("tools", (TOOL,))
    body, losses = sent(messages=messages, **settings)
    return body["messages"], losses


def test_the_path_names_the_model_and_the_stream() -> None:
    assert path_of("a.b-v1:0", stream=False) == "/model/a.b-v1%3A0/converse"
    assert path_of("arn:aws:bedrock:x::y/z", stream=True) == "/model/arn%3Aaws%3Abedrock%3Ax%3A%3Ay%2Fz/converse-stream"
    outbound, _ = CODEC.encode_request(
        GenerateRequest(origin="openai_chat", model="m", stream=True, messages=(HI,)), ConverseDialect()
    )
    assert outbound.path == "/model/m/converse-stream"
    assert b"stream" not in outbound.body


def test_instructions_stand_apart() -> None:
    body, losses = sent(
        system=(Text(text="one"),),
        messages=(turn(Text(text="two"), role="developer"), HI, turn(Text(text="late"), role="system")),
    )
    assert body["system"] == [{"text": "one"}, {"text": "two"}]
    assert body["messages"] == [{"role": "user", "content": [{"text": "hi"}, {"text": "late"}]}]
    assert losses == [("messages[2]", "approximated")]


def test_turns_of_one_role_are_joined_and_results_head_theirs() -> None:
    call = ToolCall(id="t1", name="f", arguments='{"a":1}')
    result = ToolResult(call_id="t1", content=(Text(text="42"),), plain=True)
    said, losses = turns(
        HI, turn(call, role="assistant"), turn(Text(text="well"), role="user"), turn(result, role="tool")
    )
    assert said[1] == {
        "role": "assistant",
        "content": [{"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}}],
    }
    assert said[2]["role"] == "user"
    assert said[2]["content"] == [{"toolResult": {"toolUseId": "t1", "content": [{"text": "42"}]}}, {"text": "well"}]
    assert losses == []


def test_empty_text_is_left_out_and_empty_turns_too() -> None:
    said, _ = turns(HI, turn(Text(text=" "), role="assistant"), user("again"))
    assert said == [{"role": "user", "content": [{"text": "hi"}, {"text": "again"}]}]
    assert refused(messages=(user(" "),)).param == "messages"


def test_the_user_begins() -> None:
    assert refused(messages=(turn(Text(text="x"), role="assistant"),)).param == "messages"


def test_thoughts_go_back_with_their_state() -> None:
    thought = Reasoning(text="hm", state=ReasoningState(OWN, "sig"))
    hidden = Reasoning(redacted=True, state=ReasoningState(OWN, "AAEC", form="hidden"))
    said, losses = turns(HI, turn(thought, hidden, Text(text="x"), role="assistant"), HI)
    assert said[1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "AAEC"}},
        {"text": "x"},
    ]
    assert losses == []
    wordless = Reasoning(state=ReasoningState(OWN, "sig", form="wordless"))
    said, _ = turns(HI, turn(wordless, Text(text="x"), role="assistant"), HI)
    assert said[1]["content"][0] == {"reasoningContent": {"reasoningText": {"text": "", "signature": "sig"}}}


@pytest.mark.parametrize(
    ("thought", "reason"),
    [
        (Reasoning(text="hm"), "unsupported"),
        (Reasoning(text="hm", state=ReasoningState("gemini", "s")), "other_provider"),
        (Reasoning(state=ReasoningState(OWN, "sig")), "unsupported"),
    ],
)
def test_a_thought_that_is_not_this_providers_is_left_out(thought: Reasoning, reason: str) -> None:
    said, losses = turns(HI, turn(thought, Text(text="x"), role="assistant"), HI)
    assert said[1]["content"] == [{"text": "x"}]
    assert losses == [("messages[1].content[0]", reason)]


def test_arguments_that_are_no_object_are_wrapped() -> None:
    broken = ToolCall(id="a", name="f", arguments='{"a":')
    custom = ToolCall(id="b", name="f", arguments="free", custom=True, state=ReasoningState("gemini", "s"))
    said, losses = turns(HI, turn(broken, custom, role="assistant"))
    inputs = [part["toolUse"]["input"] for part in said[1]["content"]]
    assert inputs == [{"INVALID_JSON": '{"a":'}, {"input": "free"}]
    assert losses == [
        ("messages[1].content[0]", "approximated"),
        ("messages[1].content[1]", "approximated"),
        ("messages[1].content[1].signature", "unsupported"),
    ]


def test_results_say_whether_they_failed() -> None:
    picture = Image(source=InlineData("image/png", PIXEL))
    failed = ToolResult(call_id="t", content=(Text(text="no"), picture), is_error=True)
    call = turn(ToolCall(id="t", name="f", arguments="{}"), role="assistant")
    said, losses = turns(HI, call, turn(failed))
    assert said[2]["content"] == [
        {
            "toolResult": {
                "toolUseId": "t",
                "content": [{"text": "no"}, {"image": {"format": "png", "source": {"bytes": PIXEL}}}],
                "status": "error",
            }
        }
    ]
    assert losses == []
    said, losses = turns(HI, call, turn(failed), dialect=ConverseDialect(tool_status=False))
    assert "status" not in said[2]["content"][0]["toolResult"]
    assert losses == [("messages[2].content[0].is_error", "unsupported")]
    empty, _ = turns(HI, call, turn(ToolResult(call_id="t", content=())))
    assert empty[2]["content"][0]["toolResult"]["content"] == [{"text": ""}]
    assert refused(messages=(HI, call, turn(ToolResult(call_id="t", content=(Reasoning(text="x"),))))).param


def test_pictures_by_bytes_or_from_s3_only() -> None:
    inline = Image(source=InlineData("image/jpg", PIXEL), detail="high")
    bucket = Image(source=Url("s3://bucket/cat.jpg"))
    said, losses = turns(turn(Text(text="x"), inline, bucket))
    assert said[0]["content"][1:] == [
        {"image": {"format": "jpeg", "source": {"bytes": PIXEL}}},
        {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/cat.jpg"}}}},
    ]
    assert losses == [("messages[0].content[1].detail", "unsupported")]
    for source in (Url("https://a/b.png"), FileId("openai_chat", "f"), InlineData("image/tiff", PIXEL)):
        assert refused(messages=(turn(Image(source=source)),)).param == "messages[0].content[0]"


def test_documents_have_names() -> None:
    pdf = Document(source=InlineData("application/pdf", PIXEL), name="my_file.pdf", context="c", citations=True)
    text = Document(source=PlainText("abc"))
    pieces = Document(source=BlockSource((Text(text="a"), Text(text="b"))))
    said, losses = turns(turn(Text(text="x"), pdf, text, pieces))
    parts = [part["document"] for part in said[0]["content"][1:]]
    assert parts[0] == {
        "name": "my-file-pdf",
        "format": "pdf",
        "source": {"bytes": PIXEL},
        "context": "c",
        "citations": {"enabled": True},
    }
    assert parts[1]["format"] == "txt"
    assert base64.b64decode(parts[1]["source"]["bytes"]) == b"abc"
    assert parts[2]["source"] == {"content": [{"text": "a"}, {"text": "b"}]}
    assert [part["name"] for part in parts[1:]] == ["document", "document (2)"]
    assert losses == [("messages[0].content[1].title", "approximated")]
    picture = Image(source=InlineData("image/png", PIXEL))
    assert refused(messages=(turn(Document(source=BlockSource((picture,)))),)).param == "messages[0].content[0]"
    assert (
        refused(messages=(turn(Document(source=InlineData("application/zip", PIXEL))),)).param
        == "messages[0].content[0]"
    )


def test_cache_marks_become_points_behind_their_block() -> None:
    marked = Text(text="long", cache=CacheMark("1h"))
    body, losses = sent(system=(Text(text="s", cache=CacheMark()),), messages=(turn(marked, Text(text="q")),))
    assert body["system"] == [{"text": "s"}, {"cachePoint": {"type": "default"}}]
    assert body["messages"][0]["content"] == [
        {"text": "long"},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
        {"text": "q"},
    ]
    assert losses == []
    body, losses = sent(model=LLAMA, messages=(turn(marked),))
    assert body["messages"][0]["content"] == [{"text": "long"}]
    assert losses == [("messages[0].content[0].cache_control", "unsupported")]


def test_a_result_keeps_its_cache_point_when_it_moves_ahead() -> None:
    call = turn(ToolCall(id="t", name="f", arguments="{}"), role="assistant")
    result = ToolResult(call_id="t", content=(Text(text="r"),), cache=CacheMark())
    said, _ = turns(HI, call, turn(result, Text(text="go on")))
    assert [next(iter(part)) for part in said[2]["content"]] == ["toolResult", "cachePoint", "text"]


def test_a_wish_to_cache_everything_is_a_point_at_the_end() -> None:
    said, losses = turns(HI, cache=CacheMark("5m"))
    assert said[0]["content"][-1] == {"cachePoint": {"type": "default", "ttl": "5m"}}
    assert losses == []
    said, _ = turns(turn(Text(text="x", cache=CacheMark())), cache=CacheMark())
    assert len(said[0]["content"]) == 2
    assert turns(HI, cache=CacheMark(), model=LLAMA)[1] == [("cache_control", "unsupported")]


def test_what_others_say_beside_is_lost_aloud() -> None:
    cited = Text(
        text="x",
        citations=(Citation(origin="openai_chat", kind="url_citation"),),
        state=ReasoningState("gemini", "s"),
        extras=Extras("openai_chat", {"odd": raw(1)}),
    )
    message = Message(role="user", content=(cited,), name="Ann", extras=Extras("openai_chat", {"more": raw(1)}))
    _, losses = turns(message)
    assert losses == [
        ("messages[0].name", "unsupported"),
        ("messages[0].more", "foreign"),
        ("messages[0].content[0].odd", "foreign"),
        ("messages[0].content[0].citations", "unsupported"),
        ("messages[0].content[0].signature", "unsupported"),
    ]


def test_a_refusal_goes_back_as_its_words() -> None:
    said, _ = turns(HI, turn(Refusal(text="no"), role="assistant"), HI)
    assert said[1]["content"] == [{"text": "no"}]


def test_what_cannot_be_sent_is_refused() -> None:
    block = Opaque(origin="anthropic_messages", kind="server_tool_use", raw=raw({}))
    assert "server_tool_use" in refused(messages=(turn(block),)).message
    picture = Image(source=InlineData("image/png", PIXEL))
    assert refused(system=(picture,), messages=(HI,)).param == "system.content[0]"
    assert refused(bound=(Bound("previous_response_id", "no"),)).param == "previous_response_id"


def test_the_model_is_not_in_the_body() -> None:
    body, _ = sent(model=CLAUDE)
    assert body == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
