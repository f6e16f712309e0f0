"""Each question of the dialect, in both positions."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.builders import provider, target
from tests.protocols.properties import inbound

from plexus.domain.route import Target
from plexus.exchange.native import serves_natively
from plexus.protocols import envelope
from plexus.protocols.anthropic_messages import CODEC, COUNT_CODEC
from plexus.protocols.anthropic_messages.dialect import MessagesDialect, default_max_tokens, thinks_adaptively
from plexus.protocols.registry import CODECS

ASK: dict[str, Any] = {"model": "glm-5", "messages": [{"role": "user", "content": "hi"}]}


def write(document: dict[str, Any], **answers: Any) -> tuple[dict[str, Any], list[str]]:
    request = CODECS["openai_chat", "generate"].decode_request(inbound({**ASK, **document}))
    outbound, losses = CODEC.encode_request(request, msgspec.convert(answers, MessagesDialect))
    return json.loads(outbound.body), [f"{loss.path};{loss.reason}" for loss in losses]


def test_default_max_tokens() -> None:
    assert write({})[0]["max_tokens"] == 8192
    assert write({}, default_max_tokens=500)[0]["max_tokens"] == 500
    assert write({"max_tokens": 7}, default_max_tokens=500)[0]["max_tokens"] == 7
    assert default_max_tokens("claude-3-haiku-20240307", MessagesDialect()) == 4096


@pytest.mark.parametrize(
    ("model", "answer", "thinking", "effort"),
    [
        ("glm-5", "auto", {"type": "enabled", "budget_tokens": 4096}, None),
        ("claude-opus-4-8", "auto", {"type": "adaptive"}, "low"),
        ("claude-opus-4-8", "budget", {"type": "enabled", "budget_tokens": 4096}, None),
        ("glm-5", "adaptive", {"type": "adaptive"}, "low"),
        ("deepseek-v4-pro", "enabled", {"type": "enabled"}, "low"),
    ],
)
def test_thinking(model: str, answer: str, thinking: dict[str, Any], effort: str | None) -> None:
    body, losses = write({"model": model, "reasoning_effort": "low"}, thinking=answer)
    assert body["thinking"] == thinking
    assert body.get("output_config", {}).get("effort") == effort
    assert losses == ([] if effort else ["reasoning.effort;approximated"])
    assert thinks_adaptively(model, MessagesDialect(thinking=answer)) is (effort is not None)  # type: ignore[arg-type]


def test_structured_output() -> None:
    schema = {"type": "object", "properties": {}}
    asked = {"response_format": {"type": "json_schema", "json_schema": {"name": "", "schema": schema}}}
    assert write(asked)[0]["output_config"]["format"] == {"type": "json_schema", "schema": schema}
    body, losses = write(asked, structured_output=False)
    assert ("output_config" in body, losses) == (False, ["response_format;unsupported"])


def test_mid_conversation_system() -> None:
    turns = [*ASK["messages"], {"role": "assistant", "content": "yes?"}, {"role": "system", "content": "be brief"}]
    asked = {"messages": [*turns, {"role": "user", "content": "go on"}]}
    assert "system" not in [turn["role"] for turn in write(asked)[0]["messages"]]
    assert "system" in [turn["role"] for turn in write(asked, mid_conversation_system=True)[0]["messages"]]


def test_version_in_body() -> None:
    assert "anthropic_version" not in write({})[0]
    written, losses = write({}, version_in_body="vertex-2023-10-16")
    assert written["anthropic_version"] == "vertex-2023-10-16"
    assert "model" not in written
    assert losses == []
    dialect = MessagesDialect(version_in_body="vertex-2023-10-16")
    asked = envelope.read(json.dumps(ASK).encode())
    assert CODEC.edits(asked, "glm-5", dialect) == {"model": b"", "anthropic_version": b'"vertex-2023-10-16"'}
    own = envelope.read(json.dumps({**ASK, "anthropic_version": "vertex-2"}).encode())
    assert CODEC.edits(own, "glm-5", dialect) == {"model": b""}


def test_has_count_tokens() -> None:
    def of(answer: bool) -> Target:
        dialects = {"anthropic_messages": MessagesDialect(has_count_tokens=answer)}
        return target(provider(protocols=("anthropic_messages",), dialects=dialects))

    assert serves_natively(of(True), COUNT_CODEC)
    assert not serves_natively(of(False), COUNT_CODEC)


def test_every_question_has_a_test_of_its_name() -> None:
    names = " ".join(name for name in globals() if name.startswith("test_"))
    assert [question for question in MessagesDialect.__struct_fields__ if question not in names] == []
