"""The failure table, row by row, for every pair of client and provider: when the client has the beginning of its reply."""

from __future__ import annotations

import pytest
from tests.gateway import CHAT, GEMINI, MESSAGES, PAIRS, RESPONSES, gateway

ENDS = {CHAT: "[DONE]", RESPONSES: "response.completed", MESSAGES: "message_stop", GEMINI: '"finishReason"'}


def frames(text: str) -> list[str]:
    return [frame for frame in text.replace("\r\n", "\n").split("\n\n") if frame]


MID_STREAM = ["cut-mid-stream", "cut-inside-event", "reset-mid-stream", "error-mid-stream", "rate-limit-mid-stream"]


@pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=lambda name: name.rpartition("_")[2])
@pytest.mark.parametrize("fault", MID_STREAM)
async def test_after_the_commit_a_failure_is_the_last_frame(client: str, upstream: str, fault: str) -> None:
    async with gateway(upstream, upstream, models=(f"mock-fault-{fault}", "mock-chat")) as bench:
        reply = await bench.ask(client, stream=True)
        assert reply.status_code == 200
        last = frames(reply.text)[-1]
        assert '"error"' in last
        assert "[DONE]" not in reply.text
        assert "message_stop" not in reply.text
        assert "response.completed" not in reply.text
        assert client != RESPONSES or last.startswith("event: response.failed")
        assert '"finish_reason":"' not in reply.text
        assert '"finishReason"' not in reply.text
        record = await bench.record()
        assert record.error is not None
        assert "partial" in record.notes
        assert not bench.providers[1].calls


@pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=lambda name: name.rpartition("_")[2])
@pytest.mark.parametrize("fault", ["no-done", "no-usage"])
async def test_a_missing_end_or_usage_is_no_failure(client: str, upstream: str, fault: str) -> None:
    if fault == "no-done" and upstream == RESPONSES:
        pytest.skip("its last frame is the only one that says the reply is complete")
    async with gateway(upstream, models=(f"mock-fault-{fault}",)) as bench:
        reply = await bench.ask(client, stream=True)
        assert reply.status_code == 200
        record = await bench.record()
        assert record.error is None
        assert record.usage is not None
        assert ENDS[client] in frames(reply.text)[-1]


@pytest.mark.parametrize(
    ("client", "upstream"), [(CHAT, CHAT), (MESSAGES, CHAT)], ids=lambda name: name.rpartition("_")[2]
)
async def test_a_reply_without_finish_is_complete_and_the_finish_inferred(client: str, upstream: str) -> None:
    async with gateway(upstream, models=("mock-fault-no-finish",)) as bench:
        reply = await bench.ask(client, stream=True)
        record = await bench.record()
        assert (record.error, record.finish) == (None, "stop")
        assert "finish_inferred" in record.notes
        assert ('"finish_reason":"stop"' in reply.text.replace(" ", "")) is False, "no frame is made up for Chat"
        assert ("message_stop" in reply.text) == (client == MESSAGES)
