"""Parts, read."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from plexus.canonical.content import (
    Audio,
    Block,
    Document,
    FileId,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    ReasoningState,
    Text,
    ToolCall,
    ToolResult,
    Url,
    Video,
)
from plexus.canonical.errors import ClientError
from plexus.protocols import reasoning_state
from plexus.protocols.gemini.calls import Calls, is_made
from plexus.protocols.gemini.content import decode_parts
from plexus.protocols.gemini.parts import encode_call, own_extras, with_extras
from plexus.protocols.gemini.signature import STAND_INS, encode_signature
from plexus.protocols.members import Members, Object

SEALED = ReasoningState("gemini", reasoning_state.seal(ReasoningState("anthropic_messages", "s", "p"), b"k" * 32))


def read(*parts: dict[str, Any]) -> tuple[Block, ...]:
    return decode_parts(Members(msgspec.json.decode(json.dumps({"parts": parts}), type=Object)), Calls())


def test_texts_and_thoughts() -> None:
    text, thought, bare = read(
        {"text": "a", "thoughtSignature": "s"}, {"text": "b", "thought": True}, {"text": "", "thought_signature": "t"}
    )
    assert isinstance(text, Text)
    assert (text.text, text.state) == ("a", ReasoningState("gemini", "s"))
    assert thought == Reasoning(text="b")
    assert bare == Reasoning(redacted=True, state=ReasoningState("gemini", "t"))


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [("image/png", Image), ("audio/wav", Audio), ("video/mp4", Video), ("application/pdf", Document)],
)
def test_media_by_type_in_both_spellings_and_alphabets(media_type: str, kind: type[Any]) -> None:
    (plain, snake) = read(
        {"inlineData": {"mimeType": media_type, "data": "+/+/"}},
        {"inline_data": {"mime_type": media_type, "data": "-_-_-_4"}},
    )
    assert isinstance(plain, kind)
    assert plain.source == InlineData(media_type, "+/+/")
    assert isinstance(snake, kind)
    assert snake.source == InlineData(media_type, "+/+/+/4=")


@pytest.mark.parametrize(
    ("data", "block"),
    [
        ({"fileUri": "https://e.com/a.png?x=1"}, Image(source=Url("https://e.com/a.png?x=1"))),
        ({"fileUri": "https://youtu.be/x"}, Video(source=Url("https://youtu.be/x"))),
        ({"fileUri": "gs://b/a.pdf", "mimeType": "application/pdf"},
         Document(source=FileId("gemini", "gs://b/a.pdf", "application/pdf"))),
        ({"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x", "mimeType": "audio/mpeg"},
         Audio(source=FileId("gemini", "https://generativelanguage.googleapis.com/v1beta/files/x", "audio/mpeg"))),
    ],
)  # fmt: skip
def test_files_by_type_ending_or_site(data: dict[str, Any], block: Any) -> None:
    (found,) = read({"fileData": data})
    assert msgspec.structs.replace(found, extras=None) == block


def test_calls_and_responses_belong_together_by_name() -> None:
    call, other, answer = read(
        {"functionCall": {"name": "f", "args": {"a": 1}}},
        {"function_call": {"name": "g", "id": "x"}},
        {"functionResponse": {"name": "f", "response": {"result": "fine"}}},
    )
    assert isinstance(call, ToolCall)
    assert isinstance(other, ToolCall)
    assert isinstance(answer, ToolResult)
    assert is_made(call.id)
    assert (other.id, other.arguments) == ("x", "{}")
    assert answer.call_id == call.id
    assert (answer.name, answer.content, answer.plain) == ("f", (Text(text="fine"),), True)


@pytest.mark.parametrize(
    ("response", "text", "failed"),
    [
        ({"output": "r"}, "r", None),
        ({"output": {"a": 1}}, '{"a": 1}', None),
        ({"error": "no"}, "no", True),
        ({"a": 1, "b": 2}, '{"a": 1, "b": 2}', None),
        ({"temperature": 7}, '{"temperature": 7}', None),
    ],
)
def test_what_a_function_answered(response: dict[str, Any], text: str, failed: bool | None) -> None:
    (answer,) = read({"functionResponse": {"name": "f", "response": response}})
    assert isinstance(answer, ToolResult)
    assert (answer.content, answer.is_error) == ((Text(text=text),), failed)


def test_an_answer_may_hold_media() -> None:
    (answer,) = read(
        {
            "functionResponse": {
                "name": "f",
                "response": {},
                "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
            }
        }
    )
    assert isinstance(answer, ToolResult)
    assert isinstance(answer.content[-1], Image)


def test_what_only_google_understands_stays_whole() -> None:
    (code,) = read({"executableCode": {"code": "1"}, "thoughtSignature": "s"})
    assert isinstance(code, Opaque)
    assert code.kind == "executableCode"
    assert json.loads(bytes(code.raw)) == {"executableCode": {"code": "1"}, "thoughtSignature": "s"}


@pytest.mark.parametrize("word", sorted(STAND_INS))
def test_a_word_that_stands_in_for_a_signature_is_no_state(word: str) -> None:
    (call,) = read({"functionCall": {"name": "f"}, "thoughtSignature": word})
    assert isinstance(call, ToolCall)
    assert call.state is None
    assert call.extras is not None
    assert call.extras.members == {}, "nothing that another protocol could lose"
    assert encode_call(call) == {"functionCall": {"name": "f"}}
    assert with_extras(encode_call(call), own_extras(call))["thoughtSignature"] == msgspec.Raw(f'"{word}"'.encode())


def test_a_state_that_moved_to_its_call_is_a_thought_again() -> None:
    thought, call = read({"functionCall": {"name": "f"}, "thoughtSignature": encode_signature(SEALED, words="")})
    assert thought == Reasoning(redacted=True, state=SEALED)
    assert isinstance(call, ToolCall)
    assert call.state is None
    (signed,) = read({"functionCall": {"name": "f"}, "thoughtSignature": encode_signature(SEALED)})
    assert isinstance(signed, ToolCall)
    assert signed.state == SEALED


def test_a_sealed_thought_in_pieces_is_whole_again() -> None:
    pieces = [{"text": "a", "thought": True}, {"text": "b", "thought": True}]
    last = {"text": "", "thought": True, "thoughtSignature": encode_signature(SEALED)}
    assert read(*pieces, last) == (Reasoning(text="ab", state=SEALED),)
    assert len(read(*pieces, {"text": "", "thought": True, "thoughtSignature": "googles"})) == 3


@pytest.mark.parametrize(
    ("part", "where"),
    [
        ({"text": "a", "inlineData": {}}, "parts[0]"),
        ({"text": 1}, "parts[0].text"),
        ({"inlineData": {"mimeType": "image/png"}}, "parts[0].inlineData.data"),
        ({"inlineData": None}, "parts[0].inlineData"),
        ({"fileData": {}}, "parts[0].fileData.fileUri"),
        ({"functionCall": {}}, "parts[0].functionCall.name"),
        ({"functionCall": None}, "parts[0].functionCall"),
        ({"functionResponse": {"name": "f", "response": 1}}, "functionResponse.response"),
    ],
)
def test_what_the_protocol_does_not_allow_is_named(part: dict[str, Any], where: str) -> None:
    with pytest.raises(ClientError) as refused:
        read(part)
    assert refused.value.param == where
