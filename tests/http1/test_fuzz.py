"""Any bytes, in any pieces: the server answers with 4xx or 5xx or closes, never fails, never leaves a task.

The long run is marked ``full``; the short one is part of every run. No sockets: a fake transport.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from typing import Any

import h11
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.http1.refusals import REFUSALS
from tests.http1.wire import GET, Recorder, Seen, Wire, chunked, read_replies, request, run

from plexus.http1.limits import Limits

LIMITS = Limits(max_head_bytes=2000, max_fields=30, read_ahead=500, skip=500)
SEEDS = [
    *(row[2] for row in REFUSALS),
    GET,
    request(b"Content-Length: 3", body=b"abc"),
    chunked(body=b"3\r\nabc\r\n0\r\n\r\n"),
    request(b"Expect: 100-continue", b"Content-Length: 3", body=b"abc"),
    request(b"Connection: close"),
    GET * 5,
]
TOKENS = [
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\0", b"\xff", b" ", b"\t", b":", b";", b",", b"0\r\n\r\n", b"3\r\nabc\r\n"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: a\r\n", b"Expect: 100-continue\r\n"),
    *(b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.0\r\n", b"PRI * HTTP/2.0\r\n\r\n", b"X" * 700),
]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({min(place, len(data)) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def statuses(written: bytes) -> list[int]:
    """Of all replies, also interim ones: the recorder's bodies hold no status line."""
    return [int(part[:3]) for part in written.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit()]


async def throw(pieces: list[bytes], *, ending: int) -> tuple[list[int], list[Seen]]:
    """One connection's life. Fails where the server logs a failure, keeps a task, or lets a broken request pass."""
    failures: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    handler = Recorder()
    wire = Wire(handler, LIMITS)
    for number, piece in enumerate(pieces):
        wire.feed(piece)
        if number % 3 == ending:
            await wire.settle()
    await wire.settle()
    if not wire.closed():
        wire.eof() if ending else wire.transport.abort()
    await wire.settle()
    assert wire.server.connections == wire.server.tasks == 0
    assert failures == []
    seen = statuses(wire.take())
    assert seen.count(200) <= len(handler.seen)
    assert all(status in (100, 200) or 400 <= status < 600 for status in seen)
    assert all(status < 400 for status in seen[:-1]), "nothing is answered after a refusal"
    return seen, handler.seen


def mutate(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(SEEDS) + chance.choice([b"", *SEEDS]))
    for _ in range(chance.randint(0, 5)):
        at = chance.randint(0, len(data))
        match chance.randint(0, 3):
            case 0:
                data[at:at] = chance.choice(TOKENS)
            case 1:
                del data[at : at + chance.randint(1, 10)]
            case 2:
                data[at : at + 1] = bytes([chance.randint(0, 255)])
            case _:
                data[at:at] = data[at : at + chance.randint(1, 60)]
    return bytes(data)


def fuzz(rounds: int, seed: int) -> None:
    async def test() -> None:
        chance = random.Random(seed)
        outcomes: set[int] = set()
        for _ in range(rounds):
            data = mutate(chance)
            places = [chance.randint(0, len(data)) for _ in range(chance.choice([0, 1, 5, 20]))]
            seen, _ = await throw(cut(data, places), ending=chance.randint(0, 2))
            outcomes.update(seen)
        assert {200, 400, 431, 501, 505} <= outcomes, "the fuzz reaches both sides"

    run(test())


def test_mutated_requests(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    fuzz(3000, seed=1)
    assert caplog.text == ""


@pytest.mark.full
@pytest.mark.timeout(900)
def test_many_mutated_requests(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for seed in range(2, 42):
        fuzz(5000, seed)
    assert caplog.text == ""


BYTES = st.lists(st.one_of(st.binary(max_size=30), st.sampled_from(TOKENS)), max_size=12)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(BYTES, st.integers(0, 2))
def test_any_bytes(pieces: list[bytes], ending: int) -> None:
    async def test() -> None:
        await throw(pieces, ending=ending)

    run(test())


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "PUT"]),
            st.from_regex(r"/[a-z]{0,5}(\?[a-z=]{0,5})?", fullmatch=True),
            st.lists(st.tuples(st.sampled_from(["X-A", "accept"]), st.text("ab :,", max_size=5)), max_size=3),
            st.one_of(st.none(), st.lists(st.binary(min_size=1, max_size=50), max_size=3)),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
    ),
    st.lists(st.integers(0, 600), max_size=15),
)
def test_requests_written_by_h11_arrive_in_any_chunking(requests: list[Any], places: list[int]) -> None:
    """The same bytes, however they are cut and pipelined, are the same requests."""
    client = h11.Connection(h11.CLIENT)
    data, expected = b"", []
    for method, target, extra, body, is_chunked in requests:
        fields = [("Host", "a"), *((name, value.strip()) for name, value in extra)]
        if body is not None:
            size = sum(map(len, body))
            fields.append(("Transfer-Encoding", "chunked") if is_chunked else ("Content-Length", str(size)))
        client = h11.Connection(h11.CLIENT)
        data += client.send(h11.Request(method=method, target=target, headers=fields)) or b""
        for piece in body or ():
            data += client.send(h11.Data(piece)) or b""
        data += client.send(h11.EndOfMessage()) or b""
        headers = [(name.encode(), value.encode()) for name, value in fields]
        expected.append(Seen(method.encode(), target.encode(), headers, b"".join(body or ())))

    async def test() -> None:
        handler = Recorder()
        wire = Wire(handler)
        for piece in cut(data, places):
            wire.feed(piece)
            await wire.settle()
        assert handler.seen == expected
        replies = read_replies(wire.take(), *(method for method, *_ in requests))
        assert [reply.status for reply in replies] == [200] * len(requests)
        assert not wire.over()

    run(test())
