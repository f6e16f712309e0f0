"""Uploads through a whole gateway: every byte arrives, memory stays bounded, and whoever leaves is noticed."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.client_api.test_port import Line, ask
from tests.gateway import CHAT, Bench, gateway

from plexus.http1.body import BodyIncomplete
from plexus.http1.server import Incoming, Server
from plexus.mock_provider import Reset, Status, Stream

PATH = "/v1/audio/transcriptions"
KIND = "content-type: multipart/form-data; boundary=b"


def part(name: str, value: bytes, filename: str | None = None) -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"


MODEL = part("model", b"chat")
SOUND = part("file", bytes(range(256)) * 40, "a.wav")
END = b"--b--\r\n"
ORDERS = {
    "model first": MODEL + SOUND + END,
    "model last": b"Hello\r\n" + SOUND + part("response_format", b"json") + MODEL + END + b"Bye",
}


def upstream(body: bytes) -> bytes:
    return body.replace(b"\r\n\r\nchat\r\n", b"\r\n\r\nmock-chat\r\n")


@pytest.mark.parametrize("body", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("chunked", [False, True])
async def test_every_byte_but_the_model_arrives(body: bytes, chunked: bool) -> None:
    async with gateway(CHAT) as bench:
        line = await Line.open(bench)
        if chunked:
            line.writer.write(ask(KIND, "transfer-encoding: chunked", body=b"", length=-1, path=PATH))
            for start in range(0, len(body), 999):
                piece = body[start : start + 999]
                line.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            line.writer.write(b"0\r\n\r\n")
        else:
            line.writer.write(ask(KIND, body=body, path=PATH))
        status, fields, _ = await line.reply()
        assert (status, fields["x-plexus-target"]) == (200, "p0/mock-chat")
        (call,) = bench.providers[0].calls
        assert call.body == upstream(body)
        assert call.headers.get(b"content-length") == b"%d" % len(call.body)
        assert (await bench.record()).bytes_in == len(body)
        line.close()


async def test_a_compressed_form_is_read_too() -> None:
    async with gateway(CHAT) as bench:
        line = await Line.open(bench)
        line.writer.write(
            ask(KIND, "content-encoding: gzip", body=gzip.compress(ORDERS["model last"], mtime=0), path=PATH)
        )
        assert (await line.reply())[0] == 200
        (call,) = bench.providers[0].calls
        assert call.body == upstream(ORDERS["model last"])
        assert call.headers.get(b"content-encoding") is None
        line.close()


async def test_the_next_target_gets_the_same_form() -> None:
    async with gateway(CHAT, CHAT, models=("m1", "m2")) as bench:
        bench.providers[0].script(Reset(), Status(503))
        line = await Line.open(bench)
        line.writer.write(ask(KIND, body=ORDERS["model last"], path=PATH))
        assert (await line.reply())[0] == 200
        (call,) = bench.providers[1].calls
        assert call.body == upstream(ORDERS["model last"]).replace(b"mock-chat", b"m2")
        record = await bench.record()
        assert [each.provider for each in record.attempts] == ["p0", "p0", "p1"]
        line.close()


REFUSALS = [
    (END, 400, "model"),
    (SOUND + END, 400, "model"),
    (MODEL + SOUND + MODEL + END, 400, "twice"),
    (MODEL + SOUND, 400, "ends before"),
    (b"{}", 400, "multipart/form-data"),
    (MODEL + part("file", b"x" * 70_000) + END, 413, "larger than"),
]


@pytest.mark.parametrize(("body", "status", "says"), REFUSALS)
async def test_a_bad_form_costs_nothing(body: bytes, status: int, says: str) -> None:
    async with gateway(CHAT, max_body_bytes=65_536) as bench:
        line = await Line.open(bench)
        line.writer.write(ask(KIND, body=body, path=PATH))
        found, _, reply = await line.reply()
        error = json.loads(reply)["error"]
        assert (found, error["type"]) == (status, "invalid_request_error")
        assert says in error["message"]
        assert not bench.providers[0].calls
        line.close()


async def test_a_form_without_a_boundary_is_refused() -> None:
    async with gateway(CHAT) as bench:
        line = await Line.open(bench)
        line.writer.write(ask("content-type: multipart/form-data", body=ORDERS["model first"], path=PATH))
        assert (await line.reply())[0] == 400
        line.close()


async def test_json_where_a_form_was_due_is_the_provider_s_to_refuse() -> None:
    async with gateway(CHAT) as bench:
        reply = await bench.client.post("/v1/images/edits", json={"model": "chat", "prompt": "x"})
        assert (reply.status_code, bench.providers[0].calls[0].json["model"]) == (400, "mock-chat")


@asynccontextmanager
async def devourer() -> AsyncIterator[tuple[Server, list[int], asyncio.Event]]:
    """A provider that takes uploads and keeps nothing: how many bytes each call had, and when one was cut."""
    sizes: list[int] = []
    cut = asyncio.Event()

    async def handle(incoming: Incoming) -> None:
        sizes.append(0)
        try:
            while piece := await incoming.chunk():
                sizes[-1] += len(piece)
        except BodyIncomplete:
            cut.set()
            raise
        incoming.respond(200, [(b"content-type", b"application/json")], b'{"text":"Hi"}')

    server = Server(handle)
    await server.start(host="127.0.0.1", port=0)
    try:
        yield server, sizes, cut
    finally:
        await server.drain(1.0)


async def send_big(bench: Bench, size: int) -> Line:
    """The beginning of an upload of ``size`` bytes of sound, all sent but the end of the form."""
    line = await Line.open(bench)
    opening = MODEL + part("file", b"", "a.wav").removesuffix(b"\r\n")
    line.writer.write(ask(KIND, body=opening, length=len(opening) + size + len(b"\r\n" + END), path=PATH))
    piece = bytes(64 * 1024)
    for _ in range(size // len(piece)):
        line.writer.write(piece)
        await line.writer.drain()
    return line


@pytest.mark.parametrize("keep", [2 << 20, 1 << 30])
async def test_a_big_upload_is_never_in_memory_twice(keep: int) -> None:
    """Counted in allocated bytes, over client, gateway and provider in this one process."""
    size = 24 << 20
    async with devourer() as (server, sizes, _), gateway(CHAT, ports={0: server.port}, keep_upload_bytes=keep) as bench:
        warm = await send_big(bench, 1 << 20)
        warm.writer.write(b"\r\n" + END)
        await warm.reply()
        tracemalloc.start()
        try:
            line = await send_big(bench, size)
            line.writer.write(b"\r\n" + END)
            assert (await line.reply())[0] == 200
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert sizes[-1] == len(MODEL + SOUND + END) - 256 * 40 + size + len("mock-")
        assert peak < min(keep, size) + (6 << 20)
        warm.close()
        line.close()


async def test_a_client_that_leaves_in_the_middle_takes_the_provider_s_call_with_it() -> None:
    async with (
        devourer() as (server, sizes, cut),
        gateway(CHAT, ports={0: server.port}, keep_upload_bytes=65_536) as bench,
    ):
        line = await send_big(bench, 1 << 20)
        while not sizes or not sizes[-1]:
            await asyncio.sleep(0)
        line.close()
        await cut.wait()
        record = await bench.record()
        assert (record.status, record.error) == (499, "client_gone")
        assert record.usage is None, "the provider never had the whole of it"


async def test_a_sound_that_is_cut_breaks_the_connection() -> None:
    async with gateway(CHAT) as bench:
        bench.providers[0].script(Stream(cut_after=1))
        line = await Line.open(bench)
        body = b'{"model":"chat","voice":"alloy","input":"Hello there, how are you?","response_format":"wav"}'
        line.writer.write(ask("content-type: application/json", body=body, path="/v1/audio/speech"))
        head = await line.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        got = await line.reader.read()
        assert 0 < len(got) < length, "an end before its time, and no words of ours among the samples"
        record = await bench.record()
        assert (record.status, record.error, "partial" in record.notes) == (200, "upstream_cut", True)
        assert b"error" not in got
        line.close()


async def test_a_slow_listener_holds_the_provider_back() -> None:
    """A sound without end: what has been read of it stays within what the sockets and buffers hold."""
    written = 0
    stopped = asyncio.Event()

    async def handle(incoming: Incoming) -> None:
        nonlocal written
        await incoming.body(1 << 20)
        incoming.start(200, [(b"content-type", b"audio/pcm")])
        try:
            while True:
                incoming.write(bytes(65_536))
                written += 65_536
                while incoming.full:
                    room = asyncio.Event()
                    incoming.when_writable(room.set)
                    await room.wait()
                await asyncio.sleep(0)
        finally:
            stopped.set()

    server = Server(handle)
    await server.start(host="127.0.0.1", port=0)
    async with gateway(CHAT, ports={0: server.port}) as bench:
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.server.port, limit=65_536)
        body = b'{"model":"chat","voice":"alloy","input":"Hello"}'
        writer.write(ask("content-type: application/json", body=body, path="/v1/audio/speech"))
        await reader.readuntil(b"\r\n\r\n")
        before = -1
        while before != written:
            before = written
            for _ in range(200):
                await asyncio.sleep(0)
        assert written < 64 << 20
        writer.close()
        await stopped.wait()
    await server.drain(1.0)
