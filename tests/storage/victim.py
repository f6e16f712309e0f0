"""The process that the kill -9 drill kills: ``victim.py FOLDER DATABASE FIRST COUNT``.

It serves exchanges, some at a time, and says on standard output what the journal has been told: ``open ID``, ``close ID``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.sample_records import opening, record

from plexus.accounting.journal import Journal, JournalOptions
from plexus.storage.database import open_database
from plexus.storage.records import drain_into

TOGETHER = 8


async def main(folder: str, url: str, first: int, count: int) -> None:
    database = open_database(url)
    # Small segments and batches: a kill meets rotation, checkpoints and deletion as often as it can.
    options = JournalOptions(segment_bytes=50_000, batch=50, linger=0.01, remembered=60)
    journal = Journal(Path(folder), drain_into(database), options)
    await journal.start()
    async for number in numbers(first, count):
        journal.open(opening(number))
        say("open", number)
        if number - first >= TOGETHER:
            journal.close(record(number - TOGETHER))
            say("close", number - TOGETHER)
    say("done", 0)
    await asyncio.Event().wait()


def say(word: str, number: int) -> None:
    os.write(1, f"{word} {record(number).id}\n".encode())


async def numbers(first: int, count: int) -> AsyncIterator[int]:
    for number in range(first, first + count):
        yield number
        if number % 5 == 0:
            await asyncio.sleep(0)  # let it drain


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
