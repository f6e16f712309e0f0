from __future__ import annotations

import pytest
from tests.protocols.anthropic_messages.making import DIALECT, body_of, decode, encode, foreign, pairs, turn
from tests.specs_schema import anthropic

from plexus.canonical.request import ReasoningSettings
from plexus.protocols.anthropic_messages import CODEC, MessagesDialect


def test_a_plain_question() -> None:
    outbound, losses = CODEC.encode_request(foreign(turn("system", "S"), turn("user", "Hi"), stream=True), DIALECT)
    assert outbound.path == "/messages"
    assert outbound.headers == ()
    assert not losses
    body, _ = encode(foreign(turn("system", "S"), turn("user", "Hi"), stream=True))
    anthropic("MessageCreateParams").validate(body)
    assert body == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 32_000,
        "system": [{"type": "text", "text": "S"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "stream": True,
    }


@pytest.mark.parametrize(("bound", "expected"), [(None, 700), (3, 3)])
def test_max_tokens_is_always_there(bound: int | None, expected: int) -> None:
    body, _ = encode(foreign(max_output_tokens=bound), MessagesDialect(default_max_tokens=700))
    assert body["max_tokens"] == expected


def test_members_that_the_provider_refuses_are_losses() -> None:
    dialect = MessagesDialect(refused_members=frozenset({"metadata", "top_k"}))
    body, losses = encode(foreign(user="u", temperature=0.1), dialect)
    assert "metadata" not in body
    assert body["temperature"] == 0.1
    assert pairs(losses) == {("metadata", "refused")}


def test_effort_and_format_share_a_member() -> None:
    schema = {"type": "object", "additionalProperties": False}
    body = body_of(output_config={"effort": "high", "format": {"type": "json_schema", "schema": schema}, "new": 1})
    assert encode(decode(body))[0] == body


def test_what_a_messages_client_wrote_is_not_judged() -> None:
    body = body_of(
        model="claude-opus-4-8", temperature=0.3, top_p=0.2, thinking={"type": "enabled", "budget_tokens": 5}
    )
    written, losses = encode(decode(body))
    assert written == body
    assert not losses


def test_an_effort_of_another_protocol_shows_in_both_members() -> None:
    body, _ = encode(foreign(model="claude-opus-4-8", reasoning=ReasoningSettings(effort="max")))
    assert (body["thinking"], body["output_config"]) == ({"type": "adaptive"}, {"effort": "max"})
