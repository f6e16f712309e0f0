"""Multipart bodies, and the operations that read them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from plexus.canonical.headers import Headers
from plexus.mock_provider import Status, Stream
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.director import direct
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.operations.form import read_form
from plexus.mock_provider.script import End, Start, Whole, Write
from plexus.mock_provider.stage import Stage
from plexus.mock_provider.steps import Step
from plexus.protocols.sse import split_events

TRANSCRIBE, TRANSLATE, EDIT = "/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits"
SOUND = ("file", b"RIFF" + b"\0" * 48_000, "hello.wav")
PICTURE = ("image", b"\x89PNG\r\n--not-a-boundary\r\n", "cat.png")
Part = tuple[str, bytes, str | None]


def _text(name: str, value: str) -> Part:
    return name, value.encode(), None


def _call(path: str, *parts: Part) -> MockCall:
    body = b""
    for name, data, filename in parts:
        told = f'; filename="{filename}"\r\ncontent-type: application/octet-stream' if filename else ""
        body += f'--xyz\r\ncontent-disposition: form-data; name="{name}"{told}\r\n\r\n'.encode() + data + b"\r\n"
    headers = Headers([(b"content-type", b"multipart/form-data; boundary=xyz")])
    return MockCall(1, "POST", path, "", headers, body + b"--xyz--\r\n")


def _answer(path: str, *parts: Part, step: Step | None = None) -> Whole:
    (whole,) = direct(_call(path, *parts), Stage(issuer="mock"), 0, lambda _model: step)
    assert isinstance(whole, Whole)
    return whole


MODEL = _text("model", "mock-ear")


def test_a_form_is_read_as_it_was_written() -> None:
    form = read_form(_call("/", MODEL, PICTURE, _text("prompt", "ümlaut")), frozenset({"model", "image", "prompt"}))
    assert (form.text("model"), form.text("prompt"), form.text("x")) == ("mock-ear", "ümlaut", None)
    assert [(one.filename, one.data) for one in form.files("image")] == [("cat.png", PICTURE[1])]
    with pytest.raises(Refused, match="Missing required"):
        form.need("x")


def test_the_model_of_a_form_is_known() -> None:
    assert _call(TRANSCRIBE, SOUND, MODEL).model == "mock-ear"
    assert _answer(TRANSCRIBE, SOUND, _text("model", "mock-fault-503")).status == 503


@pytest.mark.parametrize("kind", [b"application/json", b"multipart/form-data"])
def test_what_is_no_form_is_refused(kind: bytes) -> None:
    call = MockCall(1, "POST", TRANSCRIBE, "", Headers([(b"content-type", kind)]), b"{}")
    with pytest.raises(Refused):
        read_form(call, frozenset())


@pytest.mark.parametrize(
    ("path", "parts", "param"),
    [
        (TRANSCRIBE, [SOUND], "model"),
        (TRANSCRIBE, [MODEL], "file"),
        (TRANSCRIBE, [MODEL, ("file", b"", "empty.wav")], "file"),
        (TRANSCRIBE, [MODEL, SOUND, _text("response_format", "pdf")], "response_format"),
        (TRANSCRIBE, [MODEL, SOUND, _text("volume", "11")], "volume"),
        (EDIT, [PICTURE], "prompt"),
        (EDIT, [_text("prompt", "x")], "image"),
        (EDIT, [PICTURE, _text("prompt", "x"), _text("n", "0")], "n"),
    ],
)
def test_refusals(path: str, parts: list[Part], param: str) -> None:
    whole = _answer(path, *parts)
    assert (whole.status, json.loads(whole.body)["error"]["param"]) == (400, param)


@pytest.mark.parametrize("path", [TRANSCRIBE, TRANSLATE])
@pytest.mark.parametrize(
    ("shape", "start"),
    [("text", "This is what"), ("srt", "1\n00:00:00,000 --> 00:00:01,000\nThis"), ("vtt", "WEBVTT\n\n00:00:00.000")],
)
def test_what_is_heard_as_text(path: str, shape: str, start: str) -> None:
    whole = _answer(path, MODEL, SOUND, _text("response_format", shape))
    assert whole.body.decode().startswith(start)
    assert "hello.wav, 48004 bytes" in whole.body.decode()


def test_what_is_heard_as_json() -> None:
    plain = json.loads(_answer(TRANSCRIBE, MODEL, SOUND).body)
    assert plain["usage"]["total_tokens"] == plain["usage"]["input_tokens"] + plain["usage"]["output_tokens"]
    long: dict[str, Any] = json.loads(
        _answer(TRANSCRIBE, MODEL, SOUND, _text("response_format", "verbose_json"), _text("language", "de")).body
    )
    assert (long["text"], long["language"], long["duration"]) == (plain["text"], "de", 1.0)
    english = json.loads(_answer(TRANSLATE, MODEL, SOUND, _text("response_format", "verbose_json")).body)
    assert (english["task"], english["language"]) == ("translate", "english")


@pytest.mark.parametrize("name", ["image", "image[]"])
def test_edits(name: str) -> None:
    pictures: list[Part] = [(name, PICTURE[1], "a.png"), (name, PICTURE[1], "b.png")]
    found = json.loads(_answer(EDIT, *pictures, _text("prompt", "More cat"), _text("n", "2")).body)
    assert len({base64.b64decode(one["b64_json"]) for one in found["data"]}) == 2
    assert found["usage"]["input_tokens_details"]["image_tokens"] == 170


def test_steps_work_here_too() -> None:
    assert _answer(TRANSCRIBE, MODEL, SOUND, step=Status(500)).status == 500


def _events(path: str, *parts: Part, step: Step | None = None) -> list[dict[str, Any]]:
    start, *writes, end = direct(_call(path, *parts), Stage(issuer="mock"), 0, lambda _model: step)
    assert isinstance(start, Start)
    assert dict(start.fields)[b"content-type"].startswith(b"text/event-stream")
    assert isinstance(end, End)
    frames = split_events(b"".join(write.data for write in writes if isinstance(write, Write)))
    found = [json.loads(frame.data) for frame in frames]
    assert [frame.name for frame in frames if frame.name is not None] == [
        one["type"].encode() for one in found if "type" in one
    ]
    return found


def test_what_is_heard_word_by_word() -> None:
    *words, last = _events(TRANSCRIBE, MODEL, SOUND, _text("stream", "true"))
    assert "".join(word["delta"] for word in words) == last["text"]
    assert last["usage"]["type"] == "tokens"


@pytest.mark.parametrize(
    ("path", "model"), [(TRANSLATE, MODEL), (TRANSCRIBE, _text("model", "whisper-1"))], ids=["translation", "whisper"]
)
def test_what_does_not_stream_answers_whole(path: str, model: Part) -> None:
    assert "text" in json.loads(_answer(path, model, SOUND, _text("stream", "true")).body)


def test_a_picture_becomes_clearer() -> None:
    parts = (PICTURE, _text("prompt", "x"), _text("stream", "true"), _text("partial_images", "2"))
    *partial, last = _events(EDIT, *parts)
    assert [one["partial_image_index"] for one in partial] == [0, 1]
    assert len({one["b64_json"] for one in (*partial, last)}) == 3
    assert last["usage"]["output_tokens"] > 0


def test_a_stream_of_pictures_can_fail() -> None:
    parts = (PICTURE, _text("prompt", "x"), _text("stream", "true"), _text("partial_images", "2"))
    *_, error = _events(EDIT, *parts, step=Stream(error_after=1, error=Status(400, message="no")))
    assert error["error"]["message"] == "no"


def test_variations() -> None:
    found = json.loads(_answer("/v1/images/variations", PICTURE, _text("n", "2")).body)
    assert len({one["url"] for one in found["data"]}) == 2
    assert _answer("/v1/images/variations", PICTURE, _text("prompt", "x")).status == 400
