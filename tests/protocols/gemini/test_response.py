"""A JSON reply, both ways (most of the reading is tested by the streams, whose reader it shares)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.properties import inbound

from plexus.canonical.content import Audio, Citation, Opaque, Reasoning, ReasoningState, Text, ToolCall
from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.response import Candidate, Finish, FinishReason, GenerateResponse
from plexus.canonical.usage import usage
from plexus.protocols import reasoning_state
from plexus.protocols.gemini import CODEC
from plexus.protocols.gemini.signature import decode_signature
from plexus.protocols.members import raw_json

REQUEST = CODEC.decode_request(inbound({"contents": [{"parts": [{"text": "hi"}]}]}))
SEALED = ReasoningState("gemini", reasoning_state.seal(ReasoningState("openai_responses", "s", "p"), b"k" * 32))


def write(*blocks: Any, **members: Any) -> tuple[dict[str, Any], list[str]]:
    candidate = Candidate(blocks=blocks, finish=Finish(reason=FinishReason.STOP))
    response = GenerateResponse(origin="openai_chat", id="r", model="m", candidates=(candidate,), **members)
    body, losses = CODEC.encode_response(response, REQUEST)
    return json.loads(body), [f"{loss.path};{loss.reason}" for loss in losses]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", ErrorKind.UPSTREAM_MALFORMED),
        (b"[]", ErrorKind.UPSTREAM_MALFORMED),
        (b"{}", ErrorKind.UPSTREAM_MALFORMED),
        (b'{"candidates": [{"content": {"parts": [{"text": 1}]}}]}', ErrorKind.UPSTREAM_MALFORMED),
        (b'{"error": {"code": 503, "status": "UNAVAILABLE"}}', ErrorKind.OVERLOADED),
    ],
)
def test_what_is_no_reply_is_typed(body: bytes, kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as wrong:
        CODEC.decode_response(body, CODEC.default_dialect)
    assert wrong.value.kind is kind


def test_a_reply_is_written_in_full() -> None:
    body, losses = write(
        Reasoning(text="hm", state=ReasoningState("gemini", "s")), Text(text="a"),
        ToolCall(id="c", name="f", arguments='{"x":1}'), usage=usage(input=1, output=2),
    )  # fmt: skip
    assert body["candidates"] == [
        {
            "content": {
                "parts": [
                    {"text": "hm", "thought": True, "thoughtSignature": "s"}, {"text": "a"},
                    {"functionCall": {"name": "f", "id": "c", "args": {"x": 1}}},
                ],
                "role": "model",
            },
            "finishReason": "STOP",
            "index": 0,
        }
    ]  # fmt: skip
    assert (body["responseId"], body["modelVersion"], body["usageMetadata"]["totalTokenCount"]) == ("r", "m", 3)
    assert losses == []


def test_what_gemini_has_no_part_for_is_lost() -> None:
    cited = Text(text="a", citations=(Citation(origin="openai_chat", kind="url_citation"),))
    broken = ToolCall(id="c", name="f", arguments="{broken")
    opaque = Opaque(origin="openai_responses", kind="x", raw=raw_json({}))
    body, losses = write(cited, broken, Audio(id="a", transcript="said"), opaque)
    assert body["candidates"][0]["content"]["parts"][1:] == [
        {"functionCall": {"name": "f", "id": "c", "args": {"input": "{broken"}}}, {"text": "said"},
    ]  # fmt: skip
    path = "candidates[0].content.parts"
    assert losses == [
        f"{path}[1];approximated", f"{path}[2];approximated", f"{path}[3];unsupported",
        "candidates[0].content.citations;unsupported",
    ]  # fmt: skip


def test_a_state_without_words_goes_on_to_the_call() -> None:
    body, _ = write(Reasoning(redacted=True, state=SEALED), ToolCall(id="c", name="f", arguments="{}"))
    (part,) = body["candidates"][0]["content"]["parts"]
    assert decode_signature(part["thoughtSignature"]) == (SEALED, "")
    body, _ = write(Reasoning(redacted=True, state=SEALED), Text(text="a"))
    bare, _ = body["candidates"][0]["content"]["parts"]
    assert decode_signature(bare["thoughtSignature"]) == (SEALED, None)


def test_a_blocked_prompt_has_no_candidates_again() -> None:
    wire = {
        "promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "Because."},
        "responseId": "r",
        "modelVersion": "m",
    }
    response = CODEC.decode_response(json.dumps(wire).encode(), CODEC.default_dialect)
    body, _ = CODEC.encode_response(response, REQUEST)
    assert json.loads(body) == wire


def test_citations_of_others_are_grounding() -> None:
    link = Citation(origin="openai_chat", kind="url_citation", url="https://a", title="A", start=5, end=9)
    body, losses = write(Text(text="So: K"), Text(text="\u00f6ln.", citations=(link,)))
    assert losses == []
    (candidate,) = body["candidates"]
    assert candidate["groundingMetadata"]["groundingChunks"] == [{"web": {"uri": "https://a", "title": "A"}}]
    (support,) = candidate["groundingMetadata"]["groundingSupports"]
    assert support["segment"] == {"startIndex": 5, "endIndex": 10, "text": "\u00f6ln."}
    body, _ = write(Text(text="no source"))
    assert "groundingMetadata" not in body["candidates"][0]
