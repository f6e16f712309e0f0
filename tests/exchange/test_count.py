from __future__ import annotations

from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import json_reply, lab

from plexus.protocols.anthropic_messages.dialect import MessagesDialect

MESSAGES = "anthropic_messages"
NATIVE = target(
    provider("native", protocols=(MESSAGES,), dialects={MESSAGES: MessagesDialect(has_count_tokens=True)}), "m2"
)
ASK = {"model": "chat", "messages": [{"role": "user", "content": "x" * 350}]}


async def test_the_first_target_that_can_count_is_asked() -> None:
    bench = lab(json_reply({"input_tokens": 42}), of=snapshot(route("chat", target(), NATIVE)))
    record = await bench.ask(protocol=MESSAGES, operation="count_tokens")
    assert bench.said == {"input_tokens": 42}
    assert bench.upstream.requests[0].target == b"/v1/messages/count_tokens"
    assert [attempt.provider for attempt in record.attempts] == ["native"]
    assert record.usage is None, "counting is free"
    assert bench.sink.headers.get(b"x-plexus-estimated") is None


async def test_where_none_can_the_estimate_says_that_it_is_one() -> None:
    bench = lab()
    record = await bench.ask(ASK, protocol=MESSAGES, operation="count_tokens")
    assert 100 <= bench.said["input_tokens"] <= 130
    assert bench.sink.headers.get(b"x-plexus-estimated") == b"true"
    assert "tokens_estimated" in record.notes
    assert record.attempts == ()
    assert record.status == 200
    assert bench.upstream.requests == []


async def test_a_body_that_cannot_be_counted_is_the_clients_fault() -> None:
    bench = lab()
    record = await bench.ask({"messages": []}, protocol=MESSAGES, operation="count_tokens")
    assert record.status == 400
    assert bench.said["type"] == "error"
