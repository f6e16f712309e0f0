"""Speech, transcriptions and translations as OpenAI answers them. Speech is a tone; what is heard is the file's name."""

from __future__ import annotations

import base64
import io
import math
import re
import struct
import wave
from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.frame import Frame
from plexus.mock_provider.operations.form import Field, missing, read_form
from plexus.mock_provider.operations.reading import read_openai
from plexus.mock_provider.stage import Desk
from plexus.mock_provider.tokens import count

Answer = Json | tuple[str, bytes] | list[Frame]
TYPES: Final = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
FORMATS: Final = ("json", "text", "srt", "verbose_json", "vtt")
_RATE, _TONE, _PER_WORD = 24_000, 440, 0.05
_KNOWN: Final = frozenset(
    {
        "chunking_strategy",
        "file",
        "include",
        "language",
        "model",
        "prompt",
        "response_format",
        "stream",
        "temperature",
        "timestamp_granularities",
    }
)


class Speech(Struct, forbid_unknown_fields=True):
    """The body of ``/v1/audio/speech``."""

    model: Annotated[str, Meta(min_length=1)]
    input: Annotated[str, Meta(min_length=1, max_length=4096)]
    voice: str | Json
    instructions: str | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Meta(ge=0.25, le=4)] = 1.0
    stream_format: Literal["audio", "sse"] | None = None


_SPEECH = msgspec.json.Decoder(Speech)


def speak(desk: Desk) -> Callable[[], Answer]:
    """``POST /v1/audio/speech``: a tone whose length follows from the text. ``wav`` and ``pcm`` are what they say; the
    packed formats have the right content type, and the same samples inside."""
    request = read_openai(_SPEECH, desk.call.body)
    if request.stream_format == "sse" and request.model.startswith("tts-1"):
        raise Refused("stream_format 'sse' is not supported by this model.", param="stream_format")
    samples = tone(request.input, request.speed)
    body = samples if request.response_format == "pcm" else _wav(samples)
    if request.stream_format == "sse":
        return lambda: _spoken(desk, body, request.input)
    return lambda: (TYPES[request.response_format], body)


def _spoken(desk: Desk, body: bytes, text: str) -> list[Frame]:
    """The sound in two events, and what it took."""
    half, name, end = len(body) // 2, "speech.audio.delta", "speech.audio.done"
    frames = [
        Frame("delta", {"type": name, "audio": base64.b64encode(piece).decode()}, name)
        for piece in (body[:half], body[half:])
    ]
    given, made = desk.input_tokens(count(text)), len(body) // _RATE + 1
    usage = {"input_tokens": given, "output_tokens": made, "total_tokens": given + made}
    return [*frames, Frame("finish", {"type": end, "usage": usage}, end)]


def tone(text: str, speed: float = 1.0) -> bytes:
    """16-bit samples, a twentieth of a second for each token."""
    size = int(_RATE * _PER_WORD * count(text) / speed)
    step = 2 * math.pi * _TONE / _RATE
    return struct.pack(f"<{size}h", *(int(8000 * math.sin(step * index)) for index in range(size)))


def _wav(samples: bytes) -> bytes:
    body = io.BytesIO()
    with wave.open(body, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples)
    return body.getvalue()


def transcribe(desk: Desk) -> Callable[[], Answer]:
    """``POST /v1/audio/transcriptions``."""
    return _hear(desk, "transcribe")


def translate(desk: Desk) -> Callable[[], Answer]:
    """``POST /v1/audio/translations``."""
    return _hear(desk, "translate")


def _hear(desk: Desk, task: str) -> Callable[[], Answer]:
    form = read_form(desk.call, _KNOWN)
    form.need("model")
    files = form.files("file")
    if not files:
        raise missing("file")
    shape = form.choice("response_format", FORMATS)
    streams = form.text("stream") == "true" and task == "transcribe" and not form.need("model").startswith("whisper")
    (file, *_) = files
    if not file.data:
        raise Refused("Audio file is empty.", param="file", code="invalid_value")
    language = form.text("language") or "english"
    return lambda: _streamed(desk, file) if streams else _heard(desk, file, shape, task, language)


def _streamed(desk: Desk, file: Field) -> list[Frame]:
    """What is heard, word by word. Whisper takes no notice of the wish (OpenAI's API reference)."""
    heard = _heard(desk, file, "json", "transcribe", "")
    assert isinstance(heard, dict)
    name, end = "transcript.text.delta", "transcript.text.done"
    words = re.findall(r"\S+\s*", str(heard["text"]))
    frames = [Frame("delta", {"type": name, "delta": word}, name) for word in words]
    return [*frames, Frame("finish", {"type": end, **heard}, end)]


def _heard(desk: Desk, file: Field, shape: str, task: str, language: str) -> Answer:
    text = f"This is what the mock provider hears in {file.filename}, {len(file.data)} bytes."
    seconds = round(max(0.1, len(file.data) / (2 * _RATE)), 3)
    if shape == "text":
        return "text/plain; charset=utf-8", f"{text}\n".encode()
    if shape in ("srt", "vtt"):
        mark = "," if shape == "srt" else "."
        span = f"00:00:00{mark}000 --> {_clock(seconds, mark)}\n{text}\n"
        return "text/plain; charset=utf-8", (f"1\n{span}\n" if shape == "srt" else f"WEBVTT\n\n{span}\n").encode()
    if shape == "json":
        tokens = desk.input_tokens(math.ceil(seconds * 10))
        output = count(text)
        usage = {
            "type": "tokens",
            "input_tokens": tokens,
            "input_token_details": {"text_tokens": 0, "audio_tokens": tokens},
            "output_tokens": output,
            "total_tokens": tokens + output,
        }
        return {"text": text, "usage": usage}
    segment: Json = {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": seconds,
        "text": text,
        "tokens": [1],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.0,
        "no_speech_prob": 0.0,
    }
    return {
        "task": task,
        "language": "english" if task == "translate" else language,
        "duration": seconds,
        "text": text,
        "segments": [segment],
        "usage": {"type": "duration", "seconds": math.ceil(seconds)},
    }


def _clock(seconds: float, mark: str) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{round((seconds - whole) * 1000):03}"
