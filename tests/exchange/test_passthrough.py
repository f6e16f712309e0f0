"""Raw calls through a whole gateway: byte for byte, with another secret, and on record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.builders import SECRET, key
from tests.client_api.test_port import Line
from tests.gateway import CHAT, GEMINI, MESSAGES, Bench, gateway, question
from tests.upstream.servers import Server, close, serving

from plexus.mock_provider import Status

OPEN: dict[str, Any] = {"keys": (key(passthrough=True),)}
DOORS: dict[str, Any] = {"account": {"passthrough": ()}}


@asynccontextmanager
async def opened(*answers: Any, **members: Any) -> AsyncIterator[tuple[Bench, Server]]:
    """A gateway whose provider ``p0`` is open, and answers with given bytes."""
    async with (
        serving(*answers) as server,
        gateway(CHAT, ports={0: server.origin.port}, **{**OPEN, **DOORS, **members}) as bench,
    ):
        yield bench, server


async def send(bench: Bench, head: str, *fields: str, body: bytes = b"", secret: str = SECRET) -> Line:
    line = await Line.open(bench)
    lines = [f"{head} HTTP/1.1", "host: gateway", f"authorization: Bearer {secret}", *fields]
    line.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    return line


BODY = b'{ "model" : "m-7","odd":\t1 }\n'


async def test_every_byte_goes_up_with_another_secret() -> None:
    answer = b"HTTP/1.1 201 Created\r\nX-Odd:  yes\r\nContent-Length: 6\r\nx-request-id: theirs\r\n\r\n\x00\xff{}\r\n"
    async with opened(answer) as (bench, server):
        line = await send(
            bench, "PUT /raw/p0/v1/things/a%20b?x=1&key=gone&y=%7E", "Content-Type: application/json", "X-Odd: Yes",
            "cookie: a=b", f"content-length: {len(BODY)}", body=BODY,
        )  # fmt: skip
        status, fields, body = await line.reply()
        assert (status, body) == (201, b"\x00\xff{}\r\n")
        assert (fields["X-Odd"], fields["x-upstream-request-id"]) == ("yes", "theirs")
        (sent,) = server.requests
        head, _, above = sent.partition(b"\r\n\r\n")
        assert above == BODY
        assert head.startswith(b"PUT /v1/things/a%20b?x=1&y=%7E HTTP/1.1\r\n")
        assert b"authorization: Bearer upstream-secret\r\n" in head
        assert b"\r\nContent-Type: application/json\r\nX-Odd: Yes" in head
        assert SECRET.encode() not in sent
        assert b"cookie" not in head
        record = await bench.record()
        assert fields["x-request-id"] == record.id
        assert (record.operation, record.model, record.target_model, record.lane) == ("raw", "raw/p0", "m-7", "pass")
        assert (record.status, record.bytes_in, record.bytes_out) == (201, len(BODY), 6)
        assert (record.reason, record.error, record.usage) == ("PUT /v1/things/a%20b", None, None)
        assert [each.upstream_request_id for each in record.attempts] == ["theirs"]
        line.close()


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "OPTIONS", "PATCH"])
async def test_any_method(method: str) -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" + (b"" if method == "HEAD" else b"hi")
    async with opened(answer) as (bench, server):
        reply = await bench.client.request(method, "/raw/p0/v1/models")
        assert (reply.status_code, reply.content) == (200, b"" if method == "HEAD" else b"hi")
        assert reply.headers["content-length"] == "2"
        assert server.requests[0].startswith(method.encode() + b" /v1/models HTTP/1.1\r\n")


async def test_trace_would_tell_the_credential() -> None:
    async with opened(b"") as (bench, server):
        reply = await bench.client.request("TRACE", "/raw/p0/v1/models")
        assert reply.status_code == 405
        assert server.requests == []


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Internal Server Error", "429 Too Many Requests"])
async def test_no_reply_is_followed_or_tried_again(status: str) -> None:
    answer = f"HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/x\r\ncontent-length: 2\r\n\r\nno".encode()
    async with opened(answer) as (bench, server):
        reply = await bench.client.post("/raw/p0/v1/x", content=b"hello", follow_redirects=False)
        assert (reply.status_code, reply.content) == (int(status[:3]), b"no")
        assert reply.headers["location"] == "http://127.0.0.1:1/x"
        assert len(server.requests) == 1
        record = await bench.record()
        assert (record.status, record.attempts[0].status) == (int(status[:3]), int(status[:3]))


async def test_a_compressed_reply_stays_compressed() -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\nzip"
    )
    async with opened(answer) as (bench, _):
        line = await send(bench, "GET /raw/p0/v1/x")
        status, fields, body = await line.reply()
        assert (status, fields["content-encoding"], body) == (200, "gzip", b"zip")
        line.close()


async def test_both_ways_stream() -> None:
    """The provider answers each piece before the next one is sent."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while size := int(await reader.readline(), 16):
            piece = await reader.readexactly(size + 2)
            writer.write(b"%x\r\n%b" % (size, piece))
        await reader.readline()
        writer.write(b"0\r\n\r\n")

    async with opened(echo) as (bench, _):
        line = await send(bench, "POST /raw/p0/v1/x", "transfer-encoding: chunked")
        await line.reader.readuntil(b"\r\n\r\n")
        for word in (b"one", b"twice"):
            line.writer.write(b"%x\r\n%b\r\n" % (len(word), word))
            assert await line.reader.readuntil(b"\r\n") == b"%x\r\n" % len(word)
            assert await line.reader.readexactly(len(word) + 2) == word + b"\r\n"
        line.writer.write(b"0\r\n\r\n")
        assert await line.reader.readuntil(b"0\r\n\r\n") == b"0\r\n\r\n"
        record = await bench.record()
        assert (record.bytes_in, record.bytes_out) == (8, 8)
        line.close()


@pytest.mark.parametrize("protocol", [CHAT, MESSAGES, GEMINI])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_known_reply_is_metered(protocol: str, stream: bool) -> None:
    async with gateway(protocol, models=("mock-chat",), **OPEN, **DOORS) as bench:
        path, body = question(protocol, stream=stream)
        if "model" in body:
            body["model"] = "mock-chat"
        if protocol == CHAT and stream:
            body["stream_options"] = {"include_usage": True}
        headers = {"anthropic-version": "2023-06-01"} if protocol == MESSAGES else {}
        raw = await bench.client.post(f"/raw/p0{path.replace('/chat:', '/mock-chat:')}", json=body, headers=headers)
        assert raw.status_code == 200

        record = await bench.record()
        assert record.usage is not None
        assert record.usage.input > 0 < record.usage.output
        assert record.bytes_out == len(raw.content)
        assert (record.protocol, record.target_model, record.finish) == (protocol, "mock-chat", "stop")


async def test_errors_of_the_provider_are_its_own() -> None:
    async with gateway(MESSAGES, **OPEN, **DOORS) as bench:
        bench.providers[0].script(Status(529))
        reply = await bench.client.post("/raw/p0/v1/messages", json=question(MESSAGES)[1])
        assert (reply.status_code, reply.json()["type"]) == (529, "error")
        assert len(bench.providers[0].calls) == 1


@pytest.mark.parametrize(
    ("path", "members", "status"),
    [
        ("/raw/p0/v1/x", {"keys": (key(),)}, 403),
        ("/raw/p0/v1/x", {"account": {}}, 404),
        ("/raw/p9/v1/x", {}, 404),
        ("/raw/p0/v2/x", {}, 404),
        ("/raw/p0/v1/..%2fx", {}, 400),
        ("/raw/p0", {}, 404),
        ("/raw/", {}, 404),
    ],
)
async def test_refusals_are_ours(path: str, members: dict[str, Any], status: int) -> None:
    async with opened(b"", **members) as (bench, server):
        line = await send(bench, f"POST {path}", "content-length: 2", body=b"{}")
        found, _, body = await line.reply()
        assert (found, json.loads(body)["error"]["type"]) == (status, "invalid_request_error")
        assert server.requests == []
        assert (await bench.record()).status == status
        line.close()


async def test_a_wrong_secret_is_refused_and_no_record_is_left() -> None:
    async with opened(b"") as (bench, server):
        line = await send(bench, "GET /raw/p0/v1/x", secret="sk-wrong")
        assert (await line.reply())[0] == 401
        assert server.requests == []
        assert bench.journal.records == []
        line.close()


async def test_a_body_over_the_limit_is_refused() -> None:
    async with opened(b"", max_body_bytes=1000) as (bench, _):
        reply = await bench.client.post("/raw/p0/v1/x", content=b"x" * 1001)
        assert reply.status_code == 413


async def test_a_provider_that_is_away_is_told_in_the_words_of_its_protocol() -> None:
    async with gateway(MESSAGES, ports={0: 1}, **OPEN, **DOORS) as bench:
        reply = await bench.client.post("/raw/p0/v1/messages", json={})
        assert (reply.status_code, reply.json()["type"]) == (502, "error")
        record = await bench.record()
        assert (record.error, record.attempts[0].error) == ("connect_failed", "connect_failed")


async def test_a_reply_that_is_cut_is_cut_for_the_client_too() -> None:
    async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
        )
        await writer.drain()
        await close(_, writer)

    async with opened(cut) as (bench, _):
        line = await send(bench, "GET /raw/p0/v1/x")
        head = await line.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert await line.reader.read() == b"3\r\nabc\r\n", "no end, and no words of ours"
        record = await bench.record()
        assert (record.status, record.error, record.notes) == (200, "upstream_cut", ("partial",))
        line.close()


async def test_a_client_that_leaves_takes_the_call_with_it() -> None:
    gone = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        gone.set()

    async with opened(hang) as (bench, server):
        line = await send(bench, "GET /raw/p0/v1/x")
        while not server.requests:
            await asyncio.sleep(0)
        line.close()
        await gone.wait()
        assert (await bench.record()).status == 499
