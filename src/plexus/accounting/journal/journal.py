"""Both ends of the journal joined: what exchanges write to, and what readers ask for records that are still on their way."""

from __future__ import annotations

import asyncio
import logging
from itertools import chain, islice
from pathlib import Path

from plexus.accounting.journal.drainer import Drain, Drainer
from plexus.accounting.journal.keeper import Keeper
from plexus.accounting.journal.lines import encode_line, mend
from plexus.accounting.journal.lock import FolderLock
from plexus.accounting.journal.options import JournalOptions, JournalState
from plexus.accounting.journal.segments import list_segments
from plexus.accounting.journal.spool import Spool
from plexus.domain.record import Opening, Record

log = logging.getLogger(__name__)


class Journal:
    """The journal in ``folder``. From ``start`` on, ``open`` and ``close`` may be called, from the loop's thread.

    ``drain`` puts records into the database (see ``Drain``); it is called for one batch at a time, in order.
    """

    def __init__(self, folder: Path, drain: Drain, options: JournalOptions | None = None) -> None:
        self._folder = folder
        self._drain = drain
        self._options = options or JournalOptions()
        self._parts: _Parts | None = None

    async def start(self) -> None:
        """Own the folder, and begin to drain what earlier processes left in it.

        Raises JournalInUse, and OSError where the folder cannot be made or written: whoever promises records must not
        start without a place for them.
        """
        folder = self._folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FolderLock(folder)
        try:
            last = max([Keeper(folder).checkpoint().segment, *list_segments(folder)])
            spool = Spool(folder, last + 1, self._options)
        except BaseException:
            lock.release()
            raise
        drainer = Drainer(folder, spool, self._drain, self._options)
        self._parts = _Parts(lock, spool, drainer, self._options)

    async def stop(self, timeout: float = 10.0) -> None:  # noqa: ASYNC109 - not a cancellation: the rest is still done
        """Drain what can be drained within ``timeout`` seconds, sync, let go of the folder. The rest is the next start's."""
        if self._parts is not None:
            await self._parts.stop(timeout)

    def open(self, opening: Opening) -> None:
        """Before the first byte goes upstream. Never waits, never raises."""
        try:
            try:
                line = encode_line(opening)
            except UnicodeEncodeError:
                line = encode_line(mend(opening))
            self._spool.open(opening.id, line)
        except Exception:
            log.exception("journal: an opening could not be written; its exchange goes on")

    def close(self, record: Record) -> None:
        """At the exit of the exchange. Never waits, never raises."""
        parts = self._parts
        assert parts is not None, "close before start"
        try:
            try:
                line = encode_line(record)
            except UnicodeEncodeError:
                record = mend(record)
                line = encode_line(record)
            parts.spool.close(record, line)
            parts.drainer.notice()
        except Exception:
            parts.spool.lost += 1
            log.exception("journal: a record was lost by our own defect")

    async def flush(self) -> None:
        """Return when everything closed so far is in the database. Waits as long as the database is away."""
        assert self._parts is not None
        await self._parts.drainer.flush()

    def recent(self, limit: int = 100) -> list[Record]:
        """Records that are still on their way to the database, the newest first: of this process, from memory."""
        spool = self._spool
        newest = chain(
            (record for _, record in reversed(spool.unwritten)), (record for _, record in reversed(spool.remembered))
        )
        return list(islice(newest, limit))

    def find(self, record_id: str) -> Record | None:
        """The record with this id, if it is still on its way."""
        return next(
            (record for record in self.recent(len(self._spool.remembered) + self.unwritten) if record.id == record_id),
            None,
        )

    @property
    def pending(self) -> int:
        """How many records have not reached the database."""
        return self.state().pending

    @property
    def unwritten(self) -> int:
        """How many records are in memory only."""
        return len(self._spool.unwritten)

    def state(self) -> JournalState:
        """The counts, for metrics and health."""
        assert self._parts is not None, "not started"
        spool, drainer = self._parts.spool, self._parts.drainer
        return JournalState(
            pending=max(drainer.recovered + spool.closed - spool.lost - drainer.drained, 0),
            unwritten=len(spool.unwritten),
            lost=spool.lost,
            drained=drainer.drained,
            interrupted=drainer.interrupted,
            set_aside=drainer.set_aside,
            disk_failures=spool.disk_failures,
            drain_failures=drainer.failures,
            draining=drainer.draining,
        )

    @property
    def _spool(self) -> Spool:
        assert self._parts is not None, "not started"
        return self._parts.spool


class _Parts:
    """What a started journal consists of, and the two tasks behind it."""

    __slots__ = ("_drain_task", "_lock", "_options", "_stopped", "_sync_task", "drainer", "spool")

    def __init__(self, lock: FolderLock, spool: Spool, drainer: Drainer, options: JournalOptions) -> None:
        self._lock = lock
        self._options = options
        self._stopped = False
        self.spool = spool
        self.drainer = drainer
        self._drain_task = asyncio.create_task(drainer.run(), name="journal drain")
        self._sync_task = asyncio.create_task(self._keep_synced(), name="journal sync")

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - see Journal.stop
        if self._stopped:
            return
        self._stopped = True
        self.drainer.stop()
        await asyncio.wait((self._drain_task,), timeout=timeout)
        self._drain_task.cancel()
        self._sync_task.cancel()
        await asyncio.gather(self._drain_task, self._sync_task, return_exceptions=True)
        self.spool.repair()
        try:
            await asyncio.to_thread(self.spool.finish)
        except OSError as error:
            log.error("journal: the last lines could not be synced: %s", error)
        if self.spool.unwritten:
            log.critical("journal: %d records were only in memory and are lost", len(self.spool.unwritten))
        self.drainer.tidy()
        self._lock.release()

    async def _keep_synced(self) -> None:
        """Once a second: sync, off the loop; and where the disk had failed, try it again."""
        while True:
            await self._options.sleep(self._options.sync_every)
            self.spool.repair()
            if self.spool.synced:
                continue
            try:
                await asyncio.to_thread(self.spool.sync)
            except OSError as error:
                log.error("journal: the disk does not sync: %s", error)
