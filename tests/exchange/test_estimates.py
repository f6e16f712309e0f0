"""The table of who owes an estimate. ``tests/faults/test_what_is_billed.py`` has it through a whole gateway."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import SECRET, key, snapshot, target
from tests.gateway import ListJournal

from plexus.accounting.estimate import estimate_text
from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.canonical.usage import Usage
from plexus.exchange.authenticate import Caller
from plexus.exchange.call import Call, read_question
from plexus.exchange.counters import Counters
from plexus.exchange.estimates import NOTE, add_estimates, usage_of_body
from plexus.exchange.exchange import Attempt, Exchange
from plexus.protocols.registry import CODECS

BODY = b'{"model":"chat","messages":[{"role":"user","content":"Hello, how are you today?"}],"stream":%b}'


class NoSink:
    committed = False
    gone = False

    def send(self, status: int, headers: Any, body: bytes) -> None: ...
    def start(self, status: int, headers: Any) -> None: ...
    def write(self, data: bytes) -> None: ...
    def end(self) -> None: ...
    def abort(self) -> None: ...
    @property
    def full(self) -> bool:
        return False

    def when_writable(self, callback: Any) -> None: ...


async def no_body(limit: int) -> bytes:
    raise AssertionError(limit)


def exchange(*, stream: bool = False, operation: str = "generate") -> Exchange:
    protocol = "openai_chat" if operation == "generate" else "anthropic_messages"
    call = Call(
        codec=CODECS[protocol, operation],
        headers=Headers([(b"authorization", b"Bearer " + SECRET.encode())]),
        peer="127.0.0.1",
        read_body=no_body,
    )
    made = Exchange("req_1", call, NoSink(), snapshot(), ListJournal(), Counters(), 0, 0)
    made.caller = Caller(key(), None)
    made.question = read_question(call, BODY % (b"true" if stream else b"false"))
    return made


def attempt(of: Exchange, error: ErrorKind | None = None, **members: Any) -> Attempt:
    made = of.begin_attempt(target())
    for name, value in members.items():
        setattr(made, name, value)
    if error is not None:
        made.error = ProviderError(error, "It failed.") if members.get("status") else GatewayError(error, "It failed.")
    return made


K = ErrorKind
OWED = [
    # error, stream, what is known of the attempt, output tokens that are owed (None: nothing at all)
    (K.UPSTREAM_MALFORMED, False, {"status": 200, "said_bytes": 35}, 11),
    (K.UPSTREAM_CUT, False, {"status": None}, 0),
    (K.UPSTREAM_CUT, True, {"status": 200, "said_bytes": 0}, None),
    (K.UPSTREAM_CUT, True, {"status": 200, "said_bytes": 35}, 11),
    (K.FIRST_TOKEN_TIMEOUT, True, {"status": 200}, 0),
    (K.STALL_TIMEOUT, True, {"status": 200}, 0),
    (K.DEADLINE, True, {"status": 200}, 0),
    (K.DEADLINE, True, {"status": None, "sent": True}, None),
    (K.CLIENT_GONE, False, {"sent": True}, 0),
    (K.CLIENT_GONE, False, {"sent": False}, None),
    (K.SHUTTING_DOWN, True, {"sent": True, "said_bytes": 70}, 21),
    (K.RATE_LIMIT, False, {"status": 429, "sent": True}, None),
    (K.UPSTREAM_ERROR, False, {"status": 500, "sent": True}, None),
    (K.UPSTREAM_MALFORMED, False, {"status": 500, "sent": True}, None),
    (K.CONNECT_FAILED, False, {}, None),
    (K.FIRST_BYTE_TIMEOUT, True, {"sent": True}, None),
]


@pytest.mark.parametrize(("error", "stream", "known", "output"), OWED)
def test_a_failed_attempt(error: ErrorKind, stream: bool, known: dict[str, Any], output: int | None) -> None:
    of = exchange(stream=stream)
    failed = attempt(of, error, **known)
    add_estimates(of)
    assert (failed.usage.output if failed.usage is not None else None) == output
    assert (NOTE in of.notes) == (output is not None)
    if failed.usage is not None:
        assert failed.usage.estimated
        assert failed.usage.input > 0


def test_a_delivered_reply_that_broke_is_owed_whatever_broke_it() -> None:
    of = exchange(stream=True)
    of.serving = attempt(of, K.UPSTREAM_ERROR, status=200, said_bytes=350)
    add_estimates(of)
    assert of.serving.usage is not None
    assert of.serving.usage.output == estimate_text(350)


def test_what_was_delivered_counts_where_the_provider_had_told_only_the_beginning() -> None:
    of = exchange(stream=True)
    of.serving = attempt(of, K.UPSTREAM_CUT, status=200, said_bytes=350, usage=Usage(input=57, output=1, raw="{}"))
    add_estimates(of)
    assert of.serving.usage == Usage(input=57, output=101, estimated=True, raw="{}")


@pytest.mark.parametrize("complete", [True, False])
def test_what_the_provider_reported_stays(complete: bool) -> None:
    of = exchange(stream=True)
    reported = Usage(input=57, output=200)
    error = None if complete else K.UPSTREAM_CUT
    of.serving = attempt(of, error, status=200, said_bytes=350, usage=reported, complete=complete)
    add_estimates(of)
    assert of.serving.usage is reported
    assert of.notes == []


def test_a_body_that_only_the_provider_can_read_is_sized_by_its_bytes() -> None:
    of = exchange()
    body = b'{"model":"chat","messages":[{"role":"narrator","content":"Hello"}]}'
    of.question = read_question(of.call, body)
    of.serving = attempt(of, status=200)
    add_estimates(of)
    assert of.serving.usage is not None
    assert of.serving.usage.input == estimate_text(len(body))


def test_counting_costs_nothing() -> None:
    of = exchange(operation="count_tokens")
    of.serving = attempt(of, status=200)
    add_estimates(of)
    assert of.serving.usage is None


def test_a_passing_reply_is_sized_by_what_it_says_and_a_strange_one_by_its_bytes() -> None:
    codec = CODECS["openai_chat", "generate"]
    choice = b'{"index":0,"message":{"role":"assistant","content":"%b"},"finish_reason":"stop"}' % (b"x" * 350)
    plain = b'{"id":"1","model":"m","choices":[%b]}' % choice
    strange = b'{"choices":"%b"}' % (b"x" * 350)
    said, unread = (usage_of_body(exchange(), codec, body, codec.default_dialect) for body in (plain, strange))
    assert (said.output, said.estimated) == (101, True)
    assert (unread.output, unread.estimated) == (estimate_text(len(strange)), True)
