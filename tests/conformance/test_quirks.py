"""Every reported quirk of a Chat provider, through the whole gateway, as the anthropic SDK sees it."""

from __future__ import annotations

import pytest
from anthropic import APIError, AsyncAnthropic
from anthropic.types import MessageParam
from tests.builders import SECRET
from tests.gateway import CHAT, Bench, gateway
from tests.recordings import Recording, recordings

from plexus.mock_provider import Raw

QUIRKS = [recording for recording in recordings("openai.chat") if recording.id.startswith("quirk.")]
ASK: MessageParam = {"role": "user", "content": "What is the weather?"}
FAILING = "quirk.chat.openrouter-error-mid-stream"
ENDING = [recording for recording in QUIRKS if recording.id != FAILING]


def client(bench: Bench) -> AsyncAnthropic:
    return AsyncAnthropic(base_url=bench.url, api_key=SECRET, max_retries=0)


def play(bench: Bench, recording: Recording) -> None:
    """For each attempt: an error that comes before anything went to the client is tried again."""
    assert recording.sse is not None
    bench.providers[0].script(*[Raw(recording.sse, "text/event-stream")] * 5)


@pytest.mark.parametrize("recording", ENDING, ids=repr)
async def test_a_messages_client_gets_a_whole_message(recording: Recording) -> None:
    async with gateway(CHAT) as bench, client(bench) as sdk:
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
        assert (record.lane, record.error) == ("translate", None)


async def test_an_error_is_an_exception_of_the_sdk_and_no_message() -> None:
    (recording,) = [each for each in QUIRKS if each.id == FAILING]
    async with gateway(CHAT) as bench, client(bench) as sdk:
        play(bench, recording)
        with pytest.raises(APIError):
            async with sdk.messages.stream(model="chat", max_tokens=100, messages=[ASK]) as stream:
                await stream.get_final_message()
        assert (await bench.record()).error is not None
