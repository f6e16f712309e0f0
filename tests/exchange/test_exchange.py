from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import key, target
from tests.exchange.parts import MemorySink, call, lab

from plexus.canonical.errors import ErrorKind, ProviderError, TransportError
from plexus.canonical.losses import Loss
from plexus.canonical.usage import Usage
from plexus.exchange.authenticate import Caller
from plexus.exchange.exchange import MAX_LOSSES_FIELD, Exchange, losses_field, new_id


def exchange(sink: MemorySink | None = None, *, known: bool = True, **headers: str) -> Exchange:
    made = lab().gateway.open_exchange(call(**headers), sink or MemorySink())
    made.caller = Caller(key(), "team-a") if known else None
    return made


def test_ids_are_unique_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(re.fullmatch(r"req_[0-9a-f]{32}", each) for each in ids)
    assert [each[:16] for each in ids] == sorted(each[:16] for each in ids)


@pytest.mark.parametrize(
    ("wish", "of_key", "strict"),
    [
        (None, False, False),
        (None, True, True),
        ("true", False, True),
        (" TRUE ", False, True),
        ("1", False, True),
        ("false", True, False),
        ("", True, False),
    ],
)
def test_the_call_wins_over_the_key_in_strictness(wish: str | None, of_key: bool, strict: bool) -> None:
    made = exchange() if wish is None else exchange(x_plexus_strict=wish)
    made.caller = Caller(key(strict=of_key), None)
    assert made.strict == strict


def test_an_exchange_opens_the_journal_once_however_many_attempts() -> None:
    made = exchange()
    journal: Any = made.journal
    assert [made.begin_attempt(target()).number for _ in range(3)] == [1, 2, 3]
    assert len(journal.openings) == 1


def test_the_bill_is_the_sum_of_all_attempts() -> None:
    made = exchange()
    with made:
        for usage in (Usage(input=5, output=1), None, Usage(input=7, output=2)):
            attempt = made.begin_attempt(target())
            attempt.usage = usage
            attempt.fail(TransportError(ErrorKind.RESET, "reset"), None)
    journal: Any = made.journal
    (record,) = journal.records
    assert (record.usage.input, record.usage.output, record.usage.raw) == (12, 3, None)
    assert record.label == "team-a"
    assert [attempt.unknown for attempt in record.attempts] == [True] * 3, "it may have worked, and billed"


def test_a_failure_before_the_commit_is_a_reply_after_it_a_frame() -> None:
    early, late = MemorySink(), MemorySink()
    with exchange(early):
        raise ProviderError(ErrorKind.OVERLOADED, "busy", status=529)
    assert (early.status, early.ended, b'"overloaded"' in early.body) == (503, True, True)
    with exchange(late) as made:
        late.start(200, [])
        made.status = 200
        late.write(b"data: {}\n\n")
        raise ProviderError(ErrorKind.OVERLOADED, "busy", status=529)
    assert late.body.startswith(b'data: {}\n\ndata: {"error"')
    assert late.ended
    assert made.notes == ["partial"]


def test_an_unknown_caller_leaves_no_record_but_is_counted() -> None:
    made = exchange(known=False)
    with made:
        raise ProviderError(ErrorKind.OVERLOADED, "busy")
    journal: Any = made.journal
    assert journal.records == []
    assert (made.counters.refused, made.counters.exchanges, made.counters.active) == (1, 0, 0)


def test_losses_are_told_as_path_and_reason() -> None:
    assert losses_field([Loss("tools[0].x", "foreign"), Loss("seed", "unsupported")]) == (
        b"tools[0].x;foreign, seed;unsupported"
    )


@given(st.lists(st.builds(Loss, st.text(max_size=300), st.just("foreign")), max_size=60))
def test_a_client_s_names_never_break_out_of_the_header(losses: list[Loss]) -> None:
    field = losses_field(losses)
    assert len(field) <= MAX_LOSSES_FIELD + len(b", +60 more")
    assert not set(field) & {0, 10, 13, 127}
    assert field.isascii()


def test_losses_that_do_not_fit_are_counted() -> None:
    field = losses_field([Loss("x" * 500, "foreign")] * 9)
    assert field.endswith(b", +6 more")
