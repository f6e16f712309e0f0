"""The official openai SDK's images and audio against the gateway."""

from __future__ import annotations

import base64
import io
import wave
from typing import Any

import openai
import pytest
from tests.gateway import CHAT, MESSAGES, gateway
from tests.sdk.material import png
from tests.sdk.test_openai import sdk

from plexus.mock_provider import Raw, Status, Stream

PICTURE = ("cat.png", base64.b64decode(png()), "image/png")
SOUND = ('say "hi" 🎵.wav', b"RIFF" + b"\0" * 48_000, "audio/wav")


async def test_images_are_made() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        reply = await client.images.generate(model="chat", prompt="A cat", n=2)
        assert reply.data is not None
        assert [base64.b64decode(one.b64_json or "")[:4] for one in reply.data] == [b"\x89PNG"] * 2
        assert reply.usage is not None
        record = await bench.record()
        assert record.usage is not None
        assert (record.operation, record.lane, record.stream) == ("image", "edit", False)
        assert (record.usage.input, record.usage.image_output) == (reply.usage.input_tokens, reply.usage.output_tokens)
        assert bench.providers[0].calls[0].json == {"model": "mock-chat", "prompt": "A cat", "n": 2}


async def test_images_come_in_parts() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        stream = await client.images.generate(model="chat", prompt="A cat", stream=True, partial_images=2)
        events: list[Any] = [event async for event in stream]
        assert [event.type.partition(".")[2] for event in events] == ["partial_image", "partial_image", "completed"]
        record = await bench.record()
        assert record.usage is not None
        assert (record.stream, record.usage.output) == (True, events[-1].usage.output_tokens)
        assert record.first_token_us is not None


async def test_an_error_in_the_stream_is_raised() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        bench.providers[0].script(Stream(stall_after=1, error_after=2, error=Status(400, message="Not this one")))
        stream = await client.images.generate(model="chat", prompt="A cat", stream=True, partial_images=2)
        await anext(stream)
        bench.providers[0].release()
        with pytest.raises(openai.APIError, match="Not this one"):
            [event async for event in stream]
        record = await bench.record()
        assert (record.error, record.notes) == ("bad_request", ("partial", "tokens_estimated"))


async def test_images_are_edited_and_varied() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        reply = await client.images.edit(model="chat", prompt="More", image=[PICTURE, PICTURE], mask=PICTURE)
        assert reply.usage is not None
        assert reply.usage.input_tokens_details.image_tokens > 0
        await bench.record()
        with pytest.warns(DeprecationWarning, match="deprecated"):
            again = await client.images.create_variation(model="chat", image=PICTURE)
        assert again.data is not None
        assert (again.data[0].url or "").startswith("data:image/png")
        edit, variation = bench.providers[0].calls
        assert (edit.path, edit.model) == ("/v1/images/edits", "mock-chat")
        assert (variation.path, variation.model) == ("/v1/images/variations", "mock-chat")
        assert edit.refused is variation.refused is None


async def test_an_edit_streams() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        stream = await client.images.edit(model="chat", prompt="More", image=PICTURE, stream=True, partial_images=1)
        events: list[Any] = [event async for event in stream]
        assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]
        assert (await bench.record()).stream


@pytest.mark.parametrize(("shape", "kind"), [("wav", "audio/wav"), ("mp3", "audio/mpeg"), ("pcm", "audio/pcm")])
async def test_speech_passes_as_it_comes(shape: Any, kind: str) -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        asked = client.audio.speech.with_streaming_response.create(
            model="chat", voice="alloy", input="Hello there", response_format=shape
        )
        async with asked as reply:
            sound = b"".join([piece async for piece in reply.iter_bytes()])
            assert reply.headers["content-type"] == kind
            assert reply.headers["x-plexus-target"] == "p0/mock-chat"
        if shape == "wav":
            with wave.open(io.BytesIO(sound)) as file:
                assert file.getnframes() > 1000
        record = await bench.record()
        assert record.usage is not None
        assert (record.operation, record.bytes_out, record.status) == ("speech", len(sound), 200)
        assert record.usage.input > 0
        assert record.usage.estimated, "a sound says no usage"
        assert record.notes == ("tokens_estimated",)


async def test_speech_in_events_says_its_usage() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        asked = client.audio.speech.with_streaming_response.create(
            model="chat", voice="alloy", input="Hello there", stream_format="sse"
        )
        async with asked as reply:
            lines = [line async for line in reply.iter_lines()]
        assert sum(line.startswith("event: speech.audio.delta") for line in lines) == 2
        record = await bench.record()
        assert record.usage is not None
        assert (record.stream, record.usage.estimated) == (True, False)
        assert record.usage.audio_output == record.usage.output > 0


@pytest.mark.parametrize("shape", ["json", "verbose_json", "text", "srt", "vtt"])
async def test_transcriptions_in_every_form(shape: Any) -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        reply: Any = await client.audio.transcriptions.create(model="chat", file=SOUND, response_format=shape)
        text = reply if isinstance(reply, str) else reply.text
        assert "48004 bytes" in text
        record = await bench.record()
        assert record.usage is not None
        assert record.usage.estimated is (shape in ("text", "srt", "vtt"))
        assert record.usage.input > 0 or "seconds" in (record.attempts[0].usage or record.usage).raw  # type: ignore[operator]
        assert record.bytes_in > 48_000
        (call,) = bench.providers[0].calls
        assert b'filename="say %22hi%22 ' in call.body or b'filename="say \\"hi\\" ' in call.body


async def test_a_transcription_streams() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        stream = await client.audio.transcriptions.create(model="chat", file=SOUND, stream=True)
        events: list[Any] = [event async for event in stream]
        assert {event.type for event in events[:-1]} == {"transcript.text.delta"}
        assert "".join(event.delta for event in events[:-1]) == events[-1].text
        record = await bench.record()
        assert record.usage is not None
        assert (record.stream, record.usage.audio_input) == (True, events[-1].usage.input_tokens)


async def test_a_model_that_does_not_stream_answers_whole() -> None:
    """ "For Whisper, the stream parameter is ignored" (OpenAI's API reference)."""
    async with gateway(CHAT, models=("whisper-1",)) as bench, sdk(bench) as client:
        asked = client.audio.transcriptions.with_raw_response.create(model="chat", file=SOUND, stream=True)
        reply = await asked
        assert reply.headers["content-type"] == "application/json"
        assert not (await bench.record()).stream


async def test_translations() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        with pytest.warns(DeprecationWarning, match="deprecated"):
            reply: Any = await client.audio.translations.create(
                model="chat", file=SOUND, response_format="verbose_json"
            )
        assert reply.language == "english"
        assert (await bench.record()).operation == "translate_speech"


async def test_errors_are_openai_s() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        bench.providers[0].script(Status(400, message="Not that", param="voice", error_code="bad_voice"))
        with pytest.raises(openai.BadRequestError) as refused:
            await client.audio.speech.create(model="chat", voice="alloy", input="Hello")
        assert (refused.value.param, refused.value.code) == ("voice", "bad_voice")
        with pytest.raises(openai.NotFoundError):
            await client.images.generate(model="nobody", prompt="x")
        with pytest.raises(openai.BadRequestError, match="model"):
            await client.audio.transcriptions.create(model="", file=SOUND)


async def test_what_only_another_protocol_serves_is_refused_with_the_reason() -> None:
    async with gateway(MESSAGES) as bench, sdk(bench) as client:
        with pytest.raises(openai.APIStatusError, match="serves the operation 'speech'"):
            await client.audio.speech.create(model="chat", voice="alloy", input="Hello")
        assert bench.providers[0].calls == type(bench.providers[0].calls)(maxlen=bench.providers[0].calls.maxlen)


async def test_text_under_a_wrong_name_is_text() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        bench.providers[0].script(Raw(b"Hello there.\n", content_type="text/html; charset=utf-8"))
        reply: Any = await client.audio.transcriptions.create(model="chat", file=SOUND, response_format="text")
        assert reply == "Hello there.\n"


async def test_nothing_is_delivered_as_nothing_when_nobody_says_more() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        bench.providers[0].script(*[Raw(b"", content_type="text/plain")] * 2)
        asked = client.audio.transcriptions.with_raw_response.create(model="chat", file=SOUND, response_format="text")
        reply = await asked
        assert (reply.headers["content-type"], reply.text) == ("text/plain", "")
        record = await bench.record()
        assert [each.error for each in record.attempts] == ["upstream_empty", "upstream_empty"]


async def test_a_page_is_never_shown() -> None:
    async with gateway(CHAT) as bench, sdk(bench) as client:
        bench.providers[0].script(Raw(b"<html>Sign in</html>", content_type="text/html"))
        with pytest.raises(openai.InternalServerError) as failed:
            await client.audio.speech.create(model="chat", voice="alloy", input="Hello")
        assert "Sign in" not in str(failed.value)
        assert (await bench.record()).error == "upstream_foreign"
