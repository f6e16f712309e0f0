"""The port byte by byte: what HTTP allows a client, and what it does not."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import brotli
import pytest
from backports import zstd
from tests.builders import SECRET
from tests.gateway import CHAT, MESSAGES, PATHS, Bench, gateway

BODY = json.dumps({"model": "chat", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 100}).encode()
LIMIT = 65_536


def ask(*fields: str, body: bytes = BODY, length: int | None = None, path: str = PATHS[CHAT]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: gateway", f"authorization: Bearer {SECRET}", *fields]
    if length != -1:
        lines.append(f"content-length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Line:
    """One connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, bench: Bench) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", bench.server.port))

    async def status(self) -> int:
        """Of an interim reply."""
        return int((await self.reader.readuntil(b"\r\n\r\n")).split(b" ")[1])

    async def reply(self) -> tuple[int, dict[str, str], bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        return int(head[0].split(" ")[1]), fields, await self.reader.readexactly(int(fields["content-length"]))

    async def closed(self) -> bool:
        """Nothing more comes."""
        return await self.reader.read() == b""

    def close(self) -> None:
        self.writer.close()


async def test_one_connection_serves_many_and_pipelined_requests_in_order() -> None:
    async with gateway(CHAT) as bench:
        line = await Line.open(bench)
        line.writer.write(ask() + b"HEAD /v1/models HTTP/1.1\r\nhost: a\r\n\r\n" + ask(path="/v1/nowhere"))
        status, _, body = await line.reply()
        assert (status, "choices" in json.loads(body)) == (200, True)
        assert await line.status() == 401
        assert (await line.reply())[0] == 404
        line.writer.write(ask())
        assert (await line.reply())[0] == 200
        assert len(bench.providers[0].calls) == 2
        line.close()


async def test_a_chunked_upload_arrives_whole() -> None:
    async with gateway(CHAT) as bench:
        line = await Line.open(bench)
        line.writer.write(ask("transfer-encoding: chunked", body=b"", length=-1))
        for start in range(0, len(BODY), 10):
            piece = BODY[start : start + 10]
            line.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await line.writer.drain()
        line.writer.write(b"0\r\n\r\n")
        assert (await line.reply())[0] == 200
        (call,) = bench.providers[0].calls
        assert call.json["messages"] == json.loads(BODY)["messages"]
        line.close()


async def test_a_client_that_waits_to_be_asked_is_asked_for_its_body() -> None:
    async with gateway(CHAT) as bench:
        line = await Line.open(bench)
        line.writer.write(ask("expect: 100-continue", body=b"", length=len(BODY)))
        assert await line.status() == 100
        line.writer.write(BODY)
        assert (await line.reply())[0] == 200
        line.close()


@pytest.mark.parametrize(
    ("field", "status"), [("authorization: Bearer wrong-wrong-wrong", 401), (f"content-length: {LIMIT + 1}", 413)]
)
async def test_it_is_not_asked_for_a_body_that_nobody_wants(field: str, status: int) -> None:
    async with gateway(CHAT, max_body_bytes=LIMIT) as bench:
        line = await Line.open(bench)
        size = "" if field.startswith("content-length") else "content-length: 10\r\n"
        secret = "" if field.startswith("authorization") else f"authorization: Bearer {SECRET}\r\n"
        head = f"POST {PATHS[CHAT]} HTTP/1.1\r\nhost: a\r\n{size}{secret}{field}\r\nexpect: 100-continue\r\n\r\n"
        line.writer.write(head.encode())
        found, fields, _ = await line.reply()
        assert (found, fields["connection"]) == (status, "close")
        assert await line.closed()
        line.close()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413)])
async def test_a_body_of_the_limit_passes_and_one_byte_more_does_not(over: int, status: int, chunked: bool) -> None:
    body = BODY + b" " * (LIMIT - len(BODY) + over)
    async with gateway(CHAT, max_body_bytes=LIMIT) as bench:
        line = await Line.open(bench)
        if chunked:
            framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            line.writer.write(ask("transfer-encoding: chunked", body=framed, length=-1))
        else:
            line.writer.write(ask(body=body))
        found, _, said = await line.reply()
        assert found == status
        if status == 413:
            assert json.loads(said)["error"]["code"] == "request_too_large"
        line.close()


STACKED = [
    ("gzip, br", brotli.compress(gzip.compress(BODY, mtime=0))),
    ("br, gzip", gzip.compress(brotli.compress(BODY), mtime=0)),
    ("Deflate,zstd", zstd.compress(zlib.compress(BODY))),
    ("zstd", zstd.compress(BODY)),
]


@pytest.mark.parametrize(("codings", "packed"), STACKED, ids=[row[0] for row in STACKED])
async def test_codings_come_off_in_the_reverse_order(codings: str, packed: bytes) -> None:
    async with gateway(CHAT) as bench:
        reply = await bench.client.post(PATHS[CHAT], content=packed, headers={"content-encoding": codings})
        assert reply.status_code == 200, reply.text
        (call,) = bench.providers[0].calls
        assert call.json["messages"] == json.loads(BODY)["messages"]


async def test_codings_stacked_the_wrong_way_are_a_bad_request() -> None:
    async with gateway(CHAT) as bench:
        packed = gzip.compress(brotli.compress(BODY), mtime=0)
        reply = await bench.client.post(PATHS[CHAT], content=packed, headers={"content-encoding": "gzip, br"})
        assert reply.status_code == 400


async def test_a_head_that_is_too_large_is_refused_and_the_connection_closed() -> None:
    async with gateway(CHAT) as bench:
        line = await Line.open(bench)
        line.writer.write(ask("x-large: " + "a" * 70_000))
        found, fields, _ = await line.reply()
        assert (found, fields["connection"]) == (431, "close")
        assert not bench.providers[0].calls
        line.close()
        fits = await Line.open(bench)
        fits.writer.write(ask("x-large: " + "a" * 50_000))
        assert (await fits.reply())[0] == 200
        fits.close()


async def test_a_client_that_half_closes_while_it_is_served_counts_as_gone() -> None:
    async with gateway(CHAT, models=("mock-fault-no-first-byte",)) as bench:
        line = await Line.open(bench)
        line.writer.write(ask())
        await bench.providers[0].stalled()
        line.writer.write_eof()
        assert await line.closed()
        assert (await bench.record()).status == 499
        line.close()


async def test_a_body_that_is_cut_leaves_a_record_and_reaches_nobody() -> None:
    async with gateway(CHAT) as bench:
        line = await Line.open(bench)
        line.writer.write(ask(length=len(BODY) + 1))
        await line.writer.drain()
        line.close()
        assert (await bench.record()).error == "client_gone"
        assert not bench.providers[0].calls


@pytest.mark.parametrize(
    ("path", "headers", "anthropic"),
    [
        ("/v1/unheard-of", {}, False),
        ("/v1/messages/unheard-of", {}, True),
        ("/v1/unheard-of", {"anthropic-version": "2023-06-01"}, True),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT"])
async def test_unknown_paths_are_told_in_the_callers_protocol(
    method: str, path: str, headers: dict[str, str], anthropic: bool
) -> None:
    async with gateway(CHAT) as bench:
        reply = await bench.client.request(method, path, headers=headers)
        assert reply.status_code == 404
        told = reply.json()
        assert (told.get("type") == "error") == anthropic
        assert (told["error"]["type"] == "not_found_error") == anthropic
        assert reply.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("protocol", [CHAT, MESSAGES])
async def test_other_methods_are_told_which_one_to_use(method: str, protocol: str) -> None:
    async with gateway(CHAT) as bench:
        reply = await bench.client.request(method, PATHS[protocol])
        assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
        assert (reply.json().get("type") == "error") == (protocol == MESSAGES)
