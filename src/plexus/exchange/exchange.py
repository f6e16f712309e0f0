"""The state of one call: an Exchange and its Attempts. One writer, one call; the exit files the one record.

The exit never awaits, so that a cancellation cannot interrupt the accounting.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from types import TracebackType
from typing import Self, TypeAlias

import msgspec

from plexus.canonical.embedding import EmbedRequest
from plexus.canonical.errors import ErrorKind, GatewayError, TransportError
from plexus.canonical.headers import Field
from plexus.canonical.losses import Loss, Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.reranking import RerankRequest
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage, add
from plexus.domain.record import AttemptRecord, Opening, Record
from plexus.domain.route import Target
from plexus.domain.snapshot import Snapshot
from plexus.exchange.authenticate import Caller
from plexus.exchange.call import AnyCodec, Call, Question
from plexus.exchange.counters import Counters
from plexus.exchange.estimates import add_estimates
from plexus.exchange.ports import Journal, Sink
from plexus.exchange.turns.recall import Recall
from plexus.protocols.codec import Inbound
from plexus.protocols.envelope import Envelope
from plexus.routing.lane import Lane
from plexus.routing.plan import Plan
from plexus.routing.verdict import Verdict

log = logging.getLogger(__name__)

CLIENT_CLOSED = 499
"""The status of a call whose client went away, in records only (nginx's word for it)."""


def new_id() -> str:
    """``req_`` and 32 hex digits that sort by time: 48 bits of milliseconds, 80 of chance (as RFC 9562 UUIDv7 does)."""
    return f"req_{time.time_ns() // 1_000_000:012x}{random.getrandbits(80):020x}"


Asked: TypeAlias = GenerateRequest | EmbedRequest | RerankRequest
"""A client's request in the hub's terms."""


class Attempt(msgspec.Struct, eq=False):
    """One try of one target. Times are of ``time.perf_counter_ns``."""

    number: int
    target: Target
    started_ns: int
    protocol: str = ""
    lane: Lane = "pass"
    losses: tuple[Loss, ...] = ()
    ended_ns: int | None = None
    first_token_ns: int | None = None
    status: int | None = None
    error: GatewayError | None = None
    upstream_request_id: str | None = None
    usage: Usage | None = None
    verdict: Verdict | None = None
    sent: bool = False
    """The whole request went out."""
    said_bytes: int = 0
    """Of the reply's text, reasoning and arguments, as far as they came: roughly, for an estimate."""
    complete: bool = False
    """The reply came to its proper end."""

    def mark_sent(self) -> None:
        """The whole request went out."""
        self.sent = True

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


class Exchange(msgspec.Struct, eq=False):
    """One client call and its reply. A context manager: leaving it answers a failure and files the record."""

    id: str
    call: Call
    sink: Sink
    snapshot: Snapshot
    journal: Journal
    counters: Counters
    started_ns: int
    """``time.perf_counter_ns``."""
    started_at: int
    """Microseconds since the epoch."""
    caller: Caller | None = None
    question: Question | None = None
    plan: Plan | None = None
    recall: Recall | None = None
    """What a call of the Responses API goes on from, where that is looked after."""
    asked: Envelope | None = None
    """The body as the last attempt got it, earlier turns included; None before the first."""
    canonical: Asked | None = None
    """``asked``, decoded once for all attempts that translate the same."""
    attempts: list[Attempt] = []
    serving: Attempt | None = None
    losses: Losses = msgspec.field(default_factory=Losses)
    notes: list[str] = []
    finish: Finish | None = None
    error: GatewayError | None = None
    status: int = 0
    bytes_out: int = 0
    passed: list[bytes] | None = None
    """What the client has got of a stream, where its protocol's terminal frame repeats that."""
    passes_as_it_is: bool = False
    """The reply has begun, and has no place for words of ours (sound, text): one that fails is broken off."""
    first_token_ns: int | None = None
    waited_ns: int = 0
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

    @property
    def inbound(self) -> Inbound:
        """What is asked, earlier turns included."""
        assert self.question is not None
        inbound = self.question.inbound
        return inbound if self.asked is None else msgspec.structs.replace(inbound, envelope=self.asked)

    def begin_attempt(self, target: Target) -> Attempt:
        """Start the next attempt; the first one opens the journal's line, before any byte goes upstream."""
        attempt = Attempt(len(self.attempts) + 1, target, time.perf_counter_ns())
        self.attempts.append(attempt)
        if attempt.number == 1:
            self.journal.open(
                Opening(
                    id=self.id,
                    started_at=self.started_at,
                    key=self.caller.key.name if self.caller else None,
                    protocol=self.codec.protocol,
                    operation=self.codec.operation,
                    model=self.question.model if self.question else "",
                    target=target.name,
                    bytes_in=self.question.size if self.question else 0,
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
        self.counters.active += 1
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, failure: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        self.counters.active -= 1
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
        elif self.sink.committed and self.passes_as_it_is:
            self.notes.append(PARTIAL)
            self.sink.abort()
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
            self.counters.refused += 1
            return
        self.counters.exchanges += 1
        add_estimates(self)
        self.journal.close(self._record(self.caller))

    def _record(self, caller: Caller) -> Record:
        now = time.perf_counter_ns()
        started, first, error, question = self.started_ns, self.first_token_ns, self.error, self.question
        last = self.attempt if self.attempts else None
        headers = self.call.headers
        return Record(
            id=self.id,
            started_at=self.started_at,
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
            bytes_in=question.size if question else 0,
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
