from __future__ import annotations

import asyncio
import socket

import pytest

from plexus.upstream.connect import interleave, open_socket


def test_families_take_turns() -> None:
    four, six = socket.AF_INET, socket.AF_INET6
    found = [
        (six, 1, 6, "", ("a", 1)),
        (six, 1, 6, "", ("b", 1)),
        (four, 1, 6, "", ("c", 1)),
        (six, 1, 6, "", ("a", 1)),
    ]
    assert [address for _, address in interleave(found)] == [("a", 1), ("c", 1), ("b", 1)]


async def test_a_dead_address_does_not_hold_up_a_living_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as dead, socket.create_server(("127.0.0.1", 0)) as listener:
        alive = listener.getsockname()
        dead.bind(("127.0.0.1", 0))
        answers = [(socket.AF_INET, 1, 6, "", dead.getsockname()), (socket.AF_INET, 1, 6, "", alive)]

        async def getaddrinfo(*_: object, **__: object) -> object:
            return answers

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        opened = await open_socket("two.example", 80)
        assert opened.getpeername() == alive
        opened.close()


async def test_when_all_are_dead_the_first_failure_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        answers = [(socket.AF_INET, 1, 6, "", each.getsockname()) for each in (one, two)]

        async def getaddrinfo(*_: object, **__: object) -> object:
            return answers

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        with pytest.raises(ConnectionRefusedError):
            await open_socket("dead.example", 80)
