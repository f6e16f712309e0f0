from __future__ import annotations

from tests.builders import snapshot
from tests.exchange.parts import MemorySink, call, lab


def test_an_exchange_pins_the_snapshot_of_its_beginning() -> None:
    bench = lab()
    first = bench.gateway.open_exchange(call(), MemorySink())
    later = snapshot()
    bench.gateway.snapshot = lambda: later
    assert first.snapshot is not later
    assert bench.gateway.open_exchange(call(), MemorySink()).snapshot is later


def test_each_exchange_has_its_own_state() -> None:
    bench = lab()
    one, other = (bench.gateway.open_exchange(call(), MemorySink()) for _ in range(2))
    one.notes.append("mine")
    one.losses.add("x", "foreign")
    assert (other.notes, list(other.losses), other.attempts) == ([], [], [])
    assert one.id != other.id
    assert one.started_ns <= other.started_ns
