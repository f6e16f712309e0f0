"""A whole gateway in a process of its own, which a drill can kill, stop and start again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent

from sqlalchemy import select
from tests.builders import SECRET

from plexus.settings import database_url
from plexus.storage.database import Database, open_database
from plexus.storage.schema import request

OURS = ("PLEXUS_", "DATABASE_", "CONFIG_", "ADMIN_", "ENCRYPTION_", "HOST", "PORT", "LOG_", "DEBUG", "APP_")
"""What would configure a gateway."""
LOG = "gateway.log"


def configuration(provider: str) -> str:
    """Two accounts at the mock provider on ``provider``: one that speaks both protocols, one that speaks Messages alone."""
    return dedent(f"""\
        providers:
          both:
            api_base_url: {{chat: {provider}/v1, messages: {provider}/v1}}
            api_key: upstream-secret
          other:
            api_base_url: {{messages: {provider}/v1}}
            api_key: upstream-secret
        models:
          plain: {{provider: both, model_id: mock-chat}}
          translated: {{provider: other, model_id: mock-chat}}
          stalled: {{provider: both, model_id: mock-fault-stall}}
          held: {{provider: both, model_id: "mock-chat?delay=0.02"}}
          silent: {{provider: both, model_id: mock-fault-no-first-byte}}
        keys:
          tester: {{secret: {SECRET}}}
        """)


class Process:
    """A gateway on ``folder/config``. ``environ`` is what it sees besides the usual."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.port = 0
        self._environ = {"PORT": "0", "PLEXUS_DRAIN_SECONDS": "20", **environ}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def config(self) -> Path:
        """Its configuration file."""
        return self.folder / "config" / "plexus.yaml"

    @property
    def log(self) -> str:
        """What all starts so far have logged."""
        path = self.folder / LOG
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def configure(self, text: str) -> None:
        """Write the configuration."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text, encoding="utf-8")

    async def start(self, *, preexec: Callable[[], None] | None = None) -> None:
        """Start it, and wait until it listens."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        with (self.folder / LOG).open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "plexus", "serve", cwd=self.folder, env={**environ, **self._environ},
                stdout=asyncio.subprocess.PIPE, stderr=log, preexec_fn=preexec,
            )  # fmt: skip
        assert self._process.stdout is not None
        first = (await self._process.stdout.readline()).decode()
        assert " listens on " in first, first + self.log
        self.port = int(first.rsplit(":", 1)[1])

    async def readiness(self) -> dict[str, str]:
        """The state of each of its parts, as it says itself."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"GET /readyz HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n")
            reply = await reader.read()
        finally:
            writer.close()
        parts: dict[str, str] = json.loads(reply.partition(b"\r\n\r\n")[2])["parts"]
        return parts

    async def until_settled(self) -> None:
        """Wait until its database is open and has every record."""
        while True:
            parts = await self.readiness()
            if (parts["database"], parts["journal"]) == ("ok", "ok"):
                return

    async def kill(self) -> None:
        """As ``kill -9``."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """As an operator stops it. It must end in order."""
        assert await self._end(signal.SIGTERM) == 0, self.log

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Wait for its end; the exit status."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        await process.stdout.read()
        return await process.wait()

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self.ended()

    async def close(self) -> None:
        """Whatever happened: nothing of it stays."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()


@asynccontextmanager
async def gateway_process(folder: Path, provider: str, **environ: str) -> AsyncIterator[Process]:
    """A gateway before the mock provider at ``provider``, started."""
    process = Process(folder, **environ)
    process.configure(configuration(provider))
    try:
        await process.start()
        yield process
    finally:
        await process.close()


def stored_in(folder: Path) -> str:
    """The URL of the database that a gateway on ``folder`` uses unless told otherwise."""
    return f"sqlite:///{folder}/config/usage.sqlite"


async def stored(url: str) -> dict[str, str]:
    """Id -> kind of all records in the database at ``url``."""
    database = open_database(database_url(url))
    try:
        return await stored_at(database)
    finally:
        await database.close()


async def stored_at(database: Database) -> dict[str, str]:
    """Id -> kind of all records."""
    async with database.read() as connection:
        rows = (await connection.execute(select(request.c.id, request.c.kind))).all()
    found = {row.id: row.kind for row in rows}
    assert len(found) == len(rows), "an id twice"
    return found
