from __future__ import annotations

import pytest

from plexus.canonical.usage import usage
from plexus.protocols.openai_responses.usage import decode_usage, encode_usage

WIRE = (
    b'{"input_tokens":10,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"output_tokens":7,'
    b'"output_tokens_details":{"reasoning_tokens":3},"total_tokens":17}'
)


def test_counts_both_ways() -> None:
    counts = decode_usage(WIRE)
    assert counts == usage(input=10, cached_input=4, cache_write_5m=2, output=7, reasoning=3, raw=WIRE.decode())
    assert counts is not None
    assert encode_usage(counts) == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 3},
        "total_tokens": 17,
    }


@pytest.mark.parametrize("raw", [b"null", b"{}", b"[]", b'"x"', b'{"input_tokens":"x"}', b"{"])
def test_what_is_no_usage(raw: bytes) -> None:
    assert decode_usage(raw) is None


@pytest.mark.parametrize(
    ("member", "nanos"), [(b'"cost":0.0000113', 11_300), (b'"cost_in_usd_ticks":25000', 2_500), (b'"cost":1e400', None)]
)
def test_what_a_provider_says_it_cost(member: bytes, nanos: int | None) -> None:
    counts = decode_usage(b'{"input_tokens":1,"output_tokens":1,' + member + b"}")
    assert (counts.reported_cost_nanos if counts is not None else None) == nanos
