"""The composition root: builds every part and joins them. Nothing else knows all of them.

The port listens as soon as the configuration is compiled; database and control plane come up behind it, since no exchange
needs them (DESIGN section 1, promise 7).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from plexus.accounting.journal import Journal
from plexus.accounting.spool import Spool
from plexus.client_api.app import Readiness, client_api
from plexus.configuration.compile import Rules
from plexus.configuration.file_source import FileSource
from plexus.configuration.load import MOCK
from plexus.configuration.secrets import REASONING_STATE, derive, digester
from plexus.domain.provider import Provider
from plexus.domain.record import Record
from plexus.domain.turn import Turn
from plexus.exchange.fixed_fields import FixedFields
from plexus.exchange.gateway import Gateway
from plexus.exchange.ports import TurnStore
from plexus.exchange.turns.state import State
from plexus.exchange.turns.sweeper import Sweeper
from plexus.http1.server import Handler, Incoming, Server
from plexus.protocols.registry import CODECS, DIALECTS, PROTOCOLS, PROVIDER_CODECS
from plexus.providers.authorizer import Authorizer
from plexus.providers.presets import load_presets
from plexus.settings import Settings, load_or_make_root_key
from plexus.upstream.client import UpstreamClient
from plexus.upstream.form import post_form

if TYPE_CHECKING:
    from plexus.storage.database import Database

log = logging.getLogger(__name__)


BROKEN_FILE = "the file on disk is broken; an older one is in force"


class DatabaseDown(Exception):
    """The database is not open (yet)."""


class App:
    """A gateway: every part of it, from ``start`` to ``stop``."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        root = load_or_make_root_key(settings)
        digest = digester(root)
        self.settings = settings
        self.started_at = time.time()
        self.configuration = FileSource(
            settings.config, environ, Rules(digest=digest, dialects=DIALECTS, protocols=PROTOCOLS)
        )
        self.upstream = UpstreamClient(environ)
        self.authorizer = Authorizer(functools.partial(post_form, self.upstream), environ)
        self.journal = Journal(settings.journal, self._drain)
        self.spool = Spool(settings.journal / "responses", self._drain_turns)
        state = State(self.spool, lambda: self._turns, lambda: self.configuration.current().retention)
        self.sweeper = Sweeper(state, self._sweep)
        self.gateway = Gateway(
            snapshot=self.configuration.current,
            upstream=self.upstream,
            journal=self.journal,
            state=state,
            codecs=CODECS,
            provider_codecs=PROVIDER_CODECS,
            digest=digest,
            seal_key=derive(root, REASONING_STATE),
            fixed_fields=FixedFields(user_agent=f"plexus/{settings.version}".encode()),
            authorizer=self.authorizer,
        )
        self.server = Server(client_api(self.gateway, self._control, self.readiness))
        self._database: Database | None = None
        self._turns: TurnStore | None = None
        self._database_error = "opening"
        self._tried_database = asyncio.Event()
        self._control_plane: asyncio.Future[Handler] | None = None
        self._mock = contextlib.AsyncExitStack()
        self._mock_url: str | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen, and bring up the rest behind. Raises ConfigurationError, OSError."""
        self.configuration.load()
        await self._play_mock()
        await self.journal.start()
        await self.spool.start()
        loop = asyncio.get_running_loop()
        self._control_plane = loop.create_future()
        await self.server.start(host=self.settings.host, port=self.settings.port)
        self._tasks = [
            loop.create_task(self._open_database()),
            loop.create_task(self.sweeper.run()),
            loop.create_task(self._load_control_plane(self._control_plane)),
            loop.create_task(self.configuration.watch(self._play_mock)),
        ]

    async def stop(self) -> None:
        """Answer what runs, for as long as the settings allow, then close everything."""
        await self.server.drain(self.settings.drain_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.authorizer.close()
        await self.upstream.close()
        await self._mock.aclose()
        await self.journal.stop()
        await self.spool.stop()
        if self._database is not None:
            await self._database.close()

    async def _play_mock(self) -> None:
        """Play the mock provider on a port of its own, once the configuration has one that is not elsewhere."""
        if self._mock_url is not None or not any(
            map(_is_ours_to_play, self.configuration.current().providers.values())
        ):
            return
        from plexus.mock_provider import MockProvider  # noqa: PLC0415 - few gateways play a provider

        self._mock_url = await self._mock.enter_async_context(MockProvider(keep=100).serve())
        self.configuration.serve_presets_at({MOCK: self._mock_url})

    async def loaded(self) -> None:
        """Until the control plane is there and the database, too, or its first attempt has failed."""
        assert self._control_plane is not None
        await asyncio.shield(self._control_plane)
        await self._tried_database.wait()

    # --- database

    async def _open_database(self) -> None:
        """Open and migrate, again and again until it works; the journal keeps the records meanwhile."""
        # The import takes a third of a second: in a thread, so that requests are served meanwhile.
        await asyncio.to_thread(__import__, "plexus.storage.records")
        await asyncio.to_thread(__import__, "plexus.storage.turn_store")
        from plexus.storage.database import open_database  # noqa: PLC0415 - see above
        from plexus.storage.migrate import upgrade  # noqa: PLC0415
        from plexus.storage.turn_store import DatabaseTurns  # noqa: PLC0415

        delay = 0.5
        while self._database is None:
            try:
                database = open_database(self.settings.database_url)
                await upgrade(database)
                self._database, self._database_error = database, "ok"
                self._turns = DatabaseTurns(database)
            except Exception as down:  # noqa: BLE001 - whatever a driver raises, the gateway serves on
                log.error("the database cannot be opened: %s", down)
                self._database_error = f"{type(down).__name__}"
                self._tried_database.set()
                await asyncio.sleep(delay)
                delay = min(delay * 2, 30.0)
        self._tried_database.set()

    async def _drain(self, records: Sequence[Record]) -> None:
        if self._database is None:
            raise DatabaseDown(self._database_error)
        from plexus.storage.records import store_records  # noqa: PLC0415 - loaded by _open_database

        await store_records(self._database, records)

    async def _drain_turns(self, turns: Sequence[Turn]) -> None:
        if self._database is None:
            raise DatabaseDown(self._database_error)
        from plexus.storage.turns import store_turns  # noqa: PLC0415 - loaded by _open_database

        await store_turns(self._database, turns)

    async def _sweep(self, responses_since: int, conversations_since: int) -> None:
        if self._database is None:
            raise DatabaseDown(self._database_error)
        from plexus.storage.turn_store import sweep  # noqa: PLC0415 - loaded by _open_database

        await sweep(self._database, responses_since, conversations_since)

    # --- control plane

    async def _load_control_plane(self, ready: asyncio.Future[Handler]) -> None:
        await asyncio.to_thread(__import__, "plexus.management_api.app")
        await asyncio.to_thread(__import__, "plexus.client_api.socket")  # before the first WebSocket waits for it
        from plexus.http1.asgi import asgi_handler  # noqa: PLC0415 - FastAPI takes a third of a second
        from plexus.management_api.app import ControlPlane, build  # noqa: PLC0415

        control = ControlPlane(
            gateway=self.gateway,
            version=self.settings.version,
            started_at=self.started_at,
            admin_key=lambda: self.settings.admin_key or self.configuration.admin_key,
            parts=lambda: self.readiness().parts,
        )
        ready.set_result(asgi_handler(build(control)))

    async def _control(self, incoming: Incoming) -> None:
        assert self._control_plane is not None
        handler = await asyncio.shield(self._control_plane)
        await handler(incoming)

    # --- state

    def readiness(self) -> Readiness:
        """Ready while it serves; a database that is down is said, and does not stop it."""
        parts = {
            "server": "draining" if self.server.draining else "ok",
            "database": self._database_error,
            "journal": self.journal.drain_error or ("behind" if self.journal.backlog else "ok"),
            "configuration": "ok" if self.configuration.last_error is None else BROKEN_FILE,
        }
        return Readiness(ready=not self.server.draining, parts=parts)


def _is_ours_to_play(provider: Provider) -> bool:
    """A mock provider at the address that only stands for one: no address was written for it."""
    nowhere = {endpoint.url for endpoint in load_presets()[MOCK].endpoints.values()}
    at = {f"http://{endpoint.origin.authority}{endpoint.prefix}" for endpoint in provider.endpoints.values()}
    return provider.preset == MOCK and provider.enabled and at <= nowhere


async def run(app: App, *, ready: asyncio.Event | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then stop in order."""
    import signal  # noqa: PLC0415 - only a process of its own has signals

    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await app.start()
    if ready is not None:
        ready.set()
    settling = loop.create_task(_settle_memory(app))
    try:
        await stopping.wait()
    finally:
        settling.cancel()
        log.info("stopping: %d exchanges run", app.gateway.counters.active)
        with contextlib.suppress(asyncio.CancelledError):
            await app.stop()


YOUNG_OBJECTS = 20_000
"""New containers after which the collector looks for garbage cycles among them (CPython's own figure is 700)."""


async def _settle_memory(app: App) -> None:
    """Keep the collector away from what was loaded at the start.

    Some 300,000 objects of libraries live as long as the process. A full collection walks all of them (70 ms in which no
    request is served), and exchanges leave next to no cycles.
    """
    import gc  # noqa: PLC0415 - its settings are the process's, so only this function touches them

    await app.loaded()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)
