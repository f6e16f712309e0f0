from __future__ import annotations

import msgspec
import pytest
from tests.exchange.parts import call

from plexus.canonical.errors import ClientError
from plexus.exchange.call import Call, has_form, read_form, read_question


def test_what_routing_needs_is_read_and_the_bytes_stay() -> None:
    body = b'{ "stream" : true, "model": "m", "x": [1,2] }'
    question = read_question(call(), body)
    assert (question.model, question.stream) == ("m", True)
    assert question.body is body


@pytest.mark.parametrize("body", [b'{"model":"m"}', b'{"model":"m","stream":false}', b'{"model":"m","stream":null}'])
def test_no_stream_unless_asked_for(body: bytes) -> None:
    assert not read_question(call(), body).stream


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{}", '"model" is missing'),
        (b'{"model":""}', '"model" is missing'),
        (b'{"model":null}', '"model" is missing'),
        (b'{"model":5}', "model: Expected"),
        (b'{"model":"m","stream":"yes"}', "stream: Expected"),
        (b"[]", "must be a JSON object"),
        (b"", "not valid JSON"),
        (b'{"model":"a","model":"b"}', "more than once"),
    ],
)
def test_a_body_that_cannot_be_routed_says_why(body: bytes, says: str) -> None:
    with pytest.raises(ClientError, match=says):
        read_question(call(), body)


FORM = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


def form_call(*pieces: bytes, **headers: str) -> Call:
    waiting = list(pieces)

    async def read_piece(limit: int) -> bytes:
        assert limit == 1000
        return waiting.pop(0) if waiting else b""

    plain = call(operation="transcribe", content_type="multipart/form-data; boundary=b", **headers)
    return msgspec.structs.replace(plain, read_piece=read_piece)


async def test_a_form_names_its_model_and_its_wish() -> None:
    asked = form_call(FORM % (b"stream", b"true"), FORM % (b"model", b"m"), b"--b--\r\n")
    assert has_form(asked)
    question = await read_form(asked, 1000, 1000)
    assert (question.model, question.stream, question.body) == ("m", True, b"")
    assert question.upload is not None
    assert question.upload.complete
    assert question.size == question.upload.size == len(FORM % (b"stream", b"true") + FORM % (b"model", b"m")) + 7


@pytest.mark.parametrize(("wish", "stream"), [(b"false", False), (b"True", True), (b"", False)])
async def test_a_form_streams_when_it_says_so(wish: bytes, stream: bool) -> None:
    asked = form_call(FORM % (b"model", b"m") + FORM % (b"stream", wish) + b"--b--\r\n")
    assert (await read_form(asked, 1000, 1000)).stream is stream


@pytest.mark.parametrize(
    ("pieces", "keep", "says"),
    [
        ([FORM % (b"file", b"x"), b"--b--"], 1000, '"model" is missing'),
        ([FORM % (b"model", b""), b"--b--"], 1000, '"model" is missing'),
        ([FORM % (b"file", b"x" * 100), FORM % (b"model", b"m"), b"--b--"], 50, "must come before the file"),
        ([b"{}"], 1000, "no multipart/form-data"),
    ],
)
async def test_a_form_that_cannot_be_routed_says_why(pieces: list[bytes], keep: int, says: str) -> None:
    with pytest.raises(ClientError, match=says):
        await read_form(form_call(*pieces), 1000, keep)


@pytest.mark.parametrize(("headers", "length"), [({}, 500), ({"content_encoding": "gzip"}, None)])
async def test_a_long_form_is_as_long_as_its_head_says(headers: dict[str, str], length: int | None) -> None:
    asked = form_call(FORM % (b"model", b"m"), FORM % (b"file", b"x" * 100), b"--b--", content_length="500", **headers)
    question = await read_form(asked, 1000, 80)
    assert question.upload is not None
    assert question.upload.length == length


def test_other_bodies_and_other_operations_are_no_forms() -> None:
    assert not has_form(call(operation="transcribe", content_type="application/json"))
    assert not has_form(call(content_type="multipart/form-data; boundary=b"))
