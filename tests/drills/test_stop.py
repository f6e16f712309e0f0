"""SIGTERM while exchanges run, and two gateways on one folder."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select
from tests.drills.client import CHAT, MESSAGES, Line, Seen, exchanges, is_whole
from tests.drills.process import Process, configuration, gateway_process, stored, stored_in

from plexus.canonical.errors import ErrorKind
from plexus.mock_provider import MockProvider
from plexus.settings import database_url
from plexus.storage.database import open_database
from plexus.storage.schema import request


async def outcomes(url: str) -> dict[str, tuple[str | None, str | None]]:
    """Id -> error and finish of all records."""
    database = open_database(database_url(url))
    try:
        async with database.read() as connection:
            rows = (await connection.execute(select(request.c.id, request.c.error, request.c.finish))).all()
    finally:
        await database.close()
    return {row.id: (row.error, row.finish) for row in rows}


async def until_refused(port: int) -> None:
    """Wait until nobody is let in any more."""
    with suppress(OSError):
        while True:
            (await Line.open(port)).close()


async def test_sigterm_lets_end_what_can_and_ends_the_rest_properly(tmp_path: Path) -> None:
    mock = MockProvider()
    async with mock.serve() as provider, gateway_process(tmp_path, provider, PLEXUS_DRAIN_SECONDS="2") as gateway:
        await gateway.until_settled()
        ends, chat, messages, silent = [(await Line.open(gateway.port), Seen(number)) for number in range(4)]
        await ends[0].begin(ends[1], CHAT, "held", stream=True)
        await chat[0].begin(chat[1], CHAT, "stalled", stream=True)
        await messages[0].begin(messages[1], MESSAGES, "stalled", stream=True)
        waiting = asyncio.create_task(silent[0].ask(silent[1], CHAT, "silent", stream=False))
        await mock.stalled(3)
        gateway.ask_to_stop()
        await until_refused(gateway.port)
        await ends[0].finish(ends[1])
        for line, seen in (chat, messages):
            await line.finish(seen)
        await waiting
        assert await gateway.ended() == 0
        for line, _ in (ends, chat, messages, silent):
            line.close()
    assert is_whole(CHAT, True, ends[1].body)
    last = chat[1].body.rstrip().rpartition(b"\n")[2]
    assert json.loads(last.removeprefix(b"data: "))["error"]["type"] == "server_error"
    assert b"[DONE]" not in chat[1].body
    kind, data = messages[1].body.rstrip().split(b"\n")[-2:]
    assert kind == b"event: error"
    assert json.loads(data.removeprefix(b"data: "))["error"]["type"] == "overloaded_error"
    assert b"message_stop" not in messages[1].body
    assert (silent[1].status, json.loads(silent[1].body)["error"]["type"]) == (503, "server_error")
    stopped = (ErrorKind.SHUTTING_DOWN.value, None)
    assert await outcomes(stored_in(tmp_path)) == {
        ends[1].id: (None, "stop"),
        chat[1].id: stopped,
        messages[1].id: stopped,
        silent[1].id: stopped,
    }


async def test_two_gateways_on_one_folder(tmp_path: Path) -> None:
    """They start at once with nothing there, share key, database and journal folder, and one of them dies."""
    async with MockProvider().serve() as provider:
        one, two = Process(tmp_path), Process(tmp_path)
        one.configure(configuration(provider))
        try:
            await asyncio.gather(one.start(), two.start())
            await asyncio.gather(one.until_settled(), two.until_settled())
            found = await asyncio.gather(exchanges(one.port, range(50)), exchanges(two.port, range(50)))
            line, seen = await Line.open(two.port), Seen(0)
            await line.begin(seen, CHAT, "stalled", stream=True)
            await two.kill()
            line.close()
            late = await exchanges(one.port, range(10))
            await two.start()
            await asyncio.gather(one.until_settled(), two.until_settled())
            await one.stop()
            await two.stop()
        finally:
            await one.close()
            await two.close()
    whole = set.union(*found, late)
    assert len(whole) == 110
    assert await stored(stored_in(tmp_path)) == {**dict.fromkeys(whole, "exchange"), seen.id: "interrupted"}
