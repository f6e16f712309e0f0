"""The parts that every exchange uses, as one record. ``app`` fills it; there are no singletons."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from plexus.domain.snapshot import Snapshot
from plexus.exchange.call import AnyCodec, AnyProviderCodec, Call
from plexus.exchange.counters import Counters
from plexus.exchange.deadline import Deadlines
from plexus.exchange.exchange import Exchange, new_id
from plexus.exchange.fixed_fields import FixedFields
from plexus.exchange.ports import Authorizer, Journal, Sink, Upstream
from plexus.exchange.turns.state import State


@dataclass(slots=True, kw_only=True)
class Gateway:
    """``snapshot()`` is the configuration now; an exchange asks once and keeps what it got."""

    snapshot: Callable[[], Snapshot]
    upstream: Upstream
    journal: Journal
    codecs: Mapping[tuple[str, str], AnyCodec]
    """(protocol, operation) -> codec, as clients are served."""
    provider_codecs: Mapping[tuple[str, str], AnyProviderCodec]
    """The same, as providers are asked."""
    digest: Callable[[str], bytes]
    """Secret of a client key -> its keyed hash, as in ``Snapshot.keys``."""
    seal_key: bytes
    fixed_fields: FixedFields
    authorizer: Authorizer
    state: State | None = None
    """What is kept of the Responses API; None: nothing is, and what names earlier turns goes up as it is."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    rng: Random = field(default_factory=Random)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits before another try of the same target."""
    counters: Counters = field(default_factory=Counters)

    def open_exchange(self, call: Call, sink: Sink) -> Exchange:
        """The scope of one call: pins the snapshot; its exit answers a failure and files the record."""
        return Exchange(
            new_id(),
            call,
            sink,
            self.snapshot(),
            self.journal,
            self.counters,
            time.perf_counter_ns(),
            time.time_ns() // 1000,
        )
