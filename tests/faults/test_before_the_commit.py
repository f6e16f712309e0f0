"""The failure table, row by row, for every pair of client and provider: before anything is said to the client."""

from __future__ import annotations

import pytest
from tests.gateway import CHAT, GEMINI, MESSAGES, PAIRS, RESPONSES, gateway

from plexus.domain.snapshot import Failover

ROWS = [
    # fault, status that the client sees, calls that one target gets, chat type, chat code (None: not looked at), messages type
    ("400", 400, 1, "invalid_request_error", None, "invalid_request_error"),
    ("422", 400, 1, "invalid_request_error", None, "invalid_request_error"),
    ("content-filter", 400, 1, "invalid_request_error", None, "invalid_request_error"),
    ("context-length", 400, 1, "invalid_request_error", "context_length_exceeded", "invalid_request_error"),
    ("401", 502, 1, "server_error", "upstream_auth", "api_error"),
    ("403", 502, 1, "server_error", "upstream_auth", "api_error"),
    ("404-path", 502, 1, "server_error", "upstream_error", "api_error"),
    ("413", 413, 1, "invalid_request_error", "request_too_large", "request_too_large"),
    ("429", 429, 3, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error"),
    ("429-retry-after-long", 429, 1, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error"),
    ("500", 502, 2, "server_error", "upstream_error", "api_error"),
    ("502", 502, 2, "server_error", "upstream_error", "api_error"),
    ("should-not-retry", 502, 1, "server_error", "upstream_error", "api_error"),
    ("redirect", 502, 1, "server_error", "upstream_error", "api_error"),
    ("html", 502, 1, "server_error", "upstream_error", "api_error"),
    ("malformed-json", 502, 2, "server_error", "upstream_error", "api_error"),
    ("error-in-200", 502, 2, "server_error", "upstream_error", "api_error"),
    ("reset", 502, 2, "server_error", "upstream_error", "api_error"),
]


@pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=lambda name: name.rpartition("_")[2])
@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
async def test_what_the_client_sees(
    client: str, upstream: str, row: tuple[str, int, int, str, str | None, str]
) -> None:
    fault, status, calls, chat_type, chat_code, messages_type = row
    async with gateway(upstream, models=(f"mock-fault-{fault}",)) as bench:
        reply = await bench.ask(client)
        body = reply.json()
        assert reply.status_code == status
        assert "upstream-secret" not in reply.text
        assert "127.0.0.1" not in reply.text
        if client == GEMINI:
            assert body["error"]["code"] == status
            assert body["error"]["status"] == GEMINI_WORDS[status]
            assert ("RetryInfo" in reply.text) == (status == 429)
        elif client != MESSAGES:
            assert set(body["error"]) == {"message", "type", "param", "code"}
            assert body["error"]["type"] == chat_type
            assert chat_code is None or body["error"]["code"] == TYPED.get((fault, upstream), chat_code)
        else:
            assert body["type"] == "error"
            assert body["error"]["type"] == messages_type
        assert ("retry-after" in reply.headers) == (status == 429)
        assert len(bench.providers[0].calls) == calls
        record = await bench.record()
        assert record.status == status
        assert record.error is not None
        assert len(record.attempts) == calls


TYPED = {("403", "bedrock_converse"): "upstream_error"}
"""AWS says that the account may not use this model: nothing is wrong with its credential."""

GEMINI_WORDS = {400: "INVALID_ARGUMENT", 413: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 502: "INTERNAL"}

MOVES_ON = [
    "401", "402", "403", "404-model", "404-path", "429", "500", "502", "503", "504", "529",
    "html", "malformed-json", "error-in-200", "reset", "quota",
]  # fmt: skip


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=lambda name: name.rpartition("_")[2])
@pytest.mark.parametrize("fault", MOVES_ON)
async def test_another_target_answers_in_its_place(client: str, upstream: str, fault: str, stream: bool) -> None:
    other = MESSAGES if upstream == CHAT else CHAT
    async with gateway(upstream, other, models=(f"mock-fault-{fault}", "mock-chat")) as bench:
        reply = await bench.ask(client, stream=stream)
        assert reply.status_code == 200
        assert "This" in reply.text
        record = await bench.record()
        assert record.error is None
        assert record.provider == "p1"
        assert record.usage is not None
        assert record.usage.output > 0
        assert record.attempts[0].error is not None
        assert record.attempts[-1].error is None


STARTS = {
    CHAT: '"role":"assistant"',
    RESPONSES: "event: response.created",
    MESSAGES: "event: message_start",
    GEMINI: '"This',
}


async def test_without_failover_the_first_failure_is_the_answer() -> None:
    async with gateway(CHAT, CHAT, models=("mock-fault-500", "mock-chat"), failover=Failover(enabled=False)) as bench:
        assert (await bench.ask(CHAT)).status_code == 502
        assert not bench.providers[1].calls


@pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=lambda name: name.rpartition("_")[2])
@pytest.mark.parametrize("fault", ["error-before-token", "empty-stream", "reset-after-head"])
async def test_a_stream_that_fails_before_its_first_token_moves_on_unseen(
    client: str, upstream: str, fault: str
) -> None:
    async with gateway(upstream, upstream, models=(f"mock-fault-{fault}", "mock-chat")) as bench:
        reply = await bench.ask(client, stream=True)
        assert reply.status_code == 200
        assert '"error":{' not in reply.text
        start = STARTS[client]
        assert reply.text.count(start) == 1
        record = await bench.record()
        assert record.error is None
        assert record.provider == "p1"
