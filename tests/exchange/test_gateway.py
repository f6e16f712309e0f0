from __future__ import annotations

from tests.builders import snapshot
from tests.exchange.parts import MemorySink, call, lab


def test_the_protocols_of_an_operation_are_those_of_its_codecs() -> None:
    gateway = lab().gateway
    assert {"openai_chat", "anthropic_messages"} <= gateway.spoken("generate")
    assert gateway.spoken("count_tokens") <= gateway.spoken("generate")
    assert "openai_chat" not in gateway.spoken("count_tokens")


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
