"""The state of one call: an Exchange and its Attempts. One writer, one call; the exit files the one record.

The exit never awaits, so that a cancellation cannot interrupt the accounting.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from types import TracebackType
from typing import Self

from plexus.canonical.errors import ErrorKind, GatewayError, TransportError
from plexus.canonical.headers import Field
from plexus.canonical.losses import Loss, Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage, add
from plexus.domain.record import AttemptRecord, Opening, Record
from plexus.domain.route import Target
from plexus.domain.snapshot import Snapshot
from plexus.exchange.authenticate import Caller
from plexus.exchange.call import AnyCodec, Call, Question
from plexus.exchange.counters import Counters
from plexus.exchange.ports import Journal, Sink
from plexus.routing.lane import Lane
from plexus.routing.plan import Plan
from plexus.routing.verdict import Verdict

log = logging.getLogger(__name__)

CLIENT_CLOSED = 499
"""The status of a call whose client went away, in records only (nginx's word for it)."""


def new_id() -> str:
    """``req_`` and 32 hex digits that sort by time: 48 bits of milliseconds, 80 of chance (as RFC 9562 UUIDv7 does)."""
    return f"req_{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


class Attempt:
    """One try of one target."""

    __slots__ = (
        "ended_ns", "error", "first_token_ns", "lane", "losses", "number", "protocol", "started_ns", "status", "target",
        "upstream_request_id", "usage", "verdict",
    )  # fmt: skip

    def __init__(self, number: int, target: Target) -> None:
        self.number = number
        self.target = target
        self.protocol = ""
        self.lane: Lane = "pass"
        self.losses: tuple[Loss, ...] = ()
        self.started_ns = time.perf_counter_ns()
        self.ended_ns: int | None = None
        self.first_token_ns: int | None = None
        self.status: int | None = None
        self.error: GatewayError | None = None
        self.upstream_request_id: str | None = None
        self.usage: Usage | None = None
        self.verdict: Verdict | None = None

    def fail(self, error: GatewayError, verdict: Verdict | None) -> None:
        """It ended in ``error``; ``verdict`` is what follows, None after the commit."""
        self.ended_ns = time.perf_counter_ns()
        self.error = error
        self.verdict = verdict

    def record(self, exchange_started_ns: int) -> AttemptRecord:
        """The row that this attempt leaves."""
        error = self.error
        ended = self.ended_ns or time.perf_counter_ns()
        first = self.first_token_ns
        return AttemptRecord(
            number=self.number,
            provider=self.target.provider.name,
            model=self.target.model,
            protocol=self.protocol,
            lane=self.lane,
            started_us=(self.started_ns - exchange_started_ns) // 1000,
            duration_us=(ended - self.started_ns) // 1000,
            first_token_us=None if first is None else (first - exchange_started_ns) // 1000,
            status=self.status or (error.status if error else None),
            error=error.kind.value if error else None,
            error_message=error.message if error else None,
            error_code=error.code if error else None,
            hint=error.hint if error else None,
            upstream_request_id=self.upstream_request_id,
            usage=self.usage,
            unknown=error is not None and error.kind in UNKNOWN_OUTCOME,
            verdict=self.verdict.value if self.verdict else None,
        )


UNKNOWN_OUTCOME = frozenset({ErrorKind.RESET, ErrorKind.FIRST_BYTE_TIMEOUT})
"""Failures after which the provider may have worked, and billed, without our hearing of it."""


class Exchange:
    """One client call and its reply. A context manager: leaving it answers a failure and files the record."""

    __slots__ = (
        "_counters", "_journal", "_opened", "_started_at", "attempts", "bytes_out", "call", "caller", "canonical", "error",
        "finish", "first_token_ns", "id", "losses", "notes", "passed", "plan", "question", "serving", "sink", "snapshot",
        "started_ns", "status", "waited_ns",
    )  # fmt: skip

    def __init__(self, call: Call, sink: Sink, snapshot: Snapshot, journal: Journal, counters: Counters) -> None:
        self.id = new_id()
        self.call = call
        self.sink = sink
        self.snapshot = snapshot
        self.started_ns = time.perf_counter_ns()
        self._started_at = time.time_ns() // 1000
        self._journal = journal
        self._counters = counters
        self._opened = False
        self.caller: Caller | None = None
        self.question: Question | None = None
        self.plan: Plan | None = None
        self.canonical: GenerateRequest | None = None
        """The client's request, decoded once for all attempts that translate."""
        self.attempts: list[Attempt] = []
        self.serving: Attempt | None = None
        self.losses = Losses()
        self.notes: list[str] = []
        self.finish: Finish | None = None
        self.error: GatewayError | None = None
        self.status = 0
        self.bytes_out = 0
        self.passed: list[bytes] | None = [] if call.codec.repeats_reply else None
        """What the client has got of a stream, where its protocol's terminal frame repeats that."""
        self.first_token_ns: int | None = None
        self.waited_ns = 0
        """Time spent waiting for the client's body or for a provider."""

    @property
    def codec(self) -> AnyCodec:
        """The client's."""
        return self.call.codec

    @property
    def strict(self) -> bool:
        """Whether losses on the request side are refused."""
        wish = self.call.headers.text(b"x-plexus-strict")
        if wish is not None:
            return wish.strip().lower() in ("true", "1", "yes")
        return self.caller is not None and self.caller.key.strict

    @property
    def attempt(self) -> Attempt:
        """The attempt whose reply is delivered; until there is one, the latest."""
        return self.serving or self.attempts[-1]

    def begin_attempt(self, target: Target) -> Attempt:
        """Start the next attempt; the first one opens the journal's line, before any byte goes upstream."""
        attempt = Attempt(len(self.attempts) + 1, target)
        self.attempts.append(attempt)
        if not self._opened:
            self._opened = True
            self._journal.open(
                Opening(
                    id=self.id,
                    started_at=self._started_at,
                    key=self.caller.key.name if self.caller else None,
                    protocol=self.codec.protocol,
                    operation=self.codec.operation,
                    model=self.question.model if self.question else "",
                    target=target.name,
                )
            )
        return attempt

    def reply_fields(self) -> list[Field]:
        """Our own reply headers."""
        fields: list[Field] = [(b"x-request-id", self.id.encode())]
        if self.attempts:
            fields.append((b"x-plexus-target", self.attempt.target.name.encode()))
            fields.append((b"x-plexus-attempts", str(len(self.attempts)).encode()))
        if self.losses:
            fields.append((b"x-plexus-losses", losses_field(self.losses)))
        return fields

    def __enter__(self) -> Self:
        self._counters.active += 1
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, failure: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        self._counters.active -= 1
        try:
            if failure is not None:
                self.error = self._classify(failure)
                self._answer(self.error)
        finally:
            self._file()
        return isinstance(failure, Exception)

    def _classify(self, failure: BaseException) -> GatewayError:
        if isinstance(failure, GatewayError):
            return failure
        if isinstance(failure, asyncio.CancelledError):
            if self.sink.gone:
                return TransportError(ErrorKind.CLIENT_GONE, "The client went away.")
            return TransportError(ErrorKind.SHUTTING_DOWN, "The gateway is stopping. Try again.", retry_after=1.0)
        log.error("exchange %s failed by our own defect", self.id, exc_info=failure)
        return GatewayError(ErrorKind.INTERNAL, "The gateway failed. Its log holds the details under the request id.")

    def _answer(self, error: GatewayError) -> None:
        """Tell the client, in its own protocol: an error reply before the commit, the terminal frame after it."""
        attempts = self.attempts
        if attempts and attempts[-1].error is None:
            attempts[-1].fail(error, None)
        if self.sink.gone:
            self.status = CLIENT_CLOSED
        elif self.sink.committed:
            self.notes.append(PARTIAL)
            self.sink.write(self.codec.encode_stream_error(error, b"".join(self.passed or ())))
            self.sink.end()
        else:
            reply = self.codec.encode_error(error, self.id)
            self.status = reply.status
            self.bytes_out = len(reply.body)
            self.sink.send(reply.status, [*reply.headers, *self.reply_fields()], reply.body)

    def _file(self) -> None:
        if self.caller is None:
            self._counters.refused += 1
            return
        self._counters.exchanges += 1
        self._journal.close(self._record(self.caller))

    def _record(self, caller: Caller) -> Record:
        now = time.perf_counter_ns()
        started, first, error, question = self.started_ns, self.first_token_ns, self.error, self.question
        last = self.attempt if self.attempts else None
        headers = self.call.headers
        return Record(
            id=self.id,
            started_at=self._started_at,
            duration_us=(now - started) // 1000,
            first_token_us=None if first is None else (first - started) // 1000,
            overhead_us=max(now - started - self.waited_ns, 0) // 1000,
            key=caller.key.name,
            label=caller.label,
            client_ip=self.call.peer,
            user_agent=headers.text(b"user-agent"),
            client_request_id=headers.text(b"x-request-id") or headers.text(b"x-client-request-id"),
            protocol=self.codec.protocol,
            operation=self.codec.operation,
            model=question.model if question else "",
            stream=question.stream if question else False,
            bytes_in=len(question.body) if question else 0,
            bytes_out=self.bytes_out,
            route=self.plan.model if self.plan else None,
            provider=last.target.provider.name if last else None,
            target_model=last.target.model if last else None,
            target_protocol=last.protocol or None if last else None,
            lane=last.lane if last else None,
            reason=self.plan.reason if self.plan else None,
            losses=tuple(self.losses),
            status=self.status,
            finish=self.finish.reason.value if self.finish else None,
            error=error.kind.value if error else None,
            error_message=error.message if error else None,
            error_code=error.code if error else None,
            notes=tuple(self.notes),
            usage=self._billed(),
            attempts=tuple(attempt.record(started) for attempt in self.attempts),
        )

    def _billed(self) -> Usage | None:
        """The sum of what the providers of all attempts reported; None where none did."""
        total: Usage | None = None
        for attempt in self.attempts:
            if attempt.usage is not None:
                total = attempt.usage if total is None else add(total, attempt.usage)
        return total


PARTIAL = "partial"
"""The note of a reply that failed after its beginning had gone to the client."""
MAX_LOSSES_FIELD = 2000
_UNPRINTABLE = dict.fromkeys((*range(32), 127), "?")  # a path holds the client's own names


def losses_field(losses: list[Loss]) -> bytes:
    """``path;reason, path;reason`` for the reply header, cut at whole entries with a count of the rest."""
    written: list[str] = []
    size = 0
    for position, loss in enumerate(losses):
        entry = f"{loss.path};{loss.reason}".translate(_UNPRINTABLE)
        size += len(entry) + 2
        if size > MAX_LOSSES_FIELD:
            written.append(f"+{len(losses) - position} more")
            break
        written.append(entry)
    return ", ".join(written).encode("ascii", "replace")
