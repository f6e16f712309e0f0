"""Counts: what came from the cache stands beside the input."""

from __future__ import annotations

import json

from plexus.protocols.bedrock_converse.usage import decode_usage


def test_the_cache_counts_as_input() -> None:
    wire = {"inputTokens": 12, "outputTokens": 7, "cacheReadInputTokens": 1000, "cacheWriteInputTokens": 30}
    counts = decode_usage(json.dumps(wire).encode())
    assert counts is not None
    assert (counts.input, counts.cached_input, counts.cache_write_5m, counts.output) == (1042, 1000, 30, 7)
    assert json.loads(counts.raw or "") == wire


def test_writes_by_lifetime() -> None:
    details = [{"ttl": "5m", "inputTokens": 10}, {"ttl": "1h", "inputTokens": 20}]
    counts = decode_usage(json.dumps({"inputTokens": 1, "outputTokens": 1, "cacheDetails": details}).encode())
    assert counts is not None
    assert (counts.input, counts.cache_write_5m, counts.cache_write_1h) == (31, 10, 20)


def test_what_is_no_usage() -> None:
    assert decode_usage(b"{}") is None
    assert decode_usage(b"[") is None
    assert decode_usage(b'{"inputTokens":"x"}') is None
