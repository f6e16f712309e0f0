"""What a caller can turn, by header or in the model's name."""

from __future__ import annotations

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import CHAT

from plexus.canonical.headers import Headers
from plexus.mock_provider.answer import UsageNumbers
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.knobs import Knobs, knobs_of


def test_a_bad_knob_is_refused_by_name() -> None:
    assert "x-mock-latency" in support.refusal_of(CHAT, support.chat(), x_mock_latency="soon")["message"]
    assert "x-mock-fault" in support.refusal_of(CHAT, support.chat(model="mock-fault-nonsense"))["message"]
    assert "x-mock-colour" in support.refusal_of(CHAT, support.chat(model="mock-chat?colour=red"))["message"]


def test_knobs_in_the_models_name() -> None:
    events = support.events_of(CHAT, support.chat(model="mock-chat?text=one+two&chunk=10"))
    assert [one["choices"][0]["delta"].get("content") for one in support.data_of(events)] == ["", "one two", None]
    assert support.reply_of(CHAT, support.chat(model="some-alias", messages=[{"role": "user", "content": "x"}]))[
        "model"
    ] == ("some-alias")
    said = support.reply_of(CHAT, support.chat("repeat me"), x_mock_model="mock-echo")
    assert (said["model"], said["choices"][0]["message"]["content"]) == ("mock-chat", "repeat me")


def test_all_knobs() -> None:
    stated = "fault=429&model=m&text=t&latency=0.5&delay=1&chunk=2&rounds=3"
    counts = "input-tokens=1&output-tokens=2&cached-tokens=3&cache-write-tokens=4&reasoning-tokens=5"
    knobs = knobs_of(Headers(), f"x?{stated}&{counts}")
    assert knobs.usage == UsageNumbers(input=1, output=2, cached=3, cache_write=4, reasoning=5)
    assert (knobs.fault, knobs.model, knobs.text) == ("429", "m", "t")
    assert (knobs.latency, knobs.delay, knobs.chunk, knobs.rounds) == (0.5, 1.0, 2, 3)
    assert knobs_of(Headers(), "x") == Knobs()


def test_the_header_wins_over_the_name() -> None:
    assert knobs_of(Headers([(b"X-Mock-Chunk", b"7")]), "x?chunk=2").chunk == 7
    assert knobs_of(Headers([(b"x-mock-fault", b"500")]), "mock-fault-429").fault == "500"


@pytest.mark.parametrize(
    "stated", ["latency=-1", "latency=601", "latency=nan", "chunk=1.5", "rounds=-1", "chunk=99999999"]
)
def test_values_out_of_range_are_refused(stated: str) -> None:
    with pytest.raises(Refused, match=stated.partition("=")[0]):
        knobs_of(Headers(), f"x?{stated}")
