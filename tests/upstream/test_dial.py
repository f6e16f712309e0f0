from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from tests.http1.sockets import both_loops
from tests.http1.wire import run

from plexus.upstream import dial
from plexus.upstream.dial import Address, connect_any, interleave, resolve

V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def refusing() -> Address:
    """An address where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return V4, sock.getsockname()


@pytest.mark.parametrize(
    ("families", "order"),
    [
        ([V6, V6, V6, V4, V4], [0, 3, 1, 4, 2]),
        ([V4, V6], [0, 1]),
        ([V4, V4], [0, 1]),
        ([], []),
    ],
)
def test_families_alternate(families: list[socket.AddressFamily], order: list[int]) -> None:
    addresses: list[Address] = [(family, (str(number), 1)) for number, family in enumerate(families)]
    assert interleave(addresses) == [addresses[number] for number in order]


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", V4), ("::1", V6)])
async def test_an_address_needs_no_resolver(
    host: str, family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", None)
    assert await resolve(host, 80) == [(family, (host, 80))]


@both_loops
def test_a_name_is_resolved(loop: str) -> None:
    async def test() -> None:
        assert ("127.0.0.1", 80) in [address for _, address in await resolve("localhost", 80)]

    run(test(), loop)


@both_loops
def test_the_next_address_is_tried_after_a_failure(loop: str, listener: socket.socket) -> None:
    """At once: the delay would outlast the test."""

    async def test() -> None:
        sock = await connect_any([refusing(), refusing(), (V4, listener.getsockname())], delay=1000)
        assert sock.getpeername() == listener.getsockname()
        assert not sock.getblocking()
        sock.close()

    run(test(), loop)


@both_loops
def test_the_first_failure_is_told_when_all_fail(loop: str) -> None:
    async def test() -> None:
        with pytest.raises(ConnectionRefusedError):
            await connect_any([refusing(), refusing()])
        with pytest.raises(OSError, match="no address"):
            await connect_any([])

    run(test(), loop)


class Attempts:
    """Stands in for connecting: each address answers when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[object] = []
        self.cancelled: list[object] = []
        self.answers: dict[object, asyncio.Future[socket.socket]] = {}
        monkeypatch.setattr(dial, "_connect", self.connect)

    async def connect(self, address: Address) -> socket.socket:
        name = address[1][0]
        self.begun.append(name)
        self.answers[name] = asyncio.get_running_loop().create_future()
        try:
            return await self.answers[name]
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise


ADDRESSES: list[Address] = [(V6, ("a", 1)), (V4, ("b", 1)), (V6, ("c", 1))]


async def test_a_silent_address_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(monkeypatch)
    task = asyncio.create_task(connect_any(ADDRESSES, delay=0.001))
    async with asyncio.timeout(20):
        while "b" not in attempts.begun:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
    sock = socket.socket()
    attempts.answers["b"].set_result(sock)
    assert await task is sock
    sock.close()
    await asyncio.sleep(0)
    assert "a" in attempts.cancelled


async def test_two_that_answer_at_once_leave_one_open(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(monkeypatch)
    task = asyncio.create_task(connect_any(ADDRESSES[:2], delay=0.001))
    async with asyncio.timeout(20):
        while len(attempts.begun) < 2:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
    socks = {name: socket.socket() for name in ("a", "b")}
    for name, sock in socks.items():
        attempts.answers[name].set_result(sock)
    winner = await task
    await asyncio.sleep(0)
    assert [sock.fileno() >= 0 for sock in socks.values()].count(True) == 1
    winner.close()


async def test_cancelling_ends_all_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(monkeypatch)
    task = asyncio.create_task(connect_any(ADDRESSES, delay=0.001))
    async with asyncio.timeout(20):
        while len(attempts.begun) < 3:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert sorted(map(str, attempts.cancelled)) == ["a", "b", "c"]
