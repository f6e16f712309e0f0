from __future__ import annotations

import pytest
from tests.exchange.parts import call

from plexus.accounting.estimate import IMAGE, estimate_text
from plexus.exchange.call import Question, read_question
from plexus.exchange.carried.estimates import estimate_carried
from plexus.exchange.carried.upload import Upload
from plexus.protocols.multipart import FormScanner


def asked(body: bytes) -> Question:
    return read_question(call(), body)


def uploaded(*parts: bytes) -> Question:
    scanner = FormScanner(b"b", frozenset())
    for part in parts:
        scanner.feed(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n")
    scanner.feed(b"--b--\r\n")

    async def read() -> bytes:
        return b""

    question = asked(b'{"model":"m"}')
    return Question(question.inbound, "m", stream=False, upload=Upload(read, scanner, keep=0, length=None))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"model":"m","input":"Hello, how are you?","voice":"alloy"}', [b"Hello, how are you?"]),
        (b'{"model":"m","input":"Hello","instructions":"Slowly"}', [b"Hello", b"Slowly"]),
        ('{"model":"m","prompt":"Ümläut"}'.encode(), ["Ümläut".encode()]),
        (b'{"model":"m","prompt":7}', []),
        (b'{"model":"m","input":["One","Another one"]}', [b"One", b"Another one"]),
    ],
)
def test_the_words_are_counted_and_what_is_made_of_them_is_not(body: bytes, text: list[bytes]) -> None:
    found = estimate_carried(asked(body), "speech", 100_000)
    assert (found.input, found.output, found.estimated) == (sum(estimate_text(len(one)) for one in text), 0, True)


def test_sound_is_counted_by_its_bytes_and_what_is_heard_by_its_own() -> None:
    question = uploaded(b'name="file"; filename="a"\r\n\r\n' + b"x" * 5000, b'name="prompt"\r\n\r\nHello')
    found = estimate_carried(question, "transcribe", 70)
    assert (found.input, found.output) == (50 + estimate_text(5), estimate_text(70))


def test_pictures_are_full_size() -> None:
    picture = b'name="image[]"; filename="a"\r\n\r\nx'
    found = estimate_carried(uploaded(picture, picture, b'name="prompt"\r\n\r\nCat'), "image_edit", 70)
    assert (found.input, found.output) == (2 * IMAGE + estimate_text(3), 0)


def test_pictures_among_what_is_moderated_count_as_pictures() -> None:
    parts = b'[{"type":"text","text":"Look"},{"type":"image_url","image_url":{"url":"https://x.test/cat.png"}}]'
    found = estimate_carried(asked(b'{"model":"m","input":' + parts + b"}"), "moderate", 100)
    assert (found.input, found.output) == (estimate_text(4) + IMAGE, 0)
