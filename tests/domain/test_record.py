from __future__ import annotations

from typing import Any

import msgspec
import pytest

from plexus.canonical.losses import Loss
from plexus.canonical.usage import usage
from plexus.domain.record import AttemptRecord, Opening, Record


def record(**members: Any) -> Record:
    return Record(id="r", started_at=1, protocol="openai_chat", operation="generate", model="m", **members)


@pytest.mark.parametrize(
    ("members", "speed"),
    [
        ({"duration_us": 3_000_000, "first_token_us": 1_000_000, "usage": usage(output=50), "stream": True}, 25.0),
        ({"duration_us": 3_000_000, "first_token_us": 1_000_000, "usage": usage(output=50), "stream": False}, None),
        ({"duration_us": 3_000_000, "first_token_us": 1_000_000, "stream": True}, None),
        ({"duration_us": 3_000_000, "usage": usage(output=50), "stream": True}, None),
        ({"duration_us": 5, "first_token_us": 5, "usage": usage(output=50), "stream": True}, None),
        ({"duration_us": 4, "first_token_us": 5, "usage": usage(output=50), "stream": True}, None),
        ({"duration_us": 3_000_000, "first_token_us": 1_000_000, "usage": usage(), "stream": True}, 0.0),
    ],
)
def test_how_fast_a_stream_came(members: dict[str, Any], speed: float | None) -> None:
    assert record(**members).tokens_per_second == speed


def test_a_line_of_the_journal_says_which_it_is() -> None:
    opening = Opening(
        id="r", started_at=1, key="k", protocol="openai_chat", operation="generate", model="m", target="p/x"
    )
    attempt = AttemptRecord(number=1, provider="p", model="x", protocol="openai_chat", lane="pass", started_us=2)
    closing = record(losses=(Loss("seed", "unsupported"),), attempts=(attempt,), usage=usage(input=1, raw="{}"))
    lines = [msgspec.json.encode(each) for each in (opening, closing)]
    decoder = msgspec.json.Decoder(Opening | Record)
    assert [decoder.decode(line) for line in lines] == [opening, closing]
    assert b'"type":"open"' in lines[0]
    assert b"error" not in lines[1], "what is nothing is not written"
