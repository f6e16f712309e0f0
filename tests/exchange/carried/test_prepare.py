"""What goes upstream for an operation that is carried: every byte but the model's name."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import ScriptedReply, call, json_reply, lab
from tests.exchange.test_call import FORM, form_call

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.domain.provider import Timeouts
from plexus.domain.snapshot import Snapshot
from plexus.exchange.call import Call
from plexus.exchange.pipeline import run
from plexus.upstream.request import UpstreamRequest

BODY = b'{ "prompt":"A cat" , "model":"chat",\n "n": 1 }'
WHOLE = FORM % (b"file", b"\x00\xff" * 10) + FORM % (b"model", b"chat") + b"--b--\r\n"
PICTURES = {"data": [{"url": "x"}]}


async def asked(of: Call, snap: Snapshot | None = None, *script: Any) -> tuple[UpstreamRequest, Any]:
    bench = lab(*(script or (json_reply(PICTURES),)), of=snap)
    await run(of, bench.sink, bench.gateway)
    return bench.upstream.requests[-1], bench.journal.records[-1]


def form(**headers: str) -> Call:
    made = form_call(WHOLE[:30], WHOLE[30:], **headers)

    async def read_piece(limit: int) -> bytes:
        assert made.read_piece is not None
        return await made.read_piece(1000)

    return msgspec.structs.replace(made, read_piece=read_piece)


async def body_of(request: UpstreamRequest) -> bytes:
    assert request.source is not None
    return b"".join([piece async for piece in request.source.pieces()])


def image(**headers: str) -> Call:
    return call(BODY, operation="image", **headers)


async def test_json_keeps_its_bytes() -> None:
    request, record = await asked(image())
    assert request.body == BODY.replace(b'"chat"', b'"m1"')
    assert (request.target, record.lane, request.source) == (b"/v1/images/generations", "edit", None)


async def test_the_same_name_on_both_sides_passes() -> None:
    same = snapshot(route("chat", target(model="chat")))
    request, record = await asked(image(), same)
    assert (request.body, record.lane) == (BODY, "pass")
    request, record = await asked(form(), same)
    assert (await body_of(request), record.lane) == (WHOLE, "pass")


async def test_a_form_keeps_its_bytes_and_its_order() -> None:
    request, record = await asked(form())
    assert await body_of(request) == WHOLE.replace(b"\r\n\r\nchat\r\n", b"\r\n\r\nm1\r\n")
    assert request.source is not None
    assert request.source.length == len(WHOLE) - 2
    assert (record.lane, record.bytes_in) == ("edit", len(WHOLE))


async def test_types_are_the_client_s_own() -> None:
    request, _ = await asked(form(accept="audio/*", openai_beta="x"))
    assert sorted(request.headers) == [
        (b"accept", b"audio/*"),
        (b"content-type", b"multipart/form-data; boundary=b"),
        (b"openai-beta", b"x"),
    ]
    assert b"content-type" not in request.lines
    request, _ = await asked(image(content_type="application/json; charset=utf-8"))
    assert request.headers == [(b"content-type", b"application/json"), (b"accept", b"*/*")]


async def test_what_the_operator_configured_wins() -> None:
    own = provider(headers=((b"accept", b"image/png"),), extra_body={"user": msgspec.Raw(b'"gateway"')})
    request, _ = await asked(image(), snapshot(route("chat", target(own, extra_body=own.extra_body))))
    assert [name for name, _ in request.headers] == [b"content-type"]
    assert b"accept: image/png\r\n" in request.lines
    assert request.body.endswith(b'1 ,"user":"gateway"}')


async def test_a_target_of_another_protocol_is_passed_over() -> None:
    both = snapshot(route("chat", target(provider("one", protocols=("anthropic_messages",))), target(provider("two"))))
    request, record = await asked(image(), both)
    assert (record.provider, record.status) == ("two", 200)
    assert [each.error for each in record.attempts] == [None]
    assert record.reason == "in_order, serves image"
    assert request.target == b"/v1/images/generations"


async def test_a_form_goes_to_the_next_target_too() -> None:
    two = snapshot(route("chat", target(provider("one")), target(provider("two"), "m2")))
    refused = TransportError(ErrorKind.CONNECT_FAILED, "refused")
    request, record = await asked(form(), two, refused, json_reply({"text": "Hi"}))
    assert (record.provider, record.status) == ("two", 200)
    assert b"\r\n\r\nm2\r\n" in await body_of(request)


async def test_a_form_that_has_gone_up_in_part_is_not_tried_again() -> None:
    two = snapshot(route("chat", target(provider("one")), target(provider("two"))), keep_upload_bytes=80)
    long = FORM % (b"model", b"chat") + FORM % (b"file", b"x" * 100)
    asking = form_call(long[:100], long[100:], b"--b--\r\n")

    async def read_piece(limit: int) -> bytes:
        assert asking.read_piece is not None
        return await asking.read_piece(1000)

    bench = lab(ScriptedReply(503, [], [b"{}"]), json_reply({"text": "Hi"}), of=two)
    send = bench.upstream.send

    async def taking(request: UpstreamRequest, **more: Any) -> ScriptedReply:
        assert await body_of(request)
        return await send(request, **more)

    bench.upstream.send = taking  # type: ignore[method-assign]
    await run(msgspec.structs.replace(asking, read_piece=read_piece), bench.sink, bench.gateway)
    (record,) = bench.journal.records
    assert [(each.provider, each.verdict) for each in record.attempts] == [("one", "give_up")]
    assert record.status == 503
    assert record.bytes_in == len(long) + 7


async def test_the_wait_for_a_first_byte_is_that_of_streams() -> None:
    slow = snapshot(route("chat", target(timeouts=Timeouts(first_byte=7.0))))
    request, _ = await asked(call(b'{"model":"chat","prompt":"x","stream":true}', operation="image"), slow)
    assert request.first_byte_timeout == 7.0
    request, _ = await asked(image(), slow)
    assert request.first_byte_timeout is None
