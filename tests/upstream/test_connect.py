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


async def test_a_name_that_leads_to_a_metadata_service_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        alive = listener.getsockname()
        answers = [(socket.AF_INET, 1, 6, "", ("169.254.169.254", 80)), (socket.AF_INET, 1, 6, "", alive)]

        async def getaddrinfo(*_: object, **__: object) -> object:
            return answers

        loop = asyncio.get_running_loop()
        tried: list[object] = []
        connect = loop.sock_connect

        async def sock_connect(sock: socket.socket, address: tuple[str, int]) -> None:
            tried.append(address)
            await connect(sock, address)

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(loop, "sock_connect", sock_connect)
        (await open_socket("rebound.example", 80)).close()
        assert tried == [alive]
        del answers[1]
        with pytest.raises(OSError, match="metadata"):
            await open_socket("rebound.example", 80)
        assert tried == [alive]
