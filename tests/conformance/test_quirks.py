"""Every reported quirk of a provider, through the whole gateway, as the anthropic SDK sees it."""

from __future__ import annotations

import pytest
from anthropic import APIError, AsyncAnthropic
from anthropic.types import MessageParam
from tests.builders import SECRET
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, Bench, gateway
from tests.recordings import ROOT, Recording, recordings

from plexus.mock_provider import Raw

FOLDERS = {
    CHAT: "openai.chat",
    RESPONSES: "openai.responses",
    MESSAGES: "anthropic.messages",
    GEMINI: "gemini.generate",
}
QUIRKS = [
    (upstream, recording)
    for upstream, folder in FOLDERS.items()
    for recording in recordings(folder)
    if recording.id.startswith("quirk.")
]
ASK: MessageParam = {"role": "user", "content": "What is the weather?"}
FAILING = {"quirk.chat.openrouter-error-mid-stream", "quirk.anthropic.error-event-mid-stream"}
ENDING = [(upstream, recording) for upstream, recording in QUIRKS if recording.id not in FAILING]
BROKEN = [(upstream, recording) for upstream, recording in QUIRKS if recording.id in FAILING]


def client(bench: Bench) -> AsyncAnthropic:
    return AsyncAnthropic(base_url=bench.url, api_key=SECRET, max_retries=0)


def play(bench: Bench, recording: Recording) -> None:
    """For each attempt: an error that comes before anything went to the client is tried again."""
    assert recording.sse is not None
    bench.providers[0].script(*[Raw(recording.sse, "text/event-stream")] * 5)


def test_every_quirk_is_played() -> None:
    assert {path.stem for path in (ROOT / "quirks").glob("*.json")} == {recording.id for _, recording in QUIRKS}
    assert {recording.id for _, recording in BROKEN} == FAILING


@pytest.mark.parametrize(("upstream", "recording"), ENDING, ids=[recording.id for _, recording in ENDING])
async def test_a_messages_client_gets_a_whole_message(upstream: str, recording: Recording) -> None:
    async with gateway(upstream) as bench, client(bench) as sdk:
        play(bench, recording)
        async with sdk.messages.stream(model="chat", max_tokens=100, messages=[ASK]) as stream:
            message = await stream.get_final_message()
        used = [block for block in message.content if block.type == "tool_use"]
        text = "".join(block.text for block in message.content if block.type == "text")
        assert message.stop_reason == ("tool_use" if used else "end_turn")
        assert used or text
        assert len({block.id for block in used}) == len(used)
        assert "\N{REPLACEMENT CHARACTER}" not in text
        record = await bench.record()
        assert (record.lane, record.error) == ("pass" if upstream == MESSAGES else "translate", None)


@pytest.mark.parametrize(("upstream", "recording"), BROKEN, ids=[recording.id for _, recording in BROKEN])
async def test_an_error_is_an_exception_of_the_sdk_and_no_message(upstream: str, recording: Recording) -> None:
    async with gateway(upstream) as bench, client(bench) as sdk:
        play(bench, recording)
        with pytest.raises(APIError):
            async with sdk.messages.stream(model="chat", max_tokens=100, messages=[ASK]) as stream:
                await stream.get_final_message()
        assert (await bench.record()).error is not None
