from __future__ import annotations

import msgspec
import pytest
from tests.protocols.making import PIXEL, cannot_send, raw, sent, user, wish

from plexus.canonical.content import (
    Audio,
    Block,
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
from plexus.canonical.request import Bound, Message, Role
from plexus.protocols.cohere import CODEC
from plexus.protocols.cohere.dialect import CohereDialect

PICTURE = Image(source=InlineData("image/png", PIXEL))
STATE = ReasoningState("anthropic_messages", "sig")
THINKS = CohereDialect(thinking=True)
CITED = Document(source=PlainText("x"), citations=True)
FACTS = Document(source=PlainText("facts"), name="facts.txt", context="from the desk")


def turn(role: Role, *blocks: Block, **members: object) -> Message:
    return Message(role=role, content=blocks, **members)  # type: ignore[arg-type]


def written(
    *messages: Message, dialect: CohereDialect | None = None, **settings: object
) -> tuple[list[dict[str, object]], list[tuple[str, str]]]:
    body, losses = sent(CODEC, wish("openai_chat", messages=messages, **settings), dialect)
    return body["messages"], losses


def test_the_smallest_request() -> None:
    outbound, losses = CODEC.encode_request(wish("openai_chat"), CODEC.default_dialect)
    assert (outbound.path, outbound.query, losses) == ("/chat", b"", [])
    assert msgspec.json.decode(outbound.body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    }


def test_a_stream_is_asked_for() -> None:
    assert sent(CODEC, wish("gemini", stream=True))[0]["stream"] is True


def test_instructions_come_first_in_one_turn() -> None:
    messages, losses = written(
        turn("developer", Text(text="two"), Text(text="three")), user("hi"), turn("system", Text(text="four")),
        system=(Text(text="one"),),
    )  # fmt: skip
    assert messages == [
        {"role": "system", "content": "one\n\ntwo\n\nthree"},
        {"role": "user", "content": "hi"},
        {"role": "user", "content": "four"},
    ]
    assert losses == [("messages[2]", "approximated")]


def test_instructions_are_text() -> None:
    error = cannot_send(CODEC, wish("openai_chat", messages=(turn("system", PICTURE), user("hi"))))
    assert error.param == "messages[0]"


def test_a_tool_loop() -> None:
    messages, losses = written(
        user("weather?"),
        turn("assistant", Reasoning(text="I look."), ToolCall(id="c1", name="look", arguments='{"a": 1}')),
        turn("tool", ToolResult(call_id="c1", content=(Text(text="sunny"),))),
    )
    assert messages[1:] == [
        {
            "role": "assistant",
            "tool_plan": "I look.",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
    ]
    assert losses == []


def test_thoughts_are_content_of_a_model_that_thinks() -> None:
    messages, losses = written(turn("assistant", Reasoning(text="hm"), Text(text="yes")), dialect=THINKS)
    assert messages == [
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yes"}]}
    ]
    call = ToolCall(id="c", name="f", arguments="")
    messages, more = written(turn("assistant", Reasoning(text="hm"), call), dialect=THINKS)
    assert messages[0]["content"] == [{"type": "thinking", "thinking": "hm"}]
    assert "tool_plan" not in messages[0]
    assert losses == more == []


def test_thoughts_without_a_place_are_losses() -> None:
    messages, losses = written(
        turn("assistant", Reasoning(text="hm"), Text(text="yes"), Reasoning(redacted=True, state=STATE))
    )
    assert messages == [{"role": "assistant", "content": "yes"}]
    assert losses == [("messages[0].content[0]", "unsupported"), ("messages[0].content[2]", "other_provider")]


def test_results_among_a_users_blocks_become_turns_of_their_own_ahead_of_it() -> None:
    result = ToolResult(call_id="c9", content=(Text(text="x"), PICTURE, FACTS), is_error=True)
    messages, losses = written(turn("user", Text(text="and?"), result))
    data = {"title": "facts.txt", "text": "facts"}
    assert messages == [
        {
            "role": "tool",
            "tool_call_id": "c9",
            "content": [{"type": "text", "text": "x"}, {"type": "document", "document": {"data": data}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "and?"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
            ],
        },
    ]
    assert losses == [
        ("messages[0].content[1].is_error", "unsupported"),
        ("messages[0].content[1].content[1]", "reordered"),
        ("messages[0].content[1].content[2].context", "unsupported"),
    ]


def test_free_text_stands_in_an_object() -> None:
    messages, losses = written(turn("assistant", ToolCall(id="c", name="f", arguments='say "x"', custom=True)))
    assert messages[0]["tool_calls"] == [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"input":"say \\"x\\""}'}}
    ]
    assert losses == [("messages[0].content[0]", "approximated")]


def test_empty_turns_are_left_out() -> None:
    empty = (turn("assistant"), turn("assistant", Text(text="")), turn("assistant", Reasoning(text="hm")))
    messages, losses = written(user("hi"), *empty, turn("user"))
    assert messages == [{"role": "user", "content": "hi"}]
    assert losses == [("messages[3].content[0]", "unsupported")]


@pytest.mark.parametrize("turns", [(), (turn("user", Text(text="")),), (turn("user"), turn("assistant"))])
def test_a_request_without_a_turn_is_refused(turns: tuple[Message, ...]) -> None:
    error = cannot_send(CODEC, wish("openai_chat", messages=turns, system=(Text(text="be kind"),)))
    assert error.param == "messages"


@pytest.mark.parametrize(("detail", "found", "lost"), [
    (None, None, []), ("low", "low", []), ("auto", "auto", []), ("original", None, [(".detail", "unsupported")]),
])  # fmt: skip
def test_pictures(detail: str | None, found: str | None, lost: list[tuple[str, str]]) -> None:
    messages, losses = written(turn("user", Image(source=Url("https://example.com/a.png"), detail=detail)))
    image = {"url": "https://example.com/a.png", **({} if found is None else {"detail": found})}
    assert messages == [{"role": "user", "content": [{"type": "image_url", "image_url": image}]}]
    assert losses == [(f"messages[0].content[0]{path}", reason) for path, reason in lost]


@pytest.mark.parametrize(
    "source", [PlainText("facts"), BlockSource((Text(text="facts"),)), InlineData("text/csv", "ZmFjdHM=")]
)
def test_documents_of_text_are_text(source: PlainText | BlockSource | InlineData) -> None:
    messages, losses = written(turn("user", Document(source=source)))
    assert messages == [{"role": "user", "content": "facts"}]
    assert losses == [("messages[0].content[0]", "approximated")]


def test_documents_that_shall_be_cited_stand_beside_the_turns() -> None:
    cited = msgspec.structs.replace(FACTS, citations=True, cache=CacheMark())
    extras = Extras("openai_chat", {"documents": raw(["own"])})
    body, losses = sent(CODEC, wish("x", messages=(turn("user", cited, Text(text="so?"), cited),), extras=extras))
    data = {"title": "facts.txt", "context": "from the desk", "text": "facts"}
    assert body["documents"] == ["own", {"id": "doc:0", "data": data}, {"id": "doc:1", "data": data}]
    assert body["messages"] == [{"role": "user", "content": "so?"}]
    assert losses == [
        ("messages[0].content[0].cache_control", "unsupported"), ("messages[0].content[0]", "reordered"),
        ("messages[0].content[2].cache_control", "unsupported"), ("messages[0].content[2]", "reordered"),
    ]  # fmt: skip


LOST: list[tuple[Block, list[tuple[str, str]]]] = [
    (Text(text="x", state=STATE), [(".signature", "other_provider")]),
    (ToolCall(id="c", name="f", arguments="{}", state=STATE, cache=CacheMark()),
     [(".cache_control", "unsupported"), (".signature", "other_provider")]),
    (Text(text="x", citations=(Citation(origin="gemini", kind="k"),)), [(".citations", "unsupported")]),
    (Text(text="x", extras=Extras("openai_chat", {"odd": raw(1)})), [(".odd", "foreign")]),
    (Refusal(text="no"), []),
    (FACTS, [(".context", "unsupported"), ("", "approximated"), (".name", "unsupported")]),
]  # fmt: skip


@pytest.mark.parametrize(("block", "lost"), LOST)
def test_what_stands_beside_content_is_a_loss(block: Block, lost: list[tuple[str, str]]) -> None:
    _, losses = written(turn("assistant", block))
    assert losses == [(f"messages[0].content[0]{path}", reason) for path, reason in lost]


def test_a_signature_on_a_thought_that_goes_up_is_a_loss() -> None:
    _, losses = written(turn("assistant", Reasoning(text="hm", state=STATE)), dialect=THINKS)
    assert losses == [("messages[0].content[0].signature", "other_provider")]


def test_names_and_unknown_members_of_turns_are_losses() -> None:
    odd = Extras("openai_chat", {"odd": raw(1)})
    _, losses = written(turn("user", Text(text="x"), name="Ann", extras=odd))
    assert losses == [("messages[0].odd", "foreign"), ("messages[0].name", "unsupported")]


@pytest.mark.parametrize("block", [
    Image(source=FileId("openai_chat", "file-1")), Document(source=InlineData("application/pdf", "AAAA")),
    Audio(source=InlineData("audio/wav", "AAAA")), Opaque(origin="anthropic_messages", kind="server_tool_use", raw=raw({})),
])  # fmt: skip
def test_content_that_it_cannot_carry_is_refused(block: Block) -> None:
    error = cannot_send(CODEC, wish("openai_chat", messages=(turn("user", block),)))
    assert error.param == "messages[0].content[0]"
    assert "messages[0].content[0]" in error.message


@pytest.mark.parametrize(("settings", "param"), [
    ({"candidates": 2}, "n"), ({"modalities": ("text", "audio")}, "modalities"),
    ({"bound": (Bound("conversation", "Send it all."),)}, "conversation"),
    ({"extras": Extras("openai_chat", {"documents": raw(7)}), "messages": (turn("user", CITED),)}, "documents"),
])  # fmt: skip
def test_what_it_cannot_answer_is_refused(settings: dict[str, object], param: str) -> None:
    assert cannot_send(CODEC, wish("openai_responses", **settings)).param == param


def test_refused_members_are_left_out() -> None:
    body, losses = sent(CODEC, wish("openai_chat"), CohereDialect(refused_members=frozenset({"stream", "other"})))
    assert "stream" not in body
    assert losses == [("stream", "refused")]
